import { createInterface } from "node:readline";
import { execa } from "execa";
import type { Lab } from "./scenario";

export interface Timed {
  readonly exitCode: number;
  /** Seconds from the start of the command. */
  readonly seconds: number;
  /** Seconds from the start to the first line that matched, by name of the pattern. */
  readonly at: Readonly<Record<string, number>>;
  readonly output: string;
}

/**
 * Runs a command of the checkout and notes when lines appear in what it shows.
 * @param onStart is told the process id
 * @throws when the exit code is another than `expected`
 */
export async function timed(
  lab: Lab,
  argv: readonly [string, ...string[]],
  options: {
    patterns?: Record<string, RegExp>;
    expected?: number;
    onStart?: (pid: number) => void;
    home?: string;
  } = {},
): Promise<Timed> {
  const { patterns = {}, expected = 0, onStart } = options;
  const [program, ...args] = argv;
  const started = performance.now();
  const child = execa(program, args, {
    cwd: lab.root,
    env: { KMVM_HOME: options.home ?? lab.home },
    stdin: "ignore",
    all: true,
    buffer: false,
    reject: false,
  });
  if (child.pid !== undefined) onStart?.(child.pid);
  const at: Record<string, number> = {};
  const lines: string[] = [];
  const reader = createInterface({ input: child.all });
  reader.on("line", (line) => {
    if (lines.push(line) > 200) lines.shift();
    for (const [name, pattern] of Object.entries(patterns))
      if (at[name] === undefined && pattern.test(line)) at[name] = (performance.now() - started) / 1000;
  });
  const { exitCode } = await child;
  const seconds = (performance.now() - started) / 1000;
  const output = lines.join("\n");
  if (exitCode !== expected) throw new Error(`${argv.join(" ")} ended with ${String(exitCode)}:\n${output}`);
  return { exitCode, seconds, at, output };
}
