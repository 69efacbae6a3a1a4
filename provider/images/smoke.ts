import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ExitCode, UserError } from "../../lib/errors";
import { TimeoutError } from "../../lib/retry";
import type { SshConnection } from "../../lib/ssh";
import { waitForSsh } from "../../lib/ssh-wait";
import { removeMachine, startMachine, type MachineSpec } from "../qemu/machine";
import { boots, type Boot } from "../qemu/spec";
import { generateKeyPair, type KeyPair } from "../ssh-key-format";
import type { Progress } from "./progress";
import type { ImageVersion } from "./image-version";
import { removeAbandonedSmokes, smokeTags } from "./smoke-machines";

/** Program in the image that judges the machine that it runs in; prints TAP. */
const checks = "sudo /usr/lib/kmvm/smoke";

/** By firmware, in emulation and on a busy host a boot has taken more than five minutes. */
const bootTimeoutMs = 900_000;
const lifetimeMs = 1800_000;

/** One line for each check that failed, with what it said. */
export function failedChecks(tap: string): string[] {
  const failed: string[] = [];
  let inFailed = false;
  for (const line of tap.split("\n")) {
    if (line.startsWith("not ok ")) failed.push(line.replace(/^not ok \d+ - /, ""));
    else if (inFailed && line.startsWith("# ")) failed.push(`  ${line.slice(2)}`);
    inFailed = line.startsWith("not ok ") || (inFailed && line.startsWith("# "));
  }
  return failed;
}

function specOf(image: ImageVersion, boot: Boot, keys: { user: KeyPair; host: KeyPair }): MachineSpec {
  const createdAt = new Date();
  return {
    id: `smoke-${image.version.replace(".", "-")}-${boot}-${process.pid}`,
    image,
    boot,
    vcpus: 2,
    memoryMiB: 2048,
    diskGiB: 8,
    expiresAt: new Date(createdAt.getTime() + lifetimeMs).toISOString(),
    user: "kmvm",
    authorizedKey: keys.user.publicKey,
    hostKey: keys.host,
    tags: smokeTags(image.name, createdAt),
  };
}

async function inMachine(
  home: string,
  image: ImageVersion,
  boot: Boot,
  { log, signal }: Progress,
  work: (connection: SshConnection) => Promise<void>,
): Promise<void> {
  const keys = { user: generateKeyPair("kmvm-smoke"), host: generateKeyPair("kmvm-smoke") };
  const spec = specOf(image, boot, keys);
  const startedAt = Date.now();
  const options = { ...(log && { log }), ...(signal && { signal }) };
  try {
    const machine = await startMachine(home, spec, options);
    const connection = await waitForSsh({
      address: machine.address,
      port: machine.port,
      user: machine.user,
      privateKey: keys.user.privateKey,
      hostKey: keys.host.publicKey,
      timeoutMs: bootTimeoutMs,
      ...(signal && { signal }),
    }).catch((error: unknown) => {
      if (!(error instanceof TimeoutError)) throw error;
      throw new UserError(
        `image ${image.name}@${image.version} did not come up, boot ${boot}: ${error.message}`,
        `a busy host? again: kmvm image smoke ${image.name}@${image.version}; the promoted version is as it was`,
        ExitCode.Infrastructure,
      );
    });
    try {
      log?.(`${boot} boot: first ssh after ${((Date.now() - startedAt) / 1000).toFixed(1)} s`);
      await work(connection);
    } finally {
      connection.close();
    }
  } finally {
    await removeMachine(home, spec.id);
  }
}

async function runChecks(connection: SshConnection, image: ImageVersion, { log, signal }: Progress): Promise<void> {
  log?.("runs the image's own checks (about a minute in emulation)");
  const { code, stdout, stderr } = await connection.exec(checks, signal ? { signal } : {});
  if (code === 0) {
    log?.(`${stdout.match(/^ok /gm)?.length ?? 0} checks passed`);
    return;
  }
  const failed = failedChecks(stdout);
  throw new UserError(
    `image ${image.name}@${image.version} failed its smoke test:\n${(failed.length > 0 ? failed : [stderr]).map((line) => `  ${line}`).join("\n")}`,
    "mend the recipe and build again; the promoted version is as it was",
    ExitCode.Infrastructure,
  );
}

/** What each way of booting must show: the image's own checks once, and that firmware gets as far as a login. */
const judges: Record<Boot, typeof runChecks> = {
  direct: runChecks,
  uefi: async (connection, image) => {
    const { code } = await connection.exec("test -d /sys/firmware/efi");
    if (code !== 0)
      throw new UserError(
        `image ${image.name}@${image.version} booted, but not by firmware`,
        undefined,
        ExitCode.Infrastructure,
      );
  },
};

/**
 * Boots a version in every way that it must boot, and runs its own checks in it. That it passed is noted in the version.
 * @throws UserError that says which checks failed
 */
export async function smoke(home: string, image: ImageVersion, progress: Progress): Promise<void> {
  for (const machine of await removeAbandonedSmokes(home))
    progress.log?.(`removed what a killed test left: ${machine}`);
  for (const boot of boots)
    await inMachine(home, image, boot, progress, (connection) => judges[boot](connection, image, progress));
  await writeFile(join(image.folder, "smoke-passed"), `${new Date().toISOString()}\n`);
}
