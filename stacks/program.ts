import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { loadBackend } from "../components/backends/registry";
import { UserError } from "../lib/errors";
import { repositoryRoot } from "../lib/paths";
import { parseStackName, type StackName } from "./name";
import { parseSettings, problemsError } from "./parse-settings";
import { loadProgram } from "./registry";
import type { Settings } from "./settings";

/** Tells states apart without saying where they are. Empty where the URL is not known. */
export function backendHash(url: string | undefined): string {
  return url ? createHash("sha256").update(url).digest("hex").slice(0, 12) : "";
}

/** The settings of a stack from its profile, its configuration and the environment. */
export async function settingsOf(
  stack: StackName,
  configuration: Record<string, string>,
  environment: NodeJS.ProcessEnv,
): Promise<Settings> {
  const root = repositoryRoot();
  const { settings, problems } = parseSettings(stack, {
    profile: readFileSync(join(root, `Pulumi.${stack.profile}.yaml`), "utf8"),
    configuration,
    environment,
    root,
    isDirectory: (path) => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false,
  });
  if (settings) problems.push(...(await loadBackend(settings.backend)).validate(settings));
  if (!settings || problems.length > 0) throw problemsError(problems, stack.full);
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
    return declare({ settings, backend, backendHash: backendHash(environment["PULUMI_BACKEND_URL"]) });
  } catch (error) {
    // The engine shows a RunError without a stack.
    if (error instanceof UserError) throw new pulumi.RunError([error.message, error.hint].filter(Boolean).join("\n"));
    throw error;
  }
}
