import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { codeOf, ExitCode, UserError } from "../lib/errors";
import { checkoutFolders } from "../lib/paths";
import { identify } from "../lib/process";
import type { SshTarget } from "../lib/ssh-target";

/** Files with which the system's ssh gets into one machine, in a folder that nobody else can look into. */
export interface SshFiles {
  /** `-F none -o …`: everything but port and host, for ssh, scp and sftp alike. */
  readonly options: readonly string[];
  /** Removes the files. */
  dispose(): void;
}

/** A path as the options of ssh_config(5) take it, which expand tokens that begin with %. */
const literal = (path: string): string => `"${path.replaceAll("%", "%%")}"`;

/** Pure: options that trust this key of the machine alone, show it this key alone, and read no one's configuration. */
export function sshOptions(folder: string, interactive: boolean): string[] {
  const settings: Record<string, string> = {
    IdentityFile: literal(join(folder, "key")),
    UserKnownHostsFile: literal(join(folder, "known_hosts")),
    GlobalKnownHostsFile: "none",
    HostKeyAlias: "machine",
    HostKeyAlgorithms: "ssh-ed25519",
    StrictHostKeyChecking: "yes",
    UpdateHostKeys: "no",
    IdentitiesOnly: "yes",
    IdentityAgent: "none",
    PreferredAuthentications: "publickey",
    ForwardAgent: "no",
    ConnectTimeout: "20",
    ServerAliveInterval: "15",
    LogLevel: interactive ? "INFO" : "ERROR",
  };
  return ["-F", "none", ...Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`])];
}

/** Writes key and known host key. They are removed by `dispose`, and in any case when this process exits. */
export function writeSshFiles(root: string, target: SshTarget, interactive: boolean): SshFiles {
  const parent = checkoutFolders.temporary(root);
  mkdirSync(parent, { recursive: true, mode: 0o700 });
  const me = identify(process.pid);
  const folder = mkdtempSync(join(parent, `access-${process.pid}-${me?.startTime ?? 0}-`));
  const dispose = () => {
    rmSync(folder, { recursive: true, force: true });
  };
  process.once("exit", dispose);
  const key = target.privateKey.endsWith("\n") ? target.privateKey : `${target.privateKey}\n`;
  writeFileSync(join(folder, "key"), key, { mode: 0o600 });
  writeFileSync(join(folder, "known_hosts"), `machine ${target.hostKey.trim()}\n`, { mode: 0o600 });
  return { options: sshOptions(folder, interactive), dispose };
}

/** One word for the shell of the machine, which gives it to the command as it is. */
export function quoteForShell(word: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replace(/'/g, "'\\''")}'`;
}

/**
 * Runs a program of the system with this terminal as its own. A Ctrl-C is the program's business; a signal to end is
 * handed on.
 * @returns its exit code, 128 + number for one that a signal ended
 * @throws UserError when it is not installed
 */
export function runOnTerminal(program: string, args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: "inherit" });
    const handOn = (signal: NodeJS.Signals) => {
      child.kill(signal);
    };
    const ignore = () => undefined;
    process.on("SIGINT", ignore).on("SIGTERM", handOn).on("SIGHUP", handOn);
    const end = () => {
      process.off("SIGINT", ignore).off("SIGTERM", handOn).off("SIGHUP", handOn);
    };
    child.once("error", (error) => {
      end();
      const missing = codeOf(error) === "ENOENT";
      reject(
        missing
          ? new UserError(`${program} is not installed`, "apt-get install openssh-client", ExitCode.Infrastructure)
          : error,
      );
    });
    child.once("exit", (code, signal) => {
      end();
      resolve(code ?? 128 + (signal ? constants.signals[signal] : 0));
    });
  });
}
