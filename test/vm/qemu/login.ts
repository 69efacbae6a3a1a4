import type { SshConnection } from "../../../lib/ssh";
import { waitForSsh } from "../../../lib/ssh-wait";
import type { Machine } from "../../../provider/qemu/machine";
import type { TestHome } from "./support";

const bootMs = 180_000;

/** Logs in with the host key that the machine was given: any other is refused. */
export function logIn(host: TestHome, { address, port, user }: Machine): Promise<SshConnection> {
  return waitForSsh({
    ...{ address, port, user, timeoutMs: bootMs },
    ...{ privateKey: host.userKey.privateKey, hostKey: host.hostKey.publicKey },
  });
}

/** What a command in the machine says; it must end with 0. */
export async function say(host: TestHome, machine: Machine, command: string): Promise<string> {
  const connection = await logIn(host, machine);
  try {
    const { code, stdout, stderr } = await connection.exec(command);
    if (code !== 0) throw new Error(`${command}: exit ${code}: ${stderr}`);
    return stdout.trim();
  } finally {
    connection.close();
  }
}
