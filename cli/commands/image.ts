import { Argument, Command, InvalidArgumentError } from "commander";
import { buildAndPromote } from "../../provider/images/pipeline";
import { smoke } from "../../provider/images/smoke";
import { defaultKeep, prune } from "../../provider/images/prune";
import {
  imageNames,
  listVersions,
  promote,
  readPointer,
  resolveImage,
  rollback,
  type StoredVersion,
} from "../../provider/images/store";
import type { Progress } from "../../provider/images/progress";
import { warmImage } from "../../provider/images/warm";
import { UserError } from "../../lib/errors";
import { imageReference } from "../../lib/image-reference";
import { addBackendFlags, chooseBackend, defaultProfile, profileSettings, type BackendFlags } from "../chosen-backend";
import { openContext, type CliContext } from "../context";
import { imageLines } from "../image-rows";
import { handleInterrupts } from "../interrupt";
import { interrupted } from "../interrupted";
import { publish, type PublishFlags } from "../publish";
import { imagesOf, promotePublished, publishedLines, prunePublished, rollbackPublished } from "../published-images";

const defaultImage = "L0-base";

const nameArgument = () => new Argument("[name]", "name of the image").default(defaultImage);
const referenceArgument = () =>
  new Argument("[image]", "<name>: its promoted version, or <name>@<version>").default(defaultImage);

function count(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError("it is a whole number, 0 or more.");
  return Number(text);
}

interface BuildFlags {
  readonly smoke: boolean;
  readonly promote: boolean;
  readonly ifMissing?: boolean;
  readonly warm?: boolean;
  readonly keep: number;
}

/** Makes what machines of the usual size start from. */
async function makeWarm(context: CliContext, image: StoredVersion, progress: Progress): Promise<void> {
  const settings = await profileSettings(context, { profile: defaultProfile() }, { image: image.name });
  await warmImage(context.home, image, settings, { ...progress, again: true });
}

function buildCommand(): Command {
  return new Command("build")
    .summary("build a version, test it and promote it, if the recipe has changed")
    .description(
      "Builds the image of recipes/NAME.yaml as a new version, boots it, runs its own checks in it, makes it the " +
        "promoted one and removes old versions.\n" +
        "Does only what has not been done: nothing at all when the promoted version is what the recipe makes. " +
        "Whatever fails, the promoted version stays the one it was.",
    )
    .addArgument(nameArgument())
    .option("--no-smoke", "promote without booting it")
    .option("--no-promote", "build only")
    .option("--if-missing", "do nothing when any version is promoted, even of an older recipe")
    .option("--warm", "also make what machines of the usual size are cloned from; else the first one makes it")
    .option("--keep <n>", "versions to keep beside those in use", count, defaultKeep)
    .action(async (name: string, flags: BuildFlags) => {
      const context = openContext();
      const { home, root, terminal } = context;
      const log = (line: string) => {
        terminal.step("image", line);
      };
      const promoted = flags.ifMissing ? await readPointer(home, name, "promoted") : undefined;
      if (promoted !== undefined) log(`${promoted} is promoted`);
      await interruptible(async (signal) => {
        const version =
          promoted === undefined
            ? await buildAndPromote(home, root, name, { ...flags, log, signal })
            : await resolveImage(home, name);
        if (flags.warm) await makeWarm(context, version, { log, signal });
        if (promoted === undefined) terminal.print(`${name}@${version.version}`);
      });
    });
}

function lsCommand(): Command {
  return new Command("ls")
    .summary("list the versions of all images")
    .addArgument(new Argument("[name]", "with --backend: name of the image").default(defaultImage))
    .option("--json", "print them as JSON")
    .action(async (name: string, { json, ...flags }: Partial<BackendFlags> & { json?: boolean }) => {
      const context = openContext();
      const { home, terminal } = context;
      if (isElsewhere(flags)) {
        const versions = await imagesOf(await chooseBackend(context, flags)).list(name);
        if (json) terminal.print(JSON.stringify(versions, undefined, 2));
        else if (versions.length === 0) terminal.line(`${name} is not there; kmvm image publish brings it`);
        else for (const line of publishedLines(name, versions)) terminal.print(line);
        return;
      }
      const names = await imageNames(home);
      const versions = (await Promise.all(names.map((name) => listVersions(home, name)))).flat();
      if (json) terminal.print(JSON.stringify(versions.map(withoutPackages), undefined, 2));
      else if (versions.length === 0) terminal.line("there are no images; kmvm image build makes one");
      else for (const line of imageLines(versions)) terminal.print(line);
    });
}

function withoutPackages({ manifest, ...version }: Awaited<ReturnType<typeof resolveImage>>) {
  const { packages, ...rest } = manifest;
  return { ...version, manifest: { ...rest, packages: Object.keys(packages).length } };
}

function smokeCommand(): Command {
  return new Command("smoke")
    .summary("boot a version and run its own checks in it")
    .addArgument(referenceArgument())
    .action(async (reference: string) => {
      const { home, terminal } = openContext();
      await interruptible(async (signal) => {
        const image = await resolveImage(home, reference);
        const log = (line: string) => {
          terminal.step("smoke", line);
        };
        await smoke(home, image, { log, signal });
        terminal.print(`${image.name}@${image.version} passed`);
      });
    });
}

function promoteCommand(): Command {
  return new Command("promote")
    .summary("make a version the one that new machines get")
    .addArgument(new Argument("<image>", "<name>@<version>; see kmvm image ls"))
    .action(async (reference: string, flags: BackendFlags) => {
      const context = openContext();
      const { home, terminal } = context;
      if (isElsewhere(flags)) {
        const { name, version } = imageReference(reference);
        if (version === undefined)
          throw new UserError(`"${reference}" names no version`, "write <name>@<version>; see kmvm image ls --backend");
        await promotePublished(imagesOf(await chooseBackend(context, flags)), name, version);
        terminal.print(reference);
        return;
      }
      const { name, version, smokedAt } = await resolveImage(home, reference);
      if (smokedAt === undefined) terminal.warn(`${name}@${version} has never passed its smoke test: kmvm image smoke`);
      await promote(home, name, version);
      terminal.print(`${name}@${version}`);
    });
}

function rollbackCommand(): Command {
  return new Command("rollback")
    .summary("promote again what was promoted before")
    .addArgument(nameArgument())
    .action(async (name: string, flags: BackendFlags) => {
      const context = openContext();
      const version = isElsewhere(flags)
        ? await rollbackPublished(imagesOf(await chooseBackend(context, flags)), name)
        : await rollback(context.home, name);
      context.terminal.print(`${name}@${version}`);
    });
}

function pruneCommand(): Command {
  return new Command("prune")
    .summary("remove old versions, and what killed builds have left")
    .description("Never removes the promoted version, nor the one before it, nor one that a machine uses.")
    .addArgument(nameArgument())
    .option("--keep <n>", "versions to keep beside those", count, defaultKeep)
    .action(async (name: string, { keep, ...flags }: BackendFlags & { keep: number }) => {
      const context = openContext();
      const removed = isElsewhere(flags)
        ? await prunePublished(imagesOf(await chooseBackend(context, flags)), name, keep)
        : await prune(context.home, name, keep);
      for (const one of removed) context.terminal.print(one);
    });
}

/** Runs `work` so that the first SIGINT or SIGTERM ends it in an orderly way. */
async function interruptible(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const interrupt = handleInterrupts(
    () => undefined,
    () => undefined,
  );
  try {
    await work(interrupt.signal);
  } catch (error) {
    throw interrupt.signal.aborted ? interrupted("the promoted version is as it was") : error;
  } finally {
    interrupt.dispose();
  }
}

function publishCommand(): Command {
  return (
    addBackendFlags(new Command("publish"), "that of the profile")
      .summary("bring the image to a cloud, test it there and promote it")
      // The one that a stack publishes: stacks/l0.ts.
      .addArgument(nameArgument().choices([defaultImage]))
      .description(
        `Brings ${defaultImage} as its recipe makes it to a cloud as a new version, runs tests on a machine of it, makes it ` +
          "the promoted one and removes old versions.\n" +
          "Whatever fails, the promoted version stays the one it was, and the same command goes on where it ended.",
      )
      .option("--no-test", "promote without a run of tests on it")
      .option("--no-promote", "leave it as a candidate")
      .option("--keep <n>", "versions to keep beside those in use", count, defaultKeep)
      .action(async (name: string, flags: PublishFlags) => {
        process.exitCode = await publish(openContext(), name, flags);
      })
  );
}

/** Whether a verb is about images that were published, not about those of the local store. */
const isElsewhere = (flags: Partial<BackendFlags>): flags is BackendFlags => flags.backend !== undefined;

/** `kmvm image`: the store of base images. */
export function imageCommand(): Command {
  const image = new Command("image")
    .summary("build, list, test, promote and remove base images")
    .description("Base images: immutable versions, and a pointer to the promoted one, which new machines get.");
  for (const command of [buildCommand, smokeCommand, publishCommand]) image.addCommand(command());
  for (const command of [lsCommand, promoteCommand, rollbackCommand, pruneCommand])
    image.addCommand(addBackendFlags(command(), "the local store"));
  return image;
}
