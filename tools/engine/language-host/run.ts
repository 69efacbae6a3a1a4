import { spawn, type ChildProcess } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";

/** What the engine wants to be run, in plain terms. */
export interface ProgramRun {
  readonly engineAddress: string;
  readonly monitorAddress: string;
  readonly organization: string;
  readonly project: string;
  readonly stack: string;
  readonly rootDirectory: string;
  readonly programDirectory: string;
  /** Relative to the program's directory. */
  readonly entryPoint: string;
  readonly arguments: readonly string[];
  readonly dryRun: boolean;
  readonly parallel: number;
  /** `<namespace>:<key>` -> value, secrets in clear: the SDK takes them from the environment only. */
  readonly config: Readonly<Record<string, string>>;
  readonly configSecretKeys: readonly string[];
  /** `runtime.options` of Pulumi.yaml. */
  readonly options: Readonly<Record<string, unknown>>;
}

export type ProgramEnd =
  | { readonly kind: "success" }
  /** The program has shown its error itself; nothing is to be added. */
  | { readonly kind: "shown" }
  | { readonly kind: "failure"; readonly message: string };

/** nodeJSProcessExitedAfterLoggingUserActionableMessage of @pulumi/pulumi/cmd/run. */
const exitCodeAfterShownError = 32;

/** Arguments of node for a run: those of the SDK's cmd/run, see its usage(). Pure. */
export function nodeArguments(run: ProgramRun, runner: string): string[] {
  const { nodeargs } = run.options;
  const flags: Record<string, string> = {
    monitor: run.monitorAddress,
    engine: run.engineAddress,
    organization: run.organization,
    project: run.project,
    "root-directory": run.rootDirectory,
    stack: run.stack,
    pwd: run.programDirectory,
    parallel: String(run.parallel),
  };
  return [
    ...(typeof nodeargs === "string" ? nodeargs.split(/\s+/).filter(Boolean) : []),
    runner,
    ...Object.entries(flags).flatMap(([name, value]) => (value === "" ? [] : [`--${name}`, value])),
    ...(run.dryRun ? ["--dry-run"] : []),
    run.entryPoint || ".",
    ...run.arguments,
  ];
}

/** What the SDK reads from the environment. Pure. */
export function programEnvironment(run: ProgramRun, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return {
    ...env,
    PULUMI_CONFIG: JSON.stringify(run.config),
    PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(run.configSecretKeys),
    // The SDK compiles TypeScript by itself unless it is told not to.
    ...(run.options["typescript"] === false ? {} : { PULUMI_NODEJS_TYPESCRIPT: "true" }),
  };
}

/** How a program ended. Pure. */
export function programEnd(code: number | null, signal: NodeJS.Signals | null): ProgramEnd {
  if (code === 0) return { kind: "success" };
  if (code === exitCodeAfterShownError) return { kind: "shown" };
  const how = signal ? `was ended by ${signal}` : `exited with non-zero exit code: ${code ?? "unknown"}`;
  return { kind: "failure", message: `Program ${how}` };
}

const programs = new Set<ChildProcess>();

/** Runs a program to its end; its output is this process's, which the engine shows. */
export function runProgram(run: ProgramRun): Promise<ProgramEnd> {
  // The SDK is the program's own.
  const runner = createRequire(join(run.programDirectory, "program.js")).resolve("@pulumi/pulumi/cmd/run");
  return new Promise((resolve, reject) => {
    const program = spawn(process.execPath, nodeArguments(run, runner), {
      cwd: run.programDirectory,
      env: programEnvironment(run, process.env),
      stdio: ["ignore", "inherit", "inherit"],
    });
    programs.add(program);
    program.on("error", reject);
    program.on("close", (code, signal) => {
      programs.delete(program);
      resolve(programEnd(code, signal));
    });
  });
}

export function signalPrograms(signal: NodeJS.Signals): void {
  for (const program of programs) program.kill(signal);
}
