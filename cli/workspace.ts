import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  LocalWorkspace,
  PulumiCommand,
  StackAlreadyExistsError,
  Stack,
  type EngineEvent,
} from "@pulumi/pulumi/automation";
import { SemVer } from "semver";
import { parse, stringify } from "yaml";
import { engineEnvironment, engineVersion, prepareEngineState } from "../lib/engine-env";
import { UserError } from "../lib/errors";
import { checkoutFolders } from "../lib/paths";
import { identify } from "../lib/process";
import { program } from "../stacks/program";
import { sealed, type Configuration } from "../stacks/setting-sources";
import { listen } from "../plugin/server";
import { kmvmPlugin } from "../provider/plugin";
import type { CliContext } from "./context";
import { stateFiles } from "./state-files";

/** The only file that knows the Automation API. */

export type { EngineEvent, Stack };

export const projectName = "kmvm";

/** The engine with this checkout's defaults, ready to be given stacks. */
export interface Engine {
  readonly command: PulumiCommand;
  readonly environment: Record<string, string>;
}

/**
 * The engine as the Automation API wants it, without asking it for its version: that costs each command a fifth of a
 * second, and scripts/setup has looked.
 */
const automationCommand = (command: string): PulumiCommand =>
  Object.assign(Object.create(PulumiCommand.prototype) as PulumiCommand, {
    command,
    version: new SemVer(engineVersion),
  });

/** @throws UserError when it has not been set up */
export function openEngine(context: CliContext): Engine {
  const { command, env } = engineEnvironment(context.root, context.home, context.environment);
  if (!existsSync(command)) throw new UserError("the engine is not set up", "run scripts/setup");
  prepareEngineState(context.root);
  // What inline programs and plugins read must be what the engine's own process reads.
  Object.assign(process.env, env);
  return { command: automationCommand(command), environment: env };
}

/** URL of the states that the engine works on; empty where only its own settings say it. */
export function backendUrl(engine: Engine): string {
  return engine.environment["PULUMI_BACKEND_URL"] ?? process.env["PULUMI_BACKEND_URL"] ?? "";
}

const configurationFile = (root: string, stack: string) => join(root, `Pulumi.${stack}.yaml`);

/** How the file holds what the engine has encrypted. */
const isSecure = (value: unknown) => value !== null && typeof value === "object" && "secure" in value;

/** The stack's own configuration, keys without the namespace. */
export function readConfiguration(root: string, stack: string): Configuration {
  const file = configurationFile(root, stack);
  if (!existsSync(file)) return {};
  const { config = {} } = (parse(readFileSync(file, "utf8")) ?? {}) as { config?: Record<string, unknown> };
  return Object.fromEntries(
    Object.entries(config).flatMap(([key, value]) => {
      if (!key.startsWith("kmvm:")) return [];
      const text = typeof value === "string" ? value : JSON.stringify(value);
      return [[key.slice("kmvm:".length), isSecure(value) ? sealed : text]];
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
  // The variables for make can be anything, a password too.
  writeFileSync(temporary, stringify({ ...existing, config }), { mode: 0o600 });
  renameSync(temporary, file);
}

export function removeConfiguration(root: string, stack: string): void {
  rmSync(configurationFile(root, stack), { force: true });
}

/** Where the engine attaches to plugins instead of starting them, `NAME:PORT,…`: an attached one must be there. */
const attachVariable = "PULUMI_DEBUG_PROVIDERS";

const options = (context: CliContext, engine: Engine) => ({
  workDir: context.root,
  pulumiCommand: engine.command,
  envVars: engine.environment,
});

/**
 * Without what the Automation API asks the engine after each operation, and nobody here reads: three starts of it after
 * an update, one after a destroy; without them the two end about 0.7 and 0.3 s earlier.
 */
const withoutQuestions = (stack: Stack): Stack =>
  Object.assign(stack, { outputs: () => Promise.resolve({}), info: () => Promise.resolve(undefined) });

/**
 * With our own resource plugin in this process, to which the engine attaches, rather than in one that it starts, which
 * takes time. Each operation has one of its own: cancelling one must not cancel the next.
 */
function withOwnPlugin(context: CliContext, stack: Stack): Stack {
  const { envVars } = stack.workspace;
  const others = envVars[attachVariable] ?? process.env[attachVariable];
  const attached =
    <A extends unknown[], R>(operate: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      const plugin = kmvmPlugin(context.root, context.home);
      const serving = await listen(plugin);
      envVars[attachVariable] = [...(others ? [others] : []), `${plugin.name}:${serving.port}`].join(",");
      try {
        return await operate(...args);
      } finally {
        await serving.stop();
      }
    };
  return Object.assign(stack, { up: attached(stack.up.bind(stack)), destroy: attached(stack.destroy.bind(stack)) });
}

async function opened(name: string, workspace: LocalWorkspace, mode: "create" | "select"): Promise<Stack> {
  if (mode === "select") return Stack.select(name, workspace);
  try {
    // createOrSelect would ask first, which is one start of the engine for what is hardly ever there.
    return await Stack.create(name, workspace);
  } catch (error) {
    if (error instanceof StackAlreadyExistsError) return Stack.select(name, workspace);
    throw error;
  }
}

/** @param mode `create` also takes a stack that is there already */
export async function openStack(
  context: CliContext,
  engine: Engine,
  name: string,
  mode: "create" | "select",
): Promise<Stack> {
  const workspace = await LocalWorkspace.create({
    ...options(context, engine),
    program: () => program({ ...context.environment, ...engine.environment }),
  });
  const files = stateFiles(backendUrl(engine), projectName);
  if (files) {
    // Without a start of the engine.
    workspace.createStack = (stack) => Promise.resolve(files.create(stack));
    workspace.selectStack = (stack) => Promise.resolve(files.select(stack));
  }
  return withOwnPlugin(context, withoutQuestions(await opened(name, workspace, mode)));
}
