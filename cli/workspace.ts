import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import {
  LocalWorkspace,
  PulumiCommand,
  StackAlreadyExistsError,
  type EngineEvent,
  type Stack,
} from "@pulumi/pulumi/automation";
import { parse, stringify } from "yaml";
import { writeFileSync } from "node:fs";
import { engineEnvironment, prepareEngineState } from "../lib/engine-env";
import { UserError } from "../lib/errors";
import { checkoutFolders } from "../lib/paths";
import { identify } from "../lib/process";
import { program } from "../stacks/program";
import type { CliContext } from "./context";

/** The only file that knows the Automation API. */

export type { EngineEvent };

export const projectName = "kmvm";

/** The engine with this checkout's defaults, ready to be given stacks. */
export interface Engine {
  readonly command: PulumiCommand;
  readonly environment: Record<string, string>;
}

export async function openEngine(context: CliContext): Promise<Engine> {
  const { command, env } = engineEnvironment(context.root, context.home, context.environment);
  if (!existsSync(command)) throw new UserError("the engine is not set up", "run scripts/setup");
  prepareEngineState(context.root);
  // What inline programs and plugins read must be what the engine's own process reads.
  Object.assign(process.env, env);
  // The Automation API asks for <root>/bin/pulumi.
  return {
    command: await PulumiCommand.get({ root: join(command, "..", ".."), skipVersionCheck: true }),
    environment: env,
  };
}

/** URL of the states that the engine works on; empty where only its own settings say it. */
export function backendUrl(engine: Engine): string {
  return engine.environment["PULUMI_BACKEND_URL"] ?? process.env["PULUMI_BACKEND_URL"] ?? "";
}

const configurationFile = (root: string, stack: string) => join(root, `Pulumi.${stack}.yaml`);

/** The stack's own configuration, keys without the namespace; secrets are left out. */
export function readConfiguration(root: string, stack: string): Record<string, string> {
  const file = configurationFile(root, stack);
  if (!existsSync(file)) return {};
  const { config = {} } = (parse(readFileSync(file, "utf8")) ?? {}) as { config?: Record<string, unknown> };
  return Object.fromEntries(
    Object.entries(config).flatMap(([key, value]) => {
      if (!key.startsWith("kmvm:") || (value !== null && typeof value === "object" && "secure" in value)) return [];
      return [[key.slice("kmvm:".length), typeof value === "string" ? value : JSON.stringify(value)]];
    }),
  );
}

/** Adds settings to the stack's configuration; the engine's own keys in the file stay. */
export function writeConfiguration(root: string, stack: string, settings: Record<string, unknown>): void {
  const file = configurationFile(root, stack);
  const existing = existsSync(file) ? ((parse(readFileSync(file, "utf8")) ?? {}) as Record<string, unknown>) : {};
  const config = { ...(existing["config"] as Record<string, unknown> | undefined) };
  for (const [key, value] of Object.entries(settings)) config[`kmvm:${key}`] = value;
  // In one step: a command that is killed here leaves the old file or the new one.
  const folder = checkoutFolders.temporary(root);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const temporary = join(folder, `configuration-${process.pid}-${identify(process.pid)?.startTime ?? 0}-${stack}.yaml`);
  writeFileSync(temporary, stringify({ ...existing, config }));
  renameSync(temporary, file);
}

export function removeConfiguration(root: string, stack: string): void {
  rmSync(configurationFile(root, stack), { force: true });
}

const inlineProgram = (context: CliContext, stackName: string) => ({
  stackName,
  projectName,
  program: () => program({ ...context.environment, ...process.env }),
});

const options = (context: CliContext, engine: Engine) => ({
  workDir: context.root,
  pulumiCommand: engine.command,
  envVars: engine.environment,
});

/** @param mode `create` also takes a stack that is there already */
export async function openStack(
  context: CliContext,
  engine: Engine,
  name: string,
  mode: "create" | "select",
): Promise<Stack> {
  const args = inlineProgram(context, name);
  const select = () => LocalWorkspace.selectStack(args, options(context, engine));
  if (mode === "select") return select();
  try {
    // createOrSelectStack would ask first, which is one start of the engine for what is hardly ever there.
    return await LocalWorkspace.createStack(args, options(context, engine));
  } catch (error) {
    if (error instanceof StackAlreadyExistsError) return select();
    throw error;
  }
}
