import { chmod, copyFile, mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { jest } from "@jest/globals";
import { execa } from "execa";
import { repositoryRoot } from "../../lib/paths";
import { stepSchema, type Step } from "../../lib/run-result";

// A busy machine starts processes slowly.
jest.setTimeout(60_000);

/** What a command of the guest came to. */
export interface Ended {
  readonly code: number | undefined;
  /** Standard output and error, as they came. */
  readonly output: string;
}

export interface Settings {
  readonly TARGET?: string;
  readonly PHASE?: string;
  readonly HYPERVISOR_DEVICE?: string;
  readonly [key: string]: string | undefined;
}

/** Commands that change a machine, and that tests must not run. */
const changing = ["modprobe", "insmod", "rmmod", "udevadm", "dmesg", "journalctl", "dpkg-query", "docker"];

/** The scripts of scripts/guest/test as they stand, in a folder that stands in for the root of a machine. */
export class Guest {
  private constructor(readonly prefix: string) {}

  static async make(): Promise<Guest> {
    const guest = new Guest(await mkdtemp(join(tmpdir(), "kmvm-guest-")));
    const scripts = join(repositoryRoot(), "scripts", "guest", "test");
    for (const name of await readdir(scripts)) await guest.copy(join(scripts, name), `opt/kmvm/test/${name}`);
    const standIns = join(repositoryRoot(), "test", "guest", "stand-ins");
    for (const name of await readdir(standIns)) await guest.copy(join(standIns, name), `bin/${name}`);
    for (const name of changing) await symlink("command", guest.path(`bin/${name}`));
    for (const folder of ["commands", "dev", "sys/module", "var/lib/kmvm/source", "etc"])
      await mkdir(guest.path(folder), { recursive: true });
    await guest.write("proc/cpuinfo", "flags\t\t: fpu svm\n");
    await guest.device("kvm");
    await guest.settings({});
    return guest;
  }

  async remove(): Promise<void> {
    await rm(this.prefix, { recursive: true, force: true });
  }

  path(relative: string): string {
    return join(this.prefix, relative);
  }

  private async copy(from: string, to: string): Promise<void> {
    await mkdir(dirname(this.path(to)), { recursive: true });
    await copyFile(from, this.path(to));
    await chmod(this.path(to), 0o755);
  }

  async write(relative: string, content: string | Buffer): Promise<void> {
    await mkdir(dirname(this.path(relative)), { recursive: true });
    await writeFile(this.path(relative), content);
  }

  async read(relative: string): Promise<string> {
    return readFile(this.path(relative), "utf8");
  }

  /** A character device that opens. */
  async device(name: string): Promise<void> {
    await symlink("/dev/null", this.path(`dev/${name}`));
  }

  /** What the host sends. */
  async settings(
    settings: Settings,
    { directories = ["a"], environment = "" }: { directories?: string[]; environment?: string } = {},
  ): Promise<void> {
    const all: Settings = {
      RUN_ID: "r1",
      ATTEMPT: "1",
      PHASE: "all",
      TARGET: "test",
      HYPERVISOR_DEVICE: "/dev/kvm",
      TIMEOUT: "60",
      ...settings,
    };
    const lines = Object.entries(all).map(([key, value]) => `${key}='${value ?? ""}'\n`);
    await this.write("run/kmvm/settings.env", lines.join(""));
    await this.write("run/kmvm/directories", directories.map((directory) => `${directory}\n`).join(""));
    await this.write("run/kmvm/environment", environment);
  }

  /** @param recipe lines of the target `test`, without their tab */
  async source(directory: string, ...recipe: string[]): Promise<void> {
    const lines = recipe.map((line) => `\t@${line}\n`).join("");
    const pulls = "pull-testenv-image pull-runenv-image:\n\t@echo $@ $(REGISTRY) $(IMAGE_VERSION)\n";
    await this.write(`var/lib/kmvm/source/${directory}/Makefile`, `test:\n${lines}${pulls}`);
  }

  /** What a stand-in of a command does: lines of shell. */
  async command(name: string, script: string): Promise<void> {
    await this.write(`commands/${name}`, script);
  }

  /** Runs one of the guest's scripts. */
  async run(script: string, ...args: string[]): Promise<Ended> {
    const { exitCode, all } = await this.start(script, ...args);
    return { code: exitCode, output: all };
  }

  /** As `run`, without waiting. */
  start(script: string, ...args: string[]) {
    return execa(this.path(`opt/kmvm/test/${script}`), args, {
      all: true,
      reject: false,
      stdin: "ignore",
      stripFinalNewline: false,
      env: { KMVM_PREFIX: this.prefix, PATH: `${this.path("bin")}:${process.env["PATH"] ?? ""}` },
    });
  }

  /** What the host would read of the steps: begins, and ends that replace them. */
  async steps(): Promise<Step[]> {
    const lines = (await this.read("run/kmvm/run/steps.jsonl")).trimEnd().split("\n");
    return lines.map((line) => stepSchema.parse(JSON.parse(line)));
  }

  /** Names of the steps that ended, with the directory where there is one, and the exit code. */
  async ended(): Promise<string[]> {
    return (await this.steps())
      .filter(({ endedAt }) => endedAt !== undefined)
      .map(({ name, directory, exitCode }) =>
        [name, directory, exitCode].filter((part) => part !== undefined).join(" "),
      );
  }

  /** Commands that would have changed the machine, with their arguments. */
  async calls(): Promise<string[]> {
    const text = await this.read("calls").catch(() => "");
    return text.trimEnd().split("\n");
  }
}
