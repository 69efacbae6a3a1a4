import { describe, expect, test } from "@jest/globals";
import { planAptOptions, planSources } from "../../../provider/images/apt-sources";
import { debFile } from "../../../provider/images/deb-cache";
import { compareVersions, nextVersion, parseVersion } from "../../../provider/images/image-version";
import { parsePackages } from "../../../provider/images/manifest";
import { inNamespace } from "../../../provider/images/namespace";
import { Phases } from "../../../provider/images/progress";
import { planPrune } from "../../../provider/images/prune";
import { explainFailure, phaseOf } from "../../../provider/images/run-builder";
import { looks, secretsOf } from "../../../provider/images/seal";
import { isAbandonedSmoke, smokeTags } from "../../../provider/images/smoke-machines";
import { failedChecks } from "../../../provider/images/smoke";
import { mmdebstrapArguments, rootInMemory } from "../../../provider/images/work-folder";

const key = "0123456789abcdef".repeat(4);
const today = new Date("2026-11-24T23:59:00Z");

describe("the name of a version", () => {
  test("is the day, a number of that day, and the key", () => {
    expect(nextVersion([], today, key)).toBe("20261124.1-0123456789ab");
  });

  test("counts on from the largest number of the day, not from how many there are", () => {
    const existing = ["20261123.7-aaaaaaaaaaaa", "20261124.9-bbbbbbbbbbbb", "20261124.10-cccccccccccc", "promoted"];
    expect(nextVersion(existing, today, key)).toBe("20261124.11-0123456789ab");
  });

  test("sorts by number, not by letters", () => {
    const versions = ["20261124.10-aaaaaaaaaaaa", "20261124.9-bbbbbbbbbbbb", "20251231.99-cccccccccccc"];
    expect(versions.sort(compareVersions)).toEqual([
      "20251231.99-cccccccccccc",
      "20261124.9-bbbbbbbbbbbb",
      "20261124.10-aaaaaaaaaaaa",
    ]);
  });

  test.each(["promoted", ".building-1", "20261124.1", "20261124.1-xyz", "20261124.1-0123456789ab.tmp"])(
    "is not %s",
    (name) => {
      expect(parseVersion(name)).toBeUndefined();
    },
  );
});

describe("pruning", () => {
  const versions = [1, 2, 3, 4, 5, 6].map((n) => ({
    name: "L0-base",
    version: `20261124.${n}-0123456789ab`,
    promoted: n === 2,
    previous: n === 1,
  }));

  test("keeps the newest, the promoted, the previous and those that a machine uses", () => {
    expect(planPrune(versions, new Set(["L0-base@20261124.3-0123456789ab"]), 1)).toEqual([
      "20261124.4-0123456789ab",
      "20261124.5-0123456789ab",
    ]);
  });

  test("is not misled by a machine of another image with the same version", () => {
    expect(planPrune(versions, new Set(["other@20261124.3-0123456789ab"]), 3)).toEqual(["20261124.3-0123456789ab"]);
  });

  test("with keep 0 still leaves the promoted one and the one before", () => {
    expect(planPrune(versions, new Set(), 0)).toHaveLength(4);
  });

  test("with fewer versions than are kept removes nothing", () => {
    expect(planPrune(versions, new Set(), 6)).toEqual([]);
  });
});

describe("where packages come from", () => {
  test("are this host's own sources of the suite, main only", () => {
    const targets = [
      "http://mirror.example/debian/ bookworm main",
      "http://mirror.example/debian/ bookworm non-free",
      "http://mirror.example/debian/ bookworm-security main",
      "https://else.example/ nodistro main",
      "http://mirror.example/debian/ bookworm main",
      "",
    ].join("\n");
    expect(planSources("bookworm", targets)).toEqual([
      "deb http://mirror.example/debian/ bookworm main",
      "deb http://mirror.example/debian/ bookworm-security main",
    ]);
  });

  test("are Debian's where this host has another distribution", () => {
    expect(planSources("bookworm", "http://archive.example/ubuntu noble main")).toHaveLength(3);
    expect(planSources("bookworm", "")[0]).toBe(
      "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian bookworm main",
    );
  });

  test("are reached as this host's apt reaches them, and nothing else of its configuration is taken", () => {
    const dump = [
      'Acquire::http::Proxy "http://proxy:3142";',
      'Acquire::Check-Valid-Until "false";',
      'Acquire::https "";',
      'DPkg::Post-Invoke:: "rm -rf /";',
      'Dir::Cache "var/cache/apt";',
    ].join("\n");
    expect(planAptOptions(dump)).toEqual([
      'Acquire::http::Proxy "http://proxy:3142";',
      'Acquire::Check-Valid-Until "false";',
    ]);
  });
});

describe("the builder's command line", () => {
  test("has all packages of the recipe and each option of apt", () => {
    const argv = mmdebstrapArguments({ packages: ["gcc", "make"] }, ['Acquire::Retries "3"']);
    expect(argv).toContain("--include=gcc,make");
    expect(argv).toContain('--aptopt=Acquire::Retries "3"');
  });

  test("never has mmdebstrap clean up with apt, which could empty the lists of this host", () => {
    const skipped = mmdebstrapArguments({ packages: ["gcc"] }, []).find((argument) => argument.startsWith("--skip="));
    expect(skipped).toMatch(/cleanup\/apt\/cache,cleanup\/apt\/lists/);
  });

  test("dies with whoever started it, and only an ordinary user needs a user namespace", () => {
    const asRoot = inNamespace(true, ["build"]);
    expect(asRoot.join(" ")).toMatch(/^setpriv --pdeathsig KILL unshare .*--kill-child.* -- build$/);
    expect(asRoot).not.toContain("--user");
    expect(inNamespace(false, ["build"])).toEqual(expect.arrayContaining(["--user", "--map-root-user", "--map-auto"]));
  });

  test("builds in memory only where there is twice as much as it takes", () => {
    expect(rootInMemory({ diskMiB: 4096 }, 8191)).toBeUndefined();
    expect(rootInMemory({ diskMiB: 4096 }, 8192)).toBe(4096);
  });
});

describe("the builder's output", () => {
  test("tells the phases of our scripts and of mmdebstrap", () => {
    expect(phaseOf("phase: disk")).toBe("disk");
    expect(phaseOf("I: running apt-get update...")).toBe("package lists");
    expect(phaseOf("Setting up gcc")).toBeUndefined();
  });

  test.each([
    ["cp: error writing 'x': No space left on device", "the disk is full"],
    ["E: Failed to fetch http://x/y.deb", "packages cannot be downloaded"],
    ["unshare: write failed /proc/self/uid_map: Operation not permitted", "user namespaces cannot be used"],
    ["build.sh: line 3: mmdebstrap: command not found", "a program is missing"],
  ])("%s is explained", (line, what) => {
    const error = explainFailure(["before", line, "after"], "/log");
    expect(error.message).toContain(what);
    expect(error.message).toContain(line);
    expect(error.hint).toContain("/log");
  });

  test("that nothing is known of is shown as it is", () => {
    expect(explainFailure(["strange"], "/log").message).toBe("building the image failed\n  strange");
  });
});

describe("the time of phases", () => {
  test("adds up, and is estimated from the earlier build", () => {
    let now = 0;
    const lines: string[] = [];
    const phases = new Phases(
      (line) => lines.push(line),
      { packages: 40, disk: 10 },
      () => now,
    );
    phases.begin("packages");
    now = 42_000;
    phases.begin("disk");
    now = 50_000;
    phases.end();
    expect(phases.seconds).toEqual({ packages: 42, disk: 8 });
    expect(lines).toEqual(["packages (0 s so far, about 50 s to go)", "disk (42 s so far, about 10 s to go)"]);
  });
});

describe("the seal", () => {
  const judge = (command: string) => looks.find((look) => look.command === command)?.judge ?? (() => "no such look");

  test("refuses a user with a password, and one who needs none", () => {
    const shadow = judge("cat /etc/shadow");
    expect(shadow("root:*:1::\nkmvm:!:1::\n")).toBeUndefined();
    expect(shadow("root:$6$x:1::\nkmvm:!:1::\n")).toMatch("root");
    expect(shadow("root:*:1::\nkmvm::1::\n")).toMatch("kmvm");
    expect(shadow("")).toMatch("cannot be read");
  });

  test("refuses host keys, a machine id, and authorized keys", () => {
    expect(judge("ls -p /etc/ssh")("/12/100600/0/0/ssh_host_ed25519_key/411/")).toMatch("host keys");
    const machineId = (size: number) =>
      `Inode: 5   Type: regular\nUser:     0   Group:     0   Project:     0   Size: ${size}\nFragment:  Address: 0    Number: 0    Size: 0\n`;
    expect(judge("stat /etc/machine-id")(machineId(33))).toMatch("machine-id");
    expect(judge("stat /etc/machine-id")(machineId(0))).toBeUndefined();
    expect(judge("stat /etc/machine-id")("/etc/machine-id: File not found by ext2_lookup")).toMatch("machine-id");
    expect(judge("stat /home/kmvm/.ssh")("Inode: 9   Type: directory")).toMatch("/home/kmvm/.ssh");
    expect(judge("stat /home/kmvm/.ssh")("/home/kmvm/.ssh: File not found by ext2_lookup")).toBeUndefined();
  });

  test("takes for secrets what is named like one and is long enough to be looked for, line by line", () => {
    const environment = {
      GITHUB_TOKEN: "ghp_12345678",
      SP_APPID: "0123456789",
      HOME: "/root/0123",
      MY_SECRET: "short",
    };
    expect(secretsOf(environment).map(({ name }) => name)).toEqual(["GITHUB_TOKEN", "SP_APPID"]);
    expect(secretsOf({ A_PRIVATE_KEY: "-----BEGIN-----\nabcdefghij\n" }).map(({ value }) => value)).toEqual([
      "-----BEGIN-----",
      "abcdefghij",
    ]);
  });
});

test("packages are read with architecture and version, and named as apt names their files", () => {
  expect(parsePackages("gcc:amd64 4:12.2.0-3\nlibc6:amd64 2.36\n")).toEqual({
    "gcc:amd64": "4:12.2.0-3",
    "libc6:amd64": "2.36",
  });
  expect(debFile("gcc", "4:12.2.0-3", "amd64")).toBe("gcc_4%3a12.2.0-3_amd64.deb");
});

test("failed checks of a smoke test are named with what they said", () => {
  expect(failedChecks("ok 1 - a\nnot ok 2 - docker runs\n# no daemon\nok 3 - b\n# not of interest\n1..3")).toEqual([
    "docker runs",
    "  no daemon",
  ]);
});

test("a machine of a smoke test is abandoned when its process is gone; others never are", () => {
  const tags = smokeTags("L0-base", today);
  expect(isAbandonedSmoke(tags)).toBe(false);
  expect(isAbandonedSmoke({ ...tags, runId: `${process.pid}.1` })).toBe(true);
  expect(isAbandonedSmoke({ ...tags, backendHash: "0123", runId: "1.1" })).toBe(false);
});
