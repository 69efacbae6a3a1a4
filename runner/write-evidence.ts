import { open, readdir } from "node:fs/promises";
import { join, relative } from "node:path";
import { codeOf, messageOf } from "../lib/errors";
import { junitXml } from "../lib/junit";
import { reportHtml } from "../lib/report";
import { sanitizeLine } from "../lib/sanitize";
import type { RunResult, TestCase } from "../lib/run-result";
import { writeWhole } from "./evidence-folder";

const tailBytes = 64 * 1024;
const tailLines = 100;

async function logTail(path: string): Promise<string[]> {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    const start = Math.max(0, size - tailBytes);
    const buffer = Buffer.alloc(size - start);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, start);
    const lines = buffer.subarray(0, bytesRead).toString("latin1").trimEnd().split("\n");
    return lines.slice(-tailLines).map((line) => sanitizeLine(Buffer.from(line, "latin1")));
  } finally {
    await file.close();
  }
}

async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort()
    .slice(0, 500);
}

/** What is not the tests' own doing, or is that there are none, is a failed case too, so that whoever reads only JUnit sees it. */
function withVerdict({ verdict, reason, message, cases }: RunResult): readonly TestCase[] {
  const isInCases = verdict === "pass" || (verdict === "fail" && reason !== "no-tests");
  if (isInCases) return cases;
  return [...cases, { suite: "kmvm", name: `${verdict}: ${reason}`, outcome: "failed", message }];
}

/**
 * Writes the files about a result, each as a whole or not at all.
 * @returns what could not be written, and why
 */
export async function writeEvidence(folder: string, result: RunResult): Promise<string[]> {
  const problems: string[] = [];
  const write = async (name: string, content: () => string | Promise<string>) => {
    try {
      await writeWhole(join(folder, name), await content());
    } catch (error) {
      const why = codeOf(error) === "ENOSPC" ? "the disk of this host is full" : messageOf(error);
      problems.push(`${name} could not be written: ${why}`);
    }
  };
  const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
  await write("junit.xml", () => junitXml(withVerdict(result)));
  await write("timings.json", () => json({ spans: result.spans }));
  await write("report.html", async () => {
    const tail = await logTail(join(folder, "test.log")).catch(() => []);
    const files = [...new Set([...(await filesOf(folder)), "result.json"])].filter((file) => file !== "report.html");
    return reportHtml({ result, logTail: tail, files });
  });
  // Last: whoever waits for it finds the others there.
  await write("result.json", () => json({ ...result, warnings: [...result.warnings, ...problems] }));
  return problems;
}
