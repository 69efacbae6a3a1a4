import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { loadBackend } from "../components/backends/load";
import { UserError } from "../lib/errors";
import { repositoryRoot } from "../lib/paths";
import { stateHash } from "../lib/state-hash";
import { costProblems } from "./cost";
import { parseStackName, type StackName } from "./name";
import { parseSettings, type ParsedSettings } from "./parse-settings";
import { problemsError } from "./setting-problems";
import { loadProgram } from "./registry";
import type { Configuration } from "./setting-sources";
import type { Settings } from "./settings";
import { stackSubject, type Subject } from "./subject";

/** Settings from a stack's profile, its configuration and the environment, with what is wrong with them. */
export function parsedSettings(
  stack: StackName,
  configuration: Configuration,
  environment: NodeJS.ProcessEnv,
  subject: Subject = stackSubject(stack),
): ParsedSettings {
  const root = repositoryRoot();
  return parseSettings(stack, {
    profile: readFileSync(join(root, `Pulumi.${stack.profile}.yaml`), "utf8"),
    configuration,
    environment,
    root,
    subject,
    isDirectory: (path) => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false,
  });
}

/**
 * The settings of a stack, or of whom `subject` says, held against what its backend allows as well.
 * @throws UserError with every problem
 */
export async function settingsOf(
  stack: StackName,
  configuration: Configuration,
  environment: NodeJS.ProcessEnv,
  subject: Subject = stackSubject(stack),
): Promise<Settings> {
  const { settings, problems, origin } = parsedSettings(stack, configuration, environment, subject);
  if (settings) {
    const backend = await loadBackend(settings.backend);
    const own = backend.validate(settings);
    // What a machine costs can only be told of one that can be had.
    const found = [...own, ...(own.length === 0 ? costProblems(backend, settings) : [])];
    problems.push(
      ...found.map((problem) => {
        const from = origin(problem.key);
        return from === undefined ? problem : { ...problem, from };
      }),
    );
  }
  if (!settings || problems.length > 0) throw problemsError(problems, subject);
  return settings;
}

function stackConfiguration(): Record<string, string> {
  const all = pulumi.runtime.allConfig();
  return Object.fromEntries(
    Object.entries(all)
      .filter(([key]) => key.startsWith("kmvm:"))
      .map(([key, value]) => [key.slice("kmvm:".length), value]),
  );
}

/**
 * The program of every stack: what the stack's name means, with the stack's settings. The same under the bare engine
 * and under `kmvm`.
 * @param environment where the settings' environment variables are looked up
 */
export async function program(environment: NodeJS.ProcessEnv): Promise<Record<string, pulumi.Input<unknown>>> {
  try {
    const stack = parseStackName(pulumi.getStack());
    const settings = await settingsOf(stack, stackConfiguration(), environment);
    const [declare, backend] = await Promise.all([loadProgram(stack.kind), loadBackend(settings.backend)]);
    return declare({ settings, backend, backendHash: stateHash(environment["PULUMI_BACKEND_URL"]) });
  } catch (error) {
    // The engine shows a RunError without a stack.
    if (error instanceof UserError) throw new pulumi.RunError([error.message, error.hint].filter(Boolean).join("\n"));
    throw error;
  }
}
