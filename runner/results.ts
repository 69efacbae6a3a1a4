import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { messageOf } from "../lib/errors";
import { parseSteps } from "../lib/guest-status";
import { parseJunit } from "../lib/junit";
import type { Target } from "../lib/run-request";
import type { Step, TestCase } from "../lib/run-result";
import { parseTap } from "../lib/tap";
import { makeCase, mostCases } from "../lib/test-cases";

const mebibyte = 1024 * 1024;
const largestResultFile = 8 * mebibyte;

async function textOf(path: string, limit = largestResultFile): Promise<string> {
  const { size } = await stat(path);
  if (size > limit) throw new Error(`it has ${size} bytes, ${limit} are read at most`);
  return readFile(path, "utf8");
}

/** Steps as the guest recorded them; none where it could not be asked. */
export async function readSteps(folder: string): Promise<Step[]> {
  try {
    return parseSteps(await textOf(join(folder, "run", "steps.jsonl")));
  } catch {
    return [];
  }
}

export interface FoundCases {
  readonly cases: TestCase[];
  readonly hasResultFiles: boolean;
  /** Directories that left result files without a single test in them. */
  readonly withoutTests: string[];
  readonly warnings: string[];
}

const parsers: Readonly<Record<string, (text: string, suite: string) => TestCase[]>> = {
  xml: parseJunit,
  tap: parseTap,
};

/** Cases from the result files; results/<n>-<name>/ is of the n-th directory. */
export async function readCases(
  folder: string,
  files: readonly string[],
  directories: readonly string[],
): Promise<FoundCases> {
  const cases: TestCase[] = [];
  const warnings: string[] = [];
  /** Directories that left result files, and how many tests are in them. */
  const counts = new Map<string, number>();
  for (const file of [...files].sort()) {
    const match = /^run\/results\/(\d+)-[^/]+\/.*\.(xml|tap)$/.exec(file);
    const parse = parsers[match?.[2] ?? ""];
    if (!match || !parse || cases.length >= mostCases) continue;
    const directory = directories[Number(match[1]) - 1] ?? "unknown directory";
    try {
      const own = parse(await textOf(join(folder, file)), directory);
      cases.push(...own);
      counts.set(directory, (counts.get(directory) ?? 0) + own.length);
    } catch (error) {
      warnings.push(`${file} is no result file that can be read: ${messageOf(error)}`);
    }
  }
  // Beyond the limit nothing is read: that no test was found says nothing then.
  const empty = [...counts].filter(([, count]) => count === 0).map(([directory]) => directory);
  const withoutTests = cases.length >= mostCases ? [] : empty;
  return { cases, hasResultFiles: counts.size > 0, withoutTests, warnings };
}

function caseOfStep({ directory = ".", startedAt, endedAt, exitCode }: Step, target: Target): TestCase {
  return makeCase({
    suite: directory,
    name: `make ${target}`,
    outcome: exitCode === 0 ? "passed" : "failed",
    ...(endedAt === undefined ? {} : { seconds: (endedAt - startedAt) / 1000 }),
    message: exitCode === 0 ? "" : exitCode === undefined ? "did not end" : `exit code ${exitCode}`,
  });
}

/**
 * Cases for what result files do not tell: a directory that has none is one case, and so is one whose make failed
 * although no case of it did. One whose make passed, and whose result files hold no test, is none.
 */
export function casesOfSteps(
  steps: readonly Step[],
  target: Target,
  { cases, withoutTests }: Pick<FoundCases, "cases" | "withoutTests">,
): TestCase[] {
  const isOf = (directory: string) => (one: TestCase) =>
    one.suite === directory || one.suite.startsWith(`${directory}: `);
  return steps
    .filter((step) => step.name === "test")
    .filter(({ directory = ".", exitCode }) => {
      const own = cases.filter(isOf(directory));
      return (
        (own.length === 0 && !withoutTests.includes(directory)) ||
        (exitCode !== 0 && !own.some((one) => one.outcome === "failed"))
      );
    })
    .map((step) => caseOfStep(step, target));
}
