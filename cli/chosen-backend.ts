import { Option, type Command } from "commander";
import { loadBackend, loadFacets } from "../components/backends/load";
import type { BackendName } from "../components/backends/registry";
import type { Backend } from "../components/backends/backend";
import type { Facets } from "../components/backends/facets";
import { profiles, type Profile, type StackName } from "../stacks/name";
import { settingsOf } from "../stacks/program";
import { settingDefinitions, type SettingDefinition } from "../stacks/setting-definitions";
import { backends, type Settings } from "../stacks/settings";
import type { Subject } from "../stacks/subject";
import type { CliContext } from "./context";
import { asTexts } from "./stack-settings";

/** What the flags below give. */
export interface BackendFlags {
  readonly backend?: string;
  readonly profile: Profile;
}

/** One backend, as a profile configures it, with the powers over it. */
export interface ChosenBackend {
  readonly name: BackendName;
  /** Of a machine for a person, as the profile makes it. */
  readonly settings: Settings;
  readonly backend: Backend;
  readonly facets: Facets;
}

export const defaultProfile = (): Profile => (process.env["CI"] ? "ci" : "dev");

/** Adds --backend and --profile. @param fallback what is meant without --backend, for --help */
export function addBackendFlags(command: Command, fallback: string): Command {
  return command
    .option("--backend <name>", `one of ${backends.join(", ")} (default: ${fallback})`)
    .addOption(
      new Option("--profile <name>", "whose settings the backend has").choices(profiles).default(defaultProfile()),
    );
}

/** The settings that a profile gives a backend, which are no stack's yet. */
function profileSubject({ backend, profile }: BackendFlags): Subject {
  const file = `Pulumi.${profile}.yaml`;
  return {
    name: backend === undefined ? file : `backend ${backend}, of ${file}`,
    configuration: "flags",
    give(key) {
      const name = backends.find((one) => one === key);
      const own: SettingDefinition | undefined = name && settingDefinitions[name];
      return own?.variable === undefined ? `give another --${key}` : `set ${own.variable} to the same as JSON`;
    },
  };
}

/**
 * Settings of a machine for a person, as a profile makes it.
 * @param configuration settings beside those of the profile, each from a flag of its name
 * @throws UserError with every problem of the settings
 */
export function profileSettings(
  context: CliContext,
  flags: BackendFlags,
  configuration: Record<string, unknown> = {},
): Promise<Settings> {
  const { backend, profile } = flags;
  const stack: StackName = { full: `vm-${profile}-x`, kind: "vm", profile, id: "x" };
  const given = { ...(backend === undefined ? {} : { backend }), ...configuration };
  return settingsOf(stack, asTexts(given), context.environment, profileSubject(flags));
}

/** As `profileSettings`. */
export async function chooseBackend(
  context: CliContext,
  flags: BackendFlags,
  configuration: Record<string, unknown> = {},
): Promise<ChosenBackend> {
  const settings = await profileSettings(context, flags, configuration);
  const name = settings.backend;
  const [programs, facets] = await Promise.all([loadBackend(name), loadFacets(name, settings[name])]);
  return { name, settings, backend: programs, facets };
}
