import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { engineEnvironment } from "../../lib/engine-env";
import { kmvmHome, repositoryRoot } from "../../lib/paths";

const root = repositoryRoot();

/** A call of the engine that is under way. */
export interface EngineCall {
  readonly pid: number;
  /** Standard output and error so far, in the order in which they came. */
  text(): string;
  /** Resolves when the text so far holds `pattern`; rejects when the engine ends without it. */
  seen(pattern: RegExp): Promise<void>;
  signal(signal: NodeJS.Signals): void;
  readonly ended: Promise<{ code: number | null; text: string }>;
}

/**
 * A throw-away project with its own state, driven by the engine that scripts/setup resolved. The command plugin is
 * always this repository's stand-in, even where the real one is installed.
 */
export interface EngineProject {
  readonly folder: string;
  write(file: string, text: string): void;
  start(...args: string[]): EngineCall;
  /** Runs to the end. */
  pulumi(...args: string[]): Promise<{ code: number | null; text: string }>;
  /** The state of the stack as it lies on disk; undefined: there is none. */
  stateText(): string | undefined;
  /** What the stack's state holds of resources with an id, without the engine's own. */
  resources(): { type: string; id: string; outputs: Record<string, unknown> }[];
  remove(): void;
}

interface Checkpoint {
  checkpoint: { latest?: { resources?: { type: string; id?: string; outputs?: Record<string, unknown> }[] } };
}

/**
 * @param program index.js
 * @param variables added to the engine's environment
 */
export function engineProject(program: string, variables: Readonly<Record<string, string>> = {}): EngineProject {
  const folder = mkdtempSync(join(tmpdir(), "kmvm-engine-"));
  const write = (file: string, text: string): void => {
    writeFileSync(join(folder, file), text);
  };
  write("Pulumi.yaml", "name: tiny\nruntime:\n  name: nodejs\n  options: {typescript: false}\n");
  write("package.json", JSON.stringify({ name: "tiny", main: "index.js" }));
  write("index.js", program);
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  mkdirSync(join(folder, "state"));
  const plugin = join(folder, "home", "plugins", "resource-command-v1.2.1");
  mkdirSync(plugin, { recursive: true });
  symlinkSync(join(root, "tools", "engine", "pulumi-resource-command"), join(plugin, "pulumi-resource-command"));
  const { command, env } = engineEnvironment(root, kmvmHome(), {});
  const environment = {
    ...process.env,
    ...env,
    PULUMI_HOME: join(folder, "home"),
    PULUMI_BACKEND_URL: `file://${folder}/state`,
    PULUMI_CONFIG_PASSPHRASE: "test",
    PULUMI_CONFIG_PASSPHRASE_FILE: "",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    PULUMI_OPTION_NON_INTERACTIVE: "true",
    PULUMI_STACK: "dev",
    ...variables,
  };
  const stateFile = join(folder, "state", ".pulumi", "stacks", "tiny", "dev.json");

  const start = (...args: string[]): EngineCall => {
    const child = spawn(command, args, { cwd: folder, env: environment, stdio: ["ignore", "pipe", "pipe"] });
    let text = "";
    const watchers = new Set<() => void>();
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk: Buffer) => {
        text += chunk.toString("utf8");
        watchers.forEach((watch) => {
          watch();
        });
      });
    const ended = new Promise<{ code: number | null; text: string }>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code) => {
        resolve({ code, text });
      });
    });
    return {
      pid: child.pid ?? -1,
      text: () => text,
      seen: (pattern) =>
        new Promise((resolve, reject) => {
          const watch = (): void => {
            if (!pattern.test(text)) return;
            watchers.delete(watch);
            resolve();
          };
          watchers.add(watch);
          watch();
          void ended.then(() => {
            reject(new Error(`the engine ended without saying ${pattern.source}:\n${text}`));
          });
        }),
      signal: (signal) => void child.kill(signal),
      ended,
    };
  };

  const stateText = (): string | undefined => (existsSync(stateFile) ? readFileSync(stateFile, "utf8") : undefined);
  return {
    folder,
    write,
    start,
    pulumi: (...args) => start(...args).ended,
    stateText,
    resources: () => {
      const { checkpoint } = JSON.parse(stateText() ?? '{"checkpoint":{}}') as Checkpoint;
      return (checkpoint.latest?.resources ?? []).flatMap(({ type, id, outputs }) =>
        id === undefined || type.startsWith("pulumi:") ? [] : [{ type, id, outputs: outputs ?? {} }],
      );
    },
    remove: () => {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
