import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Context } from "../../../plugin/resource";
import { running } from "./running";
import type { CommandInputs } from "./inputs";
import { Tail } from "./tail";

export interface Output {
  /** Without its last line end. */
  readonly stdout: string;
  readonly stderr: string;
}

/** Of a failed command's output this much is told, in characters. */
const toldOutput = 16_384;

function environmentOf(inputs: CommandInputs, previous: Partial<Output>): NodeJS.ProcessEnv {
  const passOn = inputs.addPreviousOutputInEnv ?? true;
  return {
    ...process.env,
    ...inputs.environment,
    ...(passOn && previous.stdout ? { PULUMI_COMMAND_STDOUT: previous.stdout } : {}),
    ...(passOn && previous.stderr ? { PULUMI_COMMAND_STDERR: previous.stderr } : {}),
  };
}

/**
 * Runs a command to its end.
 * @param previous outputs of the last run
 * @throws with how it ended, the command's text and the end of its output
 */
export async function runCommand(
  command: string,
  inputs: CommandInputs,
  previous: Partial<Output>,
  context: Context,
): Promise<Output> {
  const [program = "/bin/sh", ...first] = inputs.interpreter?.length ? inputs.interpreter : ["/bin/sh", "-c"];
  const shown = inputs.logging ?? "stdoutAndStderr";
  const told = new Tail(toldOutput);
  const child = spawn(program, [...first, command], {
    cwd: inputs.dir,
    env: environmentOf(inputs, previous),
    stdio: ["pipe", "pipe", "pipe"],
  });
  const collect = (name: "stdout" | "stderr"): (() => string) => {
    const chunks: Buffer[] = [];
    child[name].on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      told.push(chunk);
    });
    if (shown === name || shown === "stdoutAndStderr")
      createInterface({ input: child[name], crlfDelay: Infinity }).on("line", (line) => {
        context.status(line);
      });
    return () => Buffer.concat(chunks).toString("utf8").replace(/\n$/, "");
  };
  const stdout = collect("stdout");
  const stderr = collect("stderr");
  // A command that does not read its input to the end closes it: that is its affair.
  child.stdin.on("error", () => undefined);
  child.stdin.end(inputs.stdin ?? "");

  const ended = new Promise<string | undefined>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      resolve(code === 0 ? undefined : signal ? `signal: ${signal}` : `exit status ${code ?? "unknown"}`);
    });
  });
  const problem = await running(ended.catch((error: unknown) => String(error)));
  if (problem !== undefined) throw new Error(`${problem}: running ${JSON.stringify(command)}:\n${told.text()}`);
  return { stdout: stdout(), stderr: stderr() };
}
