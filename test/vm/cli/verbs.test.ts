import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { retryUntil } from "../../../lib/retry";
import { testUnless } from "../../support/needs";
import { missingForKmvm, ownCheckout, type OwnCheckout } from "../../support/own-checkout";
import { processesWith } from "../../support/processes";

const missing = missingForKmvm();
const stack = "vm-dev-verbs";

let checkout: OwnCheckout;
let scratch: string;
let key = "";

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), "kmvm-verbs-"));
  checkout = ownCheckout();
  if (missing !== undefined) return;
  const up = await checkout.kmvm("vm", "up", "--id", "verbs", "--ttl", "30m", "--json");
  expect(up).toEqual({ ...up, code: 0 });
  expect(JSON.parse(up.stdout)).toMatchObject({ stack, user: "kmvm", port: 2222 });
}, 600_000);

afterAll(async () => {
  if (missing === undefined) await checkout.kmvm("vm", "delete", stack);
  checkout.remove();
  rmSync(scratch, { recursive: true, force: true });
}, 120_000);

const seconds = 120_000;

testUnless(missing)(
  "ls tells the machine, that it runs, and until when",
  async () => {
    const { stdout } = await checkout.kmvm("ls", "--json");
    expect(JSON.parse(stdout)).toMatchObject([{ stack, state: "running", ownership: "owned", backend: "qemu" }]);
    expect((await checkout.kmvm("ls")).stdout).toMatch(/^STACK.*\nvm-dev-verbs {2}running {2}/);
  },
  seconds,
);

describe("exec", () => {
  testUnless(missing)(
    "passes arguments, input, output and exit code as they are",
    async () => {
      const script = 'cat; echo "$1|$2"; echo bad >&2; exit 7';
      const words = ["exec", stack, "--", "sh", "-c", script, "x", "a  b", "it's $HOME"];
      const { code, stdout, stderr } = await checkout.start(words, "input\n").ended;
      expect({ code, stdout, stderr }).toEqual({ code: 7, stdout: "input\na  b|it's $HOME\n", stderr: "bad\n" });
    },
    seconds,
  );

  testUnless(missing)(
    "has no terminal where there is none here",
    async () => {
      expect((await checkout.kmvm("exec", stack, "--", "test", "-t", "0")).code).toBe(1);
    },
    seconds,
  );

  testUnless(missing)(
    "takes the beginning of a name",
    async () => {
      expect((await checkout.kmvm("exec", "vm-dev", "--", "id", "-un")).stdout).toBe("kmvm\n");
    },
    seconds,
  );
});

describe("ssh", () => {
  testUnless(missing)(
    "passes the exit code, and the command to the machine's shell",
    async () => {
      const { code, stdout } = await checkout.kmvm("ssh", stack, "--", "echo $((6 * 7)); exit 9");
      expect({ code, stdout }).toEqual({ code: 9, stdout: "42\n" });
    },
    seconds,
  );

  testUnless(missing)(
    "keeps the key where only its owner sees it, and removes it when it is ended by a signal",
    async () => {
      const folder = join(checkout.folder, ".kmvm", "tmp");
      const running = checkout.start(["ssh", stack, "--", "echo ready; sleep 60"]);
      while (!running.text().includes("ready")) await new Promise((resolve) => setTimeout(resolve, 50));
      const [name = ""] = readdirSync(folder);
      expect(lstatSync(join(folder, name)).mode & 0o777).toBe(0o700);
      expect(lstatSync(join(folder, name, "key")).mode & 0o777).toBe(0o600);
      key = readFileSync(join(folder, name, "key"), "utf8").split("\n")[2] ?? "";
      expect(key).not.toBe("");
      // In no argument and no environment of any process.
      expect(processesWith(key)).toEqual([]);
      process.kill(running.pid, "SIGTERM");
      expect((await running.ended).code).not.toBe(0);
      expect(readdirSync(folder)).toEqual([]);
    },
    seconds,
  );

  testUnless(missing)(
    "refuses a machine that shows another host key",
    async () => {
      const swap =
        "sudo ssh-keygen -q -t ed25519 -N '' -f /tmp/other && sudo cp /etc/ssh/ssh_host_ed25519_key /tmp/mine";
      const use = (file: string) => `sudo cp ${file} /etc/ssh/ssh_host_ed25519_key && sudo systemctl restart ssh`;
      // The way back is started before the way is barred.
      const back = `sudo systemd-run --on-active=20 sh -c 'cp /tmp/mine /etc/ssh/ssh_host_ed25519_key; systemctl restart ssh'`;
      expect((await checkout.kmvm("ssh", stack, "--", `${swap} && ${back} && ${use("/tmp/other")}`)).code).toBe(0);
      const refused = await checkout.kmvm("ssh", stack, "--", "true");
      expect(refused.code).toBe(255);
      expect(refused.stderr).toMatch(/host key/i);
      for (;;) {
        if ((await checkout.kmvm("ssh", stack, "--", "true")).code === 0) break;
      }
    },
    2 * seconds,
  );
});

describe("cp", () => {
  testUnless(missing)(
    "brings a file there and back, byte for byte",
    async () => {
      const bytes = Buffer.from(Array.from({ length: 70_000 }, (_, index) => index % 251));
      writeFileSync(join(scratch, "a:b"), bytes);
      expect((await checkout.kmvm("cp", join(scratch, "a:b"), `${stack}:there`)).code).toBe(0);
      expect((await checkout.kmvm("cp", `${stack}:there`, join(scratch, "back"))).code).toBe(0);
      expect(readFileSync(join(scratch, "back")).equals(bytes)).toBe(true);
    },
    seconds,
  );

  testUnless(missing)(
    "replaces a link that is in the way, and leaves alone what it points to",
    async () => {
      const elsewhere = join(scratch, "elsewhere");
      writeFileSync(elsewhere, "mine");
      const into = join(scratch, "into");
      mkdirSync(into);
      symlinkSync(elsewhere, join(into, "there"));
      expect((await checkout.kmvm("cp", `${stack}:there`, into)).code).toBe(0);
      expect(readFileSync(elsewhere, "utf8")).toBe("mine");
      expect(lstatSync(join(into, "there")).isSymbolicLink()).toBe(false);
    },
    seconds,
  );

  testUnless(missing)(
    "brings a directory, and merges into none",
    async () => {
      expect((await checkout.kmvm("ssh", stack, "--", "mkdir -p d/e && echo 1 >d/e/f")).code).toBe(0);
      const target = join(scratch, "d");
      expect((await checkout.kmvm("cp", `${stack}:d`, target)).code).toBe(0);
      expect(readFileSync(join(target, "e", "f"), "utf8")).toBe("1\n");
      const again = await checkout.kmvm("cp", `${stack}:d`, scratch);
      expect([again.code, again.stderr]).toEqual([2, expect.stringContaining("exists already")]);
      expect(readdirSync(scratch).filter((name) => name.startsWith(".kmvm-cp"))).toEqual([]);
    },
    seconds,
  );

  testUnless(missing)(
    "leaves nothing of what could not be had",
    async () => {
      expect((await checkout.kmvm("cp", `${stack}:nothing`, join(scratch, "none"))).code).not.toBe(0);
      expect(existsSync(join(scratch, "none"))).toBe(false);
    },
    seconds,
  );
});

testUnless(missing)(
  "logs --console shows the machine's console, without control characters",
  async () => {
    const { code, stdout } = await checkout.kmvm("logs", stack, "--console");
    expect(code).toBe(0);
    expect(stdout).toMatch(/Linux version 6\.1/);

    expect(stdout).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f]/);
  },
  seconds,
);

testUnless(missing)(
  "logs says that there was no run",
  async () => {
    const { code, stderr } = await checkout.kmvm("logs", stack);
    expect([code, stderr]).toEqual([2, expect.stringContaining("vm-dev-verbs has no run yet")]);
  },
  seconds,
);

testUnless(missing)(
  "gc leaves a machine alone that is kept, and that a command is at work on",
  async () => {
    expect(await checkout.kmvm("gc", "--yes", "--now")).toMatchObject({ code: 0, stdout: "" });
    expect((await checkout.kmvm("exec", stack, "--", "true")).code).toBe(0);
  },
  seconds,
);

testUnless(missing)(
  "gc that cannot ask a backend says so, and does not end as if there were nothing",
  async () => {
    const aws = { region: "us-west-2", scheduleRoleArn: "arn:aws:iam::123456789012:role/kmvm-expiry" };
    const cutOff = ownCheckout({
      ...{ KMVM_AWS: JSON.stringify(aws), AWS_ACCESS_KEY_ID: "none", AWS_SECRET_ACCESS_KEY: "none" },
      // Nobody listens there.
      ...{ AWS_ENDPOINT_URL: "http://127.0.0.1:9", AWS_EC2_METADATA_DISABLED: "true" },
    });
    try {
      const { code, stderr } = await cutOff.kmvm("gc");
      expect({ code, stderr }).toEqual({
        code: 3,
        stderr: expect.stringMatching(/could not be looked at: .*ECONNREFUSED/),
      });
      expect(stderr).toContain("nothing is left behind where one could look\n");
    } finally {
      cutOff.remove();
    }
  },
  seconds,
);

describe("a stopped machine", () => {
  testUnless(missing)(
    "is stopped, stays stopped, is refused by ssh, and keeps its disk when started",
    async () => {
      expect((await checkout.kmvm("ssh", stack, "--", "echo kept >kept && sync")).code).toBe(0);
      expect((await checkout.kmvm("vm", "stop", stack)).code).toBe(0);
      expect(await checkout.kmvm("vm", "stop", stack)).toMatchObject({
        code: 0,
        stderr: expect.stringContaining("does not run") as unknown,
      });
      const refused = await checkout.kmvm("ssh", stack, "--", "true");
      expect([refused.code, refused.stderr]).toEqual([3, expect.stringContaining("kmvm vm start vm-dev-verbs")]);
      expect((await checkout.kmvm("vm", "start", stack)).code).toBe(0);
      expect((await checkout.kmvm("exec", stack, "--", "cat", "kept")).stdout).toBe("kept\n");
    },
    3 * seconds,
  );

  testUnless(missing)(
    "is started by up, which refuses other settings for it before that, and leaves it there when it is interrupted",
    async () => {
      const up = (...more: string[]) => ["vm", "up", "--id", "verbs", "--ttl", "30m", ...more];
      expect((await checkout.kmvm("vm", "stop", stack)).code).toBe(0);
      const other = await checkout.kmvm(...up("--set", "memoryMiB=3072"));
      expect([other.code, other.stderr]).toEqual([2, expect.stringMatching(/is there already, .*: memoryMiB/)]);
      expect((await checkout.kmvm("vm", "stop", stack)).stderr).toContain("does not run");
      const running = checkout.start(up());
      await retryUntil({
        what: "the command to begin",
        timeoutMs: seconds,
        attempt: () => running.text().includes(stack) || undefined,
      });
      running.signal("SIGINT");
      const { code, stderr } = await running.ended;
      expect({ code, stderr }).toEqual({ code: 130, stderr: expect.stringContaining("the machine that was there") });
      expect((await checkout.kmvm(...up())).code).toBe(0);
      expect((await checkout.kmvm("exec", stack, "--", "cat", "kept")).stdout).toBe("kept\n");
    },
    3 * seconds,
  );
});

test.each([
  [["ssh"], /missing required argument/],
  [["vm", "start"], /missing required argument/],
  [["vm", "up", "--no-such-flag"], /unknown option/],
  [["cp", "a", "b"], /neither side is of a machine/],
  [["ssh", "no-such-stack"], /there is no stack and no machine "no-such-stack"|engine is not set up/],
  [["vm", "delete", "no-such-stack"], /there is no stack and no machine "no-such-stack"|engine is not set up/],
  [["vm", "up", "--id", "x", "--set", "vcpus=0", "--set", "nonsense=1"], /2 problems/],
])(
  "usage: %j exits with 2 and says why",
  async (args, why) => {
    const { code, stderr } = await checkout.kmvm(...args);
    expect([code, stderr]).toEqual([2, expect.stringMatching(why)]);
  },
  seconds,
);

testUnless(missing)(
  "delete removes everything, and twice is no error",
  async () => {
    expect((await checkout.kmvm("vm", "delete", stack)).code).toBe(0);
    expect(checkout.leftovers()).toEqual([]);
    expect(await checkout.kmvm("vm", "delete", stack)).toMatchObject({
      code: 0,
      stderr: expect.stringContaining("nothing of") as unknown,
    });
  },
  seconds,
);
