import { execa } from "execa";
import { UserError, ExitCode } from "../../lib/errors";
import { pathWithSbin } from "./build-path";

/** Where the root file system begins on the disk: after 1 MiB of partition table and 64 MiB of system partition. */
const rootOffset = 65 * 1024 * 1024;

/** One look at the finished disk: a command of debugfs(8), and what is wrong with its output. */
interface Look {
  readonly command: string;
  /** @returns what is wrong, or undefined */
  readonly judge: (output: string) => string | undefined;
}

const mustNotExist = (path: string): Look => ({
  command: `stat ${path}`,
  judge: (output) => (/^Inode: /m.test(output) ? `${path} is there` : undefined),
});

export const looks: readonly Look[] = [
  {
    command: "ls -p /etc/ssh",
    judge: (output) => (output.includes("/ssh_host_") ? "there are ssh host keys in /etc/ssh" : undefined),
  },
  {
    command: "cat /etc/shadow",
    judge: (output) => {
      const users = output
        .split("\n")
        .map((line) => line.split(":"))
        .filter(([, hash]) => hash !== undefined && !/^[!*]/.test(hash))
        .map(([user]) => user ?? "");
      if (!output.includes("root:")) return "/etc/shadow cannot be read";
      return users.length > 0 ? `these users have a password, or need none: ${users.join(", ")}` : undefined;
    },
  },
  {
    command: "stat /etc/machine-id",
    // The size of the file is on the line of its owner; that of a fragment, which no ext4 has, follows.
    judge: (output) => (/^User:.*\bSize: 0$/m.test(output) ? undefined : "/etc/machine-id is not an empty file"),
  },
  ...[
    "/root/.ssh",
    "/home/kmvm/.ssh",
    "/root/.bash_history",
    "/var/lib/systemd/random-seed",
    "/var/lib/systemd/credential.secret",
    "/var/lib/dbus/machine-id",
    "/etc/apt/auth.conf",
    "/etc/apt/apt.conf.d/99mmdebstrap",
    "/var/lib/cloud/instance",
  ].map(mustNotExist),
];

/** Names of variables whose values are taken for secrets, and the least length of such a value. */
const secretName = /TOKEN|PASSWORD|PASSWD|PASSPHRASE|SECRET|CREDENTIAL|PRIVATE|API_?KEY|ACCESS_KEY|^SP_/i;
const secretLength = 8;

/** Values of the environment that look like secrets, line by line, with the name of their variable. */
export function secretsOf(environment: NodeJS.ProcessEnv): { name: string; value: string }[] {
  return Object.entries(environment)
    .filter(([name]) => secretName.test(name))
    .flatMap(([name, value = ""]) => value.split("\n").map((line) => ({ name, value: line })))
    .filter(({ value }) => value.length >= secretLength);
}

async function look(disk: string, { command, judge }: Look): Promise<string | undefined> {
  const device = `${disk}?offset=${rootOffset}`;
  const result = await execa("debugfs", ["-R", command, device], {
    reject: false,
    stdin: "ignore",
    env: { DEBUGFS_PAGER: "cat", PATH: pathWithSbin() },
  });
  if (result.exitCode !== 0) return `cannot look into the disk: ${result.stderr || result.shortMessage}`;
  return judge(result.stdout);
}

/** Names of the variables whose values are on the disk. They reach grep by its standard input. */
async function leakedSecrets(disk: string, secrets: readonly { name: string; value: string }[]): Promise<string[]> {
  if (secrets.length === 0) return [];
  // NUL as line end: a disk is mostly zeros, and lines are held in memory.
  const search = async (values: string[]) =>
    (
      await execa("grep", ["--quiet", "--text", "--null-data", "--fixed-strings", "--file=-", disk], {
        // Patterns end with a newline, whatever lines end with; no value has one.
        input: values.join("\n"),
        reject: false,
      })
    ).exitCode === 0;
  if (!(await search(secrets.map(({ value }) => value)))) return [];
  const leaked: string[] = [];
  for (const { name, value } of secrets) if (await search([value])) leaked.push(name);
  return [...new Set(leaked)];
}

/**
 * Checks that a finished disk lets nobody in, makes no two machines alike, and holds no secret of whoever built it.
 * @throws UserError that lists everything that is wrong
 */
export async function checkSealed(disk: string, environment: NodeJS.ProcessEnv): Promise<void> {
  const problems = (await Promise.all(looks.map((each) => look(disk, each)))).filter((found) => found !== undefined);
  for (const name of await leakedSecrets(disk, secretsOf(environment)))
    problems.push(`the value of the variable ${name} is on the disk`);
  if (problems.length === 0) return;
  throw new UserError(
    `the image is not sealed:\n${problems.map((problem) => `  ${problem}`).join("\n")}`,
    "see scripts/guest/l0/90-seal.sh",
    ExitCode.Infrastructure,
  );
}
