import { kmvmHome, repositoryRoot } from "../lib/paths";
import {
  isSettingKey,
  settingDefinitions,
  settingKeys,
  type SettingDefinition,
  type SettingKey,
} from "../stacks/setting-definitions";
import { terminal, type Terminal } from "./terminal";

/** What every verb works with: read once, at the start. */
export interface CliContext {
  readonly root: string;
  readonly home: string;
  /** The user's environment as it was. Settings are read from it; child processes get `process.env`, without secrets. */
  readonly environment: NodeJS.ProcessEnv;
  readonly terminal: Terminal;
}

const variablesOf = (keys: readonly SettingKey[]): string[] =>
  keys.map((key): SettingDefinition => settingDefinitions[key]).flatMap(({ variable }) => variable ?? []);

const secretVariables = variablesOf(settingKeys.filter((key) => "secret" in settingDefinitions[key]));

/**
 * For a command whose flags ask for this configuration. A flag is meant for the command, a variable may be there for
 * something else, as general as some of the names are: the variables of what flags give are left out.
 */
export function flagsFirst(context: CliContext, configuration: Readonly<Record<string, unknown>>): CliContext {
  const given = Object.keys(configuration).filter(isSettingKey);
  const hidden = variablesOf(given.includes("directories") ? [...given, "location"] : given);
  const environment = Object.entries(context.environment).filter(([name]) => !hidden.includes(name));
  return { ...context, environment: Object.fromEntries(environment) };
}

/** Takes the secrets out of this process's environment, so that no child inherits them. */
export function openContext(): CliContext {
  const environment = { ...process.env };
  // eslint-disable-next-line @typescript-eslint/no-dynamic-delete
  for (const name of secretVariables) delete process.env[name];
  return { root: repositoryRoot(), home: kmvmHome(environment), environment, terminal: terminal() };
}
