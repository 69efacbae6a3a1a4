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
import { openContext, type CliContext } from "../context";
import { imageLines } from "../image-rows";
import { handleInterrupts } from "../interrupt";
import { interrupted } from "../interrupted";
import { checkedSettings } from "../stack-settings";

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
  const profile = process.env["CI"] ? "ci" : "dev";
  const { settings } = await checkedSettings(context, `vm-${profile}-warm`, { image: image.name });
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
    .option("--json", "print them as JSON")
    .action(async ({ json }: { json?: boolean }) => {
      const { home, terminal } = openContext();
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
    .action(async (reference: string) => {
      const { home, terminal } = openContext();
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
    .action(async (name: string) => {
      const { home, terminal } = openContext();
      terminal.print(`${name}@${await rollback(home, name)}`);
    });
}

function pruneCommand(): Command {
  return new Command("prune")
    .summary("remove old versions, and what killed builds have left")
    .description("Never removes the promoted version, nor the one before it, nor one that a machine uses.")
    .addArgument(nameArgument())
    .option("--keep <n>", "versions to keep beside those", count, defaultKeep)
    .action(async (name: string, { keep }: { keep: number }) => {
      const { home, terminal } = openContext();
      for (const removed of await prune(home, name, keep)) terminal.print(removed);
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

/** `kmvm image`: the store of base images. */
export function imageCommand(): Command {
  const image = new Command("image")
    .summary("build, list, test, promote and remove base images")
    .description("Base images: immutable versions, and a pointer to the promoted one, which new machines get.");
  for (const command of [buildCommand, lsCommand, smokeCommand, promoteCommand, rollbackCommand, pruneCommand])
    image.addCommand(command());
  return image;
}
