import { spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { engineEnvironment } from "../../lib/engine-env";
import { kmvmHome, repositoryRoot } from "../../lib/paths";
import { processesWith } from "./processes";

const root = repositoryRoot();

/** Why no machine can be made by `kmvm` here; undefined: it can. */
export function missingForKmvm(): string | undefined {
  const home = kmvmHome();
  if (!existsSync(engineEnvironment(root, home, {}).command)) return "no engine: run scripts/setup";
  return existsSync(join(home, "images", "L0-base", "promoted")) ? undefined : "no L0-base image: run scripts/setup";
}

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** @returns its standard output @throws what it said, when it has not ended with this code */
export function endedWith(expected: number, { code, stdout, stderr }: Ended): string {
  if (code === expected) return stdout;
  throw new Error(`ended with ${code} instead of ${expected}:\n${stdout}\n${stderr}`);
}

/** A `kmvm` command that is under way, in a process group of its own. */
export interface Running {
  readonly pid: number;
  /** Standard output and error so far, in the order in which they came. */
  text(): string;
  /** To the whole group. */
  signal(signal: NodeJS.Signals): void;
  readonly ended: Promise<Ended>;
}

/** SIGKILLs the whole group after so many milliseconds. @returns whether it had ended by itself before */
export async function killAfter(running: Running, milliseconds: number): Promise<"killed" | "ended"> {
  const moment = new Promise<"killed">((resolve) => setTimeout(resolve, milliseconds, "killed"));
  const first = await Promise.race([moment, running.ended.then(() => "ended" as const)]);
  running.signal("SIGKILL");
  await running.ended;
  return first;
}

/**
 * A copy of this checkout with state, machines and evidence of its own, on the images and the engine that are there:
 * what a test kills or collects in it is nobody else's.
 */
export interface OwnCheckout {
  readonly folder: string;
  readonly home: string;
  start(args: readonly string[], stdin?: string): Running;
  kmvm(...args: string[]): Promise<Ended>;
  /** The bare engine, by scripts/pulumi. */
  pulumi(...args: string[]): Promise<Ended>;
  /** Bash, in the checkout's folder. */
  shell(script: string): Promise<Ended>;
  /** Everything that should not be there when no command runs and no machine is kept. */
  leftovers(): string[];
  /** Ends every process that belongs to it, and removes it. */
  remove(): void;
}

function copyTree(folder: string): void {
  const list = spawnSync("git", ["-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    encoding: "utf8",
  });
  for (const file of list.stdout.split("\0").filter(Boolean)) {
    if (!existsSync(join(root, file))) continue;
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(join(root, file), join(folder, file), { verbatimSymlinks: true });
  }
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  // Named by the hash of the sources: where they are the same ones, they need not be bundled again.
  const bundles = join(".kmvm", "build");
  if (existsSync(join(root, bundles))) cpSync(join(root, bundles), join(folder, bundles), { recursive: true });
  // A tree of git's, as a user's is: the whole of it goes into a machine, and payloads include what lies above them.
  spawnSync("git", ["init", "--quiet", folder]);
}

const namesIn = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder) : []);

function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** Living processes that belong to the folder by their arguments, environment or working directory. */
function processesOf(folder: string): { pid: number; command: string }[] {
  const working = readdirSync("/proc")
    .map(Number)
    .filter((pid) => pid > 0 && pid !== process.pid)
    .filter((pid) => {
      try {
        return readlinkSync(`/proc/${pid}/cwd`).startsWith(folder);
      } catch {
        return false;
      }
    })
    .map((pid) => ({ pid, command: `works in ${folder}` }));
  const named = processesWith(folder);
  return [...named, ...working.filter(({ pid }) => !named.some((one) => one.pid === pid))];
}

export function ownCheckout(environment: Readonly<Record<string, string>> = {}): OwnCheckout {
  const scratch = mkdtempSync(join(tmpdir(), "kmvm-own-"));
  const folder = join(scratch, "checkout");
  const home = join(scratch, "home");
  mkdirSync(folder);
  mkdirSync(home);
  copyTree(folder);
  for (const part of ["images", "engine", "pulumi"]) symlinkSync(join(kmvmHome(), part), join(home, part));
  // CI would choose another profile, and the checkout that runs the tests is not the one that is tested.
  const env = { ...process.env, CI: undefined, KMVM_CHECKOUT: undefined, KMVM_HOME: home, ...environment };

  const start = (args: readonly string[], stdin?: string, program = "bin/kmvm"): Running => {
    const child = spawn(resolve(folder, program), args, { cwd: folder, env, detached: true, stdio: "pipe" });
    const out: string[] = [];
    const parts = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const)
      child[name].setEncoding("utf8").on("data", (chunk: string) => {
        parts[name] += chunk;
        out.push(chunk);
      });
    child.stdin.on("error", () => undefined).end(stdin);
    // Never 0, which would be this process' own group.
    if (child.pid === undefined) throw new Error(`cannot start ${folder}/bin/kmvm`);
    const { pid } = child;
    return {
      pid,
      text: () => out.join(""),
      signal: (signal) => {
        try {
          process.kill(-pid, signal);
        } catch {
          // It has ended.
        }
      },
      // Not "close": what outlives a killed command may hold its output open.
      ended: new Promise((resolve) => {
        child.on("exit", (code) => {
          setTimeout(() => {
            resolve({ code, ...parts });
          }, 100);
        });
      }),
    };
  };

  const state = join(folder, ".kmvm", "state", ".pulumi");
  const leftovers = (): string[] => [
    ...processesOf(scratch).map(({ pid, command }) => `process ${pid} ${command}`),
    ...namesIn(join(home, "machines")).map((name) => `machine ${name}`),
    ...namesIn(join(folder, ".kmvm", "leases")).map((name) => `lease ${name}`),
    ...namesIn(join(folder, ".kmvm", "tmp")).map((name) => `temporary ${name}`),
    ...filesBelow(join(state, "locks")).map((name) => `lock ${name}`),
    ...namesIn(join(state, "stacks", "kmvm"))
      .filter((name) => name.endsWith(".json"))
      .map((name) => `stack ${name}`),
    ...namesIn(folder).filter((name) => /^Pulumi\.[a-z0-9]+-.*yaml/.test(name)),
  ];

  return {
    folder,
    home,
    start,
    kmvm: (...args) => start(args).ended,
    pulumi: (...args) => start(args, undefined, "scripts/pulumi").ended,
    shell: (script) => start(["-c", script], undefined, "/bin/bash").ended,
    leftovers,
    remove: () => {
      for (const { pid } of processesOf(scratch))
        try {
          process.kill(pid, "SIGKILL");
        } catch {
          // It has ended.
        }
      rmSync(scratch, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
