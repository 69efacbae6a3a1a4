import { kmvmHome, repositoryRoot } from "../lib/paths";
import { settingDefinitions, settingKeys, type SettingDefinition } from "../stacks/setting-definitions";
import { terminal, type Terminal } from "./terminal";

/** What every verb works with: read once, at the start. */
export interface CliContext {
  readonly root: string;
  readonly home: string;
  /** The user's environment as it was. Settings are read from it; child processes get `process.env`, without secrets. */
  readonly environment: NodeJS.ProcessEnv;
  readonly terminal: Terminal;
}

const secretVariables = settingKeys
  .map((key): SettingDefinition => settingDefinitions[key])
  .filter((definition) => definition.secret)
  .flatMap(({ variable }) => variable ?? []);

/** Takes the secrets out of this process's environment, so that no child inherits them. */
export function openContext(): CliContext {
  const environment = { ...process.env };
  // eslint-disable-next-line @typescript-eslint/no-dynamic-delete
  for (const name of secretVariables) delete process.env[name];
  return { root: repositoryRoot(), home: kmvmHome(environment), environment, terminal: terminal() };
}
