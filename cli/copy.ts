import { lstatSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { UserError } from "../lib/errors";
import { asLocalArgument, type CopyPlan } from "./copy-plan";
import type { MachineAccess } from "./machine-access";
import { runOnTerminal, writeSshFiles } from "./ssh-access";

const isDirectory = (path: string) => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

/**
 * Puts what came from the machine where it was wanted. Names that the machine chose are used only inside `staging`, and
 * a link that is in the way is replaced, not followed.
 */
function settle(staging: string, destination: string): void {
  const names = readdirSync(staging);
  const into = isDirectory(destination);
  if (names.length !== 1 && !into)
    throw new UserError(`${names.length} files cannot all become ${destination}`, "name a directory that exists");
  for (const name of names) {
    const target = into ? join(destination, name) : destination;
    const there = lstatSync(target, { throwIfNoEntry: false });
    if (there?.isDirectory()) throw new UserError(`${target} exists already`, "remove it, or name another place");
    renameSync(join(staging, name), target);
  }
}

async function download(plan: CopyPlan, host: string, scp: readonly string[]): Promise<number> {
  const destination = resolve(plan.local);
  const parent = isDirectory(destination) ? destination : dirname(destination);
  if (!isDirectory(parent)) throw new UserError(`there is no directory ${parent}`, "make it first");
  const folder = mkdtempSync(join(parent, ".kmvm-cp-"));
  const removeFolder = () => {
    rmSync(folder, { recursive: true, force: true });
  };
  process.once("exit", removeFolder);
  try {
    // One level down, so that even a name such as .. stays inside.
    const staging = join(folder, "in");
    mkdirSync(staging);
    const code = await runOnTerminal("scp", [...scp, `${host}:${plan.remote}`, staging]);
    const [only] = readdirSync(staging);
    // Of a directory, what can be had is wanted; links and devices in it cannot. Half a file is nothing.
    const partial = code !== 0 && only !== undefined && isDirectory(join(staging, only));
    if (code === 0 || partial) settle(staging, destination);
    return code;
  } finally {
    removeFolder();
  }
}

/**
 * Copies files and directories by the system's scp, over SFTP: its older protocol lets the other side choose names.
 * @returns exit code of scp
 */
export async function copy(root: string, plan: CopyPlan, access: MachineAccess): Promise<number> {
  const { address, port, user } = access.target;
  const files = writeSshFiles(root, access.target, false);
  const scp = ["-s", "-r", "-q", ...files.options, "-P", String(port)];
  const host = `${user}@${address}`;
  try {
    if (plan.direction === "down") return await download(plan, host, scp);
    if (!statSync(plan.local, { throwIfNoEntry: false }))
      throw new UserError(`there is no ${basename(plan.local)} in ${dirname(resolve(plan.local))}`);
    return await runOnTerminal("scp", [...scp, "--", asLocalArgument(plan.local), `${host}:${plan.remote}`]);
  } finally {
    files.dispose();
  }
}
