import { UserError } from "../lib/errors";
import { parseStackName, type StackName } from "../stacks/name";
import { parsedSettings, settingsOf } from "../stacks/program";
import { sealed, type Configuration } from "../stacks/setting-sources";
import type { BackendName, Settings } from "../stacks/settings";
import { stackSubject, type Subject } from "../stacks/subject";
import type { CliContext } from "./context";
import { readConfiguration } from "./workspace";

/** The engine's configuration holds texts, and what it keeps to itself. */
export function asTexts(configuration: Record<string, unknown>): Configuration {
  return Object.fromEntries(
    Object.entries(configuration).map(([key, value]) => [
      key,
      typeof value === "string" || value === sealed ? value : JSON.stringify(value),
    ]),
  );
}

/**
 * The settings that a stack of this name and configuration has, before anything of it exists.
 * @throws UserError with every problem of the name and of the settings together
 */
export async function checkedSettings(
  context: CliContext,
  stackName: string,
  configuration: Record<string, unknown>,
  subject: Subject = stackSubject({ full: stackName }),
): Promise<{ stack: StackName; settings: Settings }> {
  const failures: UserError[] = [];
  const attempt = async <T>(work: () => T | Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      failures.push(error);
      return undefined;
    }
  };
  const stack = await attempt(() => parseStackName(stackName));
  // A wrong name is no reason to keep the other mistakes for the next time.
  const stackLike: StackName = stack ?? { full: stackName, kind: "test", profile: "dev", id: "x" };
  const settings = await attempt(() => settingsOf(stackLike, asTexts(configuration), context.environment, subject));
  if (stack && settings) return { stack, settings };
  const [first, ...others] = failures;
  throw new UserError(
    failures.map(({ message }) => message).join("\n"),
    others.length > 0 ? "nothing was created" : first?.hint,
  );
}

/** The backend of a stack by its settings as they are now; undefined where they are wrong or it has no profile. */
export function backendOfStack(context: CliContext, stack: string): BackendName | undefined {
  try {
    const configuration = asTexts(readConfiguration(context.root, stack));
    return parsedSettings(parseStackName(stack), configuration, context.environment).settings?.backend;
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}
