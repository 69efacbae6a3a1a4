import { accessSync, constants, existsSync } from "node:fs";
import { readFile, statfs } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { execa } from "execa";
import semver from "semver";
import { repositoryRoot } from "../lib/paths";
import { findAccelerator } from "../provider/qemu/accelerator";
import { firmware } from "../provider/qemu/firmware";
import { memoryToBeHad } from "../provider/qemu/memory";
import { howToAllowNamespaces, inNamespace, isRoot } from "../provider/images/namespace";
import { fail, ok, warn, type Check, type Diagnosis } from "./doctor-check";

/** Pure. @param machine `process.arch` */
export function judgePlatform(system: string, machine: string): Diagnosis {
  if (system === "linux" && machine === "x64") return ok("Linux on x86-64");
  return fail(`${system} on ${machine}`, "use a Linux machine with an x86-64 processor");
}

/** Pure. @param range `engines.node` of package.json */
export function judgeNode(version: string, range: string): Diagnosis {
  return semver.satisfies(version, range) ? ok(version) : fail(`${version}, needed is ${range}`, "install Node.js 20");
}

interface Program {
  readonly program: string;
  readonly package: string;
  /** What does not work without it. */
  readonly purpose: string;
  readonly without: "warn" | "fail";
}

const programs: readonly Program[] = [
  { program: "qemu-system-x86_64", package: "qemu-system-x86", purpose: "local machines", without: "fail" },
  { program: "qemu-img", package: "qemu-utils", purpose: "disks of local machines", without: "fail" },
  { program: "setpriv", package: "util-linux", purpose: "machines that end with their deadline", without: "fail" },
  { program: "timeout", package: "coreutils", purpose: "machines that end at their deadline", without: "fail" },
  { program: "git", package: "git", purpose: "sources", without: "fail" },
  { program: "ssh", package: "openssh-client", purpose: "kmvm ssh, exec and cp", without: "warn" },
  { program: "mmdebstrap", package: "mmdebstrap", purpose: "building images", without: "warn" },
  { program: "mcopy", package: "mtools", purpose: "building images", without: "warn" },
  { program: "mkfs.vfat", package: "dosfstools", purpose: "building images", without: "warn" },
  { program: "mkfs.ext4", package: "e2fsprogs", purpose: "building images", without: "warn" },
  { program: "debugfs", package: "e2fsprogs", purpose: "building images", without: "warn" },
  { program: "sfdisk", package: "fdisk", purpose: "building images", without: "warn" },
];

/** Debian keeps some programs where ordinary users do not look. */
export function findProgram(name: string, path: string): string | undefined {
  const folders = [...path.split(delimiter).filter(Boolean), "/usr/sbin", "/sbin"];
  return folders
    .map((folder) => join(folder, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** Pure: one diagnosis for all programs, the missing ones by name. */
export function judgePrograms(missing: readonly Program[]): Diagnosis {
  if (missing.length === 0) return ok(`${programs.length} found`);
  const words = missing.map(({ program, purpose }) => `${program} (${purpose})`).join(", ");
  const packages = [...new Set(missing.map((one) => one.package))].join(" ");
  const health = missing.some(({ without }) => without === "fail") ? "fail" : "warn";
  return { health, why: `not found: ${words}`, todo: `apt-get install ${packages}` };
}

const GiB = 1024 ** 3;

/** Pure. A machine needs half of the first figure to boot, a built image ten times as much. */
export function judgeDisk(folder: string, freeBytes: number): Diagnosis {
  const why = `${folder}: ${(freeBytes / GiB).toFixed(1)} GiB free`;
  const todo = "make room (kmvm gc, kmvm image prune), or set KMVM_HOME to a folder on another disk";
  if (freeBytes < GiB) return fail(why, todo);
  return freeBytes < 10 * GiB ? warn(why, todo) : ok(why);
}

/** Pure. @param availableMemoryMiB what can be had without swapping */
export function judgeMemory(availableMemoryMiB: number | undefined): Diagnosis {
  if (availableMemoryMiB === undefined) return warn("not told by /proc/meminfo", "see that a machine has 2 GiB");
  const why = `${availableMemoryMiB} MiB available`;
  if (availableMemoryMiB < 1024) return fail(why, "stop other machines (kmvm ls), or set memoryMiB lower");
  return availableMemoryMiB < 2560 ? warn(`${why}; a machine has 2048 by default`, "set memoryMiB lower") : ok(why);
}

/**
 * Pure.
 * @param said what it answers to --version
 * @param emulates whether guests are emulated on this host
 */
export function judgeQemu(said: string, emulates: boolean): Diagnosis {
  const version = semver.coerce(/version (\S+)/.exec(said)?.[1]);
  if (!version || version.major < 7) return warn(said.split("\n")[0] ?? "", "7.2 or later is what is tested");
  // docs/architecture.md, "One virtual machine is always there in an emulated guest".
  if (emulates && semver.lt(version, "8.1.0"))
    return ok(`${version.version}; an emulated guest can hang, rarely; 8.1 mends that`);
  return ok(version.version);
}

async function qemuVersion(): Promise<Diagnosis> {
  try {
    const { stdout } = await execa("qemu-system-x86_64", ["--version"], { stdin: "ignore" });
    return judgeQemu(stdout, (await findAccelerator()).name === "tcg");
  } catch {
    return fail("does not start", "apt-get install qemu-system-x86");
  }
}

async function namespaces(): Promise<Diagnosis> {
  const who = isRoot() ? "root" : "an ordinary user";
  const [program = "", ...args] = inNamespace(isRoot(), ["true"]);
  const result = await execa(program, args, { reject: false, stdin: "ignore" });
  if (result.exitCode === 0) return ok(`${who} can build images`);
  return warn(
    `${who} cannot build images: ${result.stderr.trim().split("\n").at(-1) ?? result.message ?? ""}`,
    howToAllowNamespaces(),
  );
}

/** The nearest folder that exists. */
const existing = (folder: string): string => (existsSync(folder) ? folder : existing(dirname(folder)));

async function disk(home: string): Promise<Diagnosis> {
  const folder = existing(home);
  try {
    accessSync(folder, constants.W_OK);
  } catch {
    return fail(`${folder} cannot be written to`, "set KMVM_HOME to a folder that can");
  }
  const { bavail, bsize } = await statfs(folder);
  return judgeDisk(home, bavail * bsize);
}

export const hostChecks: readonly Check[] = [
  { name: "platform", look: () => Promise.resolve(judgePlatform(process.platform, process.arch)) },
  {
    name: "node",
    look: async () => {
      const description = JSON.parse(await readFile(join(repositoryRoot(), "package.json"), "utf8")) as {
        engines: { node: string };
      };
      return judgeNode(process.version, description.engines.node);
    },
  },
  {
    name: "programs",
    look: ({ environment }) =>
      Promise.resolve(
        judgePrograms(programs.filter(({ program }) => !findProgram(program, environment["PATH"] ?? ""))),
      ),
  },
  { name: "qemu", look: qemuVersion },
  {
    name: "firmware",
    look: () =>
      Promise.resolve(
        existsSync(firmware.code)
          ? ok(firmware.code)
          : warn(`no ${firmware.code}: no boot by UEFI`, "apt-get install ovmf"),
      ),
  },
  {
    name: "accelerator",
    look: async () => {
      const { name, nested, reason } = await findAccelerator();
      if (name === "tcg") return warn(`tcg: ${reason}`, "works; use a host with virtualisation for speed");
      return nested
        ? ok(`kvm: ${reason}`)
        : warn(`kvm: ${reason}`, "tests of /dev/kvm cannot run; those of /dev/kkm can");
    },
  },
  { name: "namespaces", look: namespaces },
  { name: "disk", look: ({ home }) => disk(home) },
  {
    name: "memory",
    look: async () => judgeMemory(await memoryToBeHad()),
  },
];
