import { spawn } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { engineVersion } from "../../lib/engine-env";
import { repositoryRoot } from "../../lib/paths";

const root = repositoryRoot();
const fakes = join(root, "test", "support", "setup-fakes");
/** Nobody listens there: the official download fails at once. */
const nowhere = "http://127.0.0.1:9/releases";

export interface SetUp {
  readonly pid: number;
  text(): string;
  /** Kills everything that the set-up consists of which is in its process group, as a closed terminal may. */
  kill(): void;
  readonly ended: Promise<{ code: number | null; text: string; seconds: number }>;
}

/** A checkout with the real scripts/setup, and stand-ins for go, npm, dpkg-query, sudo and kmvm (see setup-fakes). */
export interface SetupCheckout {
  readonly folder: string;
  readonly home: string;
  start(env?: Record<string, string>, steps?: string[]): SetUp;
  run(env?: Record<string, string>, steps?: string[]): SetUp["ended"];
  /** How often a stand-in did its work. */
  calls(program: string): number;
  /** Path of the engine that the set-up resolved. */
  readonly engine: string;
  /** Makes a program. */
  program(path: string, text: string): void;
  remove(): void;
}

export function setupCheckout(): SetupCheckout {
  const scratch = mkdtempSync(join(tmpdir(), "kmvm-setup-"));
  chmodSync(scratch, 0o755);
  const folder = join(scratch, "checkout");
  const home = join(scratch, "kmvm");
  const userHome = join(scratch, "user");
  for (const path of [folder, home, userHome, join(folder, "bin"), join(folder, "tools", "engine")])
    mkdirSync(path, { recursive: true });
  for (const path of [
    "scripts/setup",
    "scripts/lib",
    "scripts/apt-packages.txt",
    "package.json",
    "tools/engine/go.mod",
  ])
    cpSync(join(root, path), join(folder, path), { recursive: true });
  writeFileSync(join(folder, "package-lock.json"), "{}\n");
  cpSync(join(fakes, "kmvm"), join(folder, "bin", "kmvm"));
  const calls = join(scratch, "calls");
  // The system's own programs, and no other engine or compiler than the tests give.
  const path = [fakes, dirname(process.execPath), "/usr/sbin", "/usr/bin", "/sbin", "/bin"].join(delimiter);

  const start = (env: Record<string, string> = {}, steps: string[] = []): SetUp => {
    const started = Date.now();
    const child = spawn(join(folder, "scripts", "setup"), steps, {
      cwd: scratch,
      env: { PATH: path, HOME: userHome, KMVM_HOME: home, FAKES: scratch, KMVM_PULUMI_DOWNLOADS: nowhere, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    let text = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (text += chunk.toString()));
    const pid = child.pid ?? -1;
    return {
      pid,
      text: () => text,
      kill: () => {
        process.kill(-pid, "SIGKILL");
      },
      ended: new Promise((resolve, reject) => {
        child.on("error", reject);
        child.on("close", (code) => {
          resolve({ code, text, seconds: (Date.now() - started) / 1000 });
        });
      }),
    };
  };

  return {
    folder,
    home,
    start,
    run: (env, steps) => start(env, steps).ended,
    calls: (program) =>
      existsSync(calls)
        ? readFileSync(calls, "utf8")
            .split("\n")
            .filter((line) => line.startsWith(`${program} `)).length
        : 0,
    engine: join(home, "engine", engineVersion, "bin", "pulumi"),
    program: (file, text) => {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text, { mode: 0o755 });
    },
    remove: () => {
      const strays = readdirSync(userHome);
      rmSync(scratch, { recursive: true, force: true });
      if (strays.length > 0) throw new Error(`set-up wrote into the user's home: ${strays.join(", ")}`);
    },
  };
}
