import type { ImageVersions } from "../components/backends/facets";
import { ExitCode, messageOf, UserError } from "../lib/errors";
import { chooseBackend, type BackendFlags } from "./chosen-backend";
import type { Settings } from "../stacks/settings";
import type { CliContext } from "./context";
import { engineView } from "./engine-view";
import { releaseDeadLocks } from "./engine-locks";
import { showExplanation } from "./explain";
import { handleInterrupts } from "./interrupt";
import { interrupted } from "./interrupted";
import { releaseLease, takeLease } from "./lease";
import { imagesOf, promotePublished, prunePublished } from "./published-images";
import { showEngineFailure } from "./report";
import { newId } from "./setting-flags";
import { checkedSettings } from "./stack-settings";
import { missingStack, readState } from "./stack-state";
import { runTest } from "./test-session";
import { openEngine, openStack, readConfiguration, writeConfiguration, type Engine } from "./workspace";

export interface PublishFlags extends BackendFlags {
  /** Versions to keep beside those in use. */
  readonly keep: number;
  /** Whether a run of tests on the candidate decides. */
  readonly test: boolean;
  readonly promote: boolean;
}

const unchanged = "the promoted version is as it was";

/**
 * Makes the version a candidate: there, and not the promoted one.
 * @param refresh whether the provider is asked what is there of what the state remembers
 * @returns undefined: that failed, and was told
 */
async function makeCandidate(
  context: CliContext,
  engine: Engine,
  settings: Settings,
  refresh: boolean,
): Promise<string | undefined> {
  const stackName = settings.stack.full;
  const view = engineView(context.terminal);
  const interrupt = handleInterrupts(
    () => undefined,
    () => undefined,
  );
  try {
    // Of a publication that was killed; what it had made is taken over or made anew.
    releaseDeadLocks(context, engine, stackName);
    const stack = await openStack(context, engine, stackName, "create");
    await stack.up({ onEvent: view.onEvent, signal: interrupt.signal, suppressOutputs: true, refresh });
  } catch (error) {
    if (interrupt.signal.aborted) throw interrupted(unchanged);
    showEngineFailure(context.terminal, view.errors, error, `the image was not published; ${unchanged}`);
    await showExplanation(context.terminal, settings, view.errors, error);
    return undefined;
  } finally {
    interrupt.dispose();
  }
  const version = await versionOf(context, engine, stackName);
  if (version === undefined) throw new Error(`stack ${stackName} does not say which version it has published`);
  return version;
}

/** The version that the stack has published, or was about to; undefined: there is no such stack, or it does not say. */
async function versionOf(context: CliContext, engine: Engine, stackName: string): Promise<string | undefined> {
  try {
    const { resources } = await readState(context, engine, stackName, "hidden");
    const version = resources.find(({ type }) => type === "kmvm:index:BaseImage")?.outputs?.["version"];
    return typeof version === "string" ? version : undefined;
  } catch (error) {
    if (missingStack.test(messageOf(error))) return undefined;
    throw error;
  }
}

/**
 * Removes what nobody needs any more. What is left is no reason to say that nothing was published.
 * @returns whether all of it is gone
 */
async function pruned(context: CliContext, images: ImageVersions, name: string, keep: number): Promise<boolean> {
  const { terminal } = context;
  try {
    for (const removed of await prunePublished(images, name, keep)) terminal.step("removed", `${name}@${removed}`);
    return true;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    terminal.warn(`old versions could not be removed: ${error.message}\nlater: kmvm image prune ${name}, then kmvm gc`);
    return false;
  }
}

/**
 * `kmvm image publish`: the image as its recipe makes it becomes a candidate; a run of tests on a machine of it decides;
 * then it is promoted, and old versions go. Whatever fails, the promoted version stays the one it was.
 */
export async function publish(context: CliContext, name: string, flags: PublishFlags): Promise<ExitCode> {
  const { root, terminal } = context;
  const chosen = await chooseBackend(context, flags);
  const images = imagesOf(chosen, "name a cloud with --backend");
  const backend = chosen.name;
  const stackName = `l0-${flags.profile}-${backend}`;
  const { settings } = await checkedSettings(context, stackName, { ...readConfiguration(root, stackName), backend });
  let outcome = unchanged;
  await takeLease(root, stackName, {
    command: `kmvm image publish ${name} --backend ${backend} --profile ${flags.profile}`,
  });
  try {
    const engine = openEngine(context);
    writeConfiguration(root, stackName, { backend });
    const find = async (version: string) => (await images.list(name)).find((one) => one.version === version);
    // Of a version that is not there the state may know parts that are not, either: pruned, or cut short and removed since.
    const before = await versionOf(context, engine, stackName);
    const refresh = before !== undefined && !(await find(before));
    const version = await makeCandidate(context, engine, settings, refresh);
    if (version === undefined) return ExitCode.Infrastructure;
    const reference = `${name}@${version}`;
    /** To be done also when the one before was cut short between the promotion and this. */
    const finish = async () => {
      const clean = !flags.promote || (await pruned(context, images, name, flags.keep));
      terminal.print(reference);
      return clean ? ExitCode.Pass : ExitCode.NotCleanedUp;
    };
    if ((await find(version))?.promoted) {
      terminal.step("image", `${reference} is promoted already`);
      return await finish();
    }
    terminal.step("image", `${reference} is a candidate`);
    if (flags.test) {
      const id = newId("candidate");
      const code = await runTest(context, `test-${flags.profile}-${id}`, { backend, image: reference, keep: "never" });
      if (code !== ExitCode.Pass) {
        terminal.line(`${reference} did not pass: ${unchanged}`);
        return code;
      }
    }
    if (!flags.promote) return await finish();
    // The answer may be lost when it is done.
    outcome = `see which version is promoted: kmvm image ls ${name} --backend ${backend}`;
    await promotePublished(images, name, version);
    terminal.step("image", `${reference} is promoted`);
    return await finish();
  } catch (error) {
    if (error instanceof UserError) terminal.line(outcome);
    throw error;
  } finally {
    releaseLease(root, stackName);
  }
}
