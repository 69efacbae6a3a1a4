import { describe, expect, test } from "@jest/globals";
import { parseStackName } from "../../../stacks/name";
import { parseSettings } from "../../../stacks/parse-settings";
import { problemsError } from "../../../stacks/setting-problems";
import { shownSettings } from "../../../stacks/shown-settings";
import { sealed, type SettingSources } from "../../../stacks/setting-sources";
import { stackSubject } from "../../../stacks/subject";

const stack = parseStackName("test-ci-240");

function parse(sources: Partial<SettingSources> = {}, of = stack) {
  return parseSettings(of, {
    profile: "",
    configuration: {},
    environment: {},
    root: "/checkout",
    isDirectory: () => true,
    ...sources,
  });
}

describe("settings", () => {
  test("are complete without any configuration", () => {
    const { settings, problems } = parse();
    expect(problems).toEqual([]);
    expect(settings).toMatchObject({
      backend: "qemu",
      image: "L0-base",
      device: "/dev/kvm",
      target: "test",
      source: { kind: "directory", path: "/checkout/samples/km-hello" },
      directories: ["."],
      keep: "never",
      ttl: 4 * 3600,
    });
  });

  test("cannot be changed afterwards", () => {
    const { settings } = parse();
    expect(Object.isFrozen(settings)).toBe(true);
  });

  test("take IMAGE_VERSION from the name of the stack", () => {
    expect(parse().settings?.imageVersion).toBe("ci-240");
  });

  test("come from default, profile, configuration and environment, the later the stronger", () => {
    const profile = "config:\n  kmvm:target: test-all\n  kmvm:vcpus: 3\n  kmvm:memoryMiB: 1024\n";
    const { settings } = parse({
      profile,
      configuration: { vcpus: "4", target: "test-all" },
      environment: { TARGET: "validate-runenv-image" },
    });
    expect(settings).toMatchObject({ memoryMiB: 1024, vcpus: 4, target: "validate-runenv-image", diskGiB: 20 });
  });

  test.each([
    ["IMAGE_VERSION", "ci-9", { imageVersion: "ci-9" }],
    ["HYPERVISOR_DEVICE", "/dev/kvm", { device: "/dev/kvm" }],
    ["TARGET", "test-all", { target: "test-all" }],
    ["PACKER_DIR", "payloads/node payloads/java", { directories: ["payloads/node", "payloads/java"] }],
    ["LOCATION", "payloads/node", { directories: ["payloads/node"] }],
    ["RUNTIME", "/opt/kontain/bin/krun", { runtime: "/opt/kontain/bin/krun" }],
    ["GITHUB_TOKEN", "t0ken", { githubToken: "t0ken" }],
  ])("honour the variable %s", (variable, value, expected) => {
    expect(parse({ environment: { [variable]: value } }).settings).toMatchObject(expected);
  });

  test("honour SRC_BRANCH for a repository", () => {
    const { settings } = parse({
      configuration: { source: "https://example.org/km.git" },
      environment: { SRC_BRANCH: "next" },
    });
    expect(settings?.source).toEqual({ kind: "repository", url: "https://example.org/km.git", branch: "next" });
  });

  test.each([
    "https://example.org/km.git",
    "https://example.org/@scope/km.git",
    "ssh://git@example.org/km.git",
    "git+ssh://git@example.org/km.git",
    "git@example.org:km.git",
    "file:///srv/km.git",
  ])("take the repository %s", (url) => {
    expect(parse({ configuration: { source: url } }).settings?.source).toEqual({ kind: "repository", url });
  });

  test("honour SP_APPID, SP_PASSWORD and SP_TENANT as the registry's login", () => {
    const { settings, problems } = parse({
      configuration: { registry: "kontainkubecr.azurecr.io" },
      environment: { SP_APPID: "app", SP_PASSWORD: "pass", SP_TENANT: "tenant" },
    });
    expect(problems).toEqual([]);
    expect(settings?.registry).toMatchObject({ host: "kontainkubecr.azurecr.io", username: "app", password: "pass" });
  });

  test("prefer PACKER_DIR to LOCATION", () => {
    expect(parse({ environment: { PACKER_DIR: "a", LOCATION: "b" } }).settings?.directories).toEqual(["a"]);
  });

  test.each([
    ["90", 90],
    ["90s", 90],
    ["30m", 1800],
    ["2h", 7200],
  ])("read the time %s", (text, seconds) => {
    expect(parse({ configuration: { ttl: text } }).settings?.ttl).toBe(seconds);
  });

  test.each(["", " ", "soon", "-5m", "1".repeat(200), `${"1".repeat(200)}s`])("refuse %p as a time", (ttl) => {
    expect(parse({ configuration: { ttl } }).problems).toMatchObject([{ key: "ttl", value: ttl }]);
  });

  test("with ten mistakes make ten problems", () => {
    const { problems } = parse({
      configuration: {
        backend: "aws2",
        vcpus: "many",
        memoryMiB: "1",
        ttl: "forever",
        keep: "maybe",
        device: "/dev/null",
        target: "all",
        directories: "../up",
        environment: '{"A-B":"x"}',
        colour: "red",
      },
    });
    expect(problems.map(({ key }) => key).sort()).toEqual([
      "backend",
      "colour",
      "device",
      "directories",
      "environment",
      "keep",
      "memoryMiB",
      "target",
      "ttl",
      "vcpus",
    ]);
    const { message } = problemsError(problems, stackSubject({ full: "test-ci-240" }));
    expect(message.split("\n")).toHaveLength(11);
    for (const line of message.split("\n").slice(1)) expect(line).toMatch(/allowed: .+; to mend it: .+/);
  });

  test("say which variable is to be changed", () => {
    expect(parse({ environment: { TARGET: "x" } }).problems[0]?.fix).toBe(
      "change or unset environment variable TARGET",
    );
  });

  test.each([
    ["/dev/kkm without its source", { device: "/dev/kkm" }, "kkmSource"],
    ["a registry's user without password", { registry: "r", registryUsername: "u" }, "registryPassword"],
    ["a password without user", { registry: "r", registryPassword: "p" }, "registryUsername"],
    ["a login without registry", { registryUsername: "u", registryPassword: "p" }, "registry"],
    ["a password in a URL", { source: "https://me:pass@example.org/km.git" }, "source"],
    ["a password for ssh in a URL", { source: "ssh://me:pass@example.org/km.git" }, "source"],
    ["a token as the user of a URL", { source: "https://t0ken@example.org/km.git" }, "source"],
    ["the same in capitals", { source: "HTTPS://t0ken@example.org/km.git" }, "source"],
    ["a token in the URL of kkm", { kkmSource: "http://t0ken@example.org/kkm.git" }, "kkmSource"],
    ["an option for git in a branch", { branch: "--upload-pack=x" }, "branch"],
    ["a variable of two lines", { environment: '{"A":"x\\ny"}' }, "environment"],
    ["a command in a directory", { directories: '["a;reboot"]' }, "directories"],
    ["a setting of another backend", { aws: "{}" }, "aws"],
    ["a wrong qemu setting", { qemu: '{"boot":"floppy"}' }, "qemu"],
  ])("refuse %s", (_what, configuration, key) => {
    expect(
      parse({ configuration: configuration as Record<string, string> }).problems.map((problem) => problem.key),
    ).toEqual([key]);
  });

  test("of a machine on /dev/kkm that runs no tests need no source of its module", () => {
    const { settings, problems } = parse({ configuration: { device: "/dev/kkm" } }, parseStackName("vm-dev-1"));
    expect(problems).toEqual([]);
    expect(settings?.device).toBe("/dev/kkm");
  });

  test("of the engine's secrets are given, and no values", () => {
    const login = { registry: "r", registryUsername: "u", registryPassword: sealed } as const;
    const { settings, problems } = parse({ configuration: { ...login, githubToken: sealed } });
    expect(problems).toEqual([]);
    expect(settings?.registry?.password).toBe("");
    expect(settings?.githubToken).toBeUndefined();
    expect(parse({ configuration: login, environment: { SP_PASSWORD: "p" } }).settings?.registry?.password).toBe("p");
    expect(parse({ configuration: { registryPassword: sealed } }).problems.map(({ key }) => key)).toEqual([
      "registryUsername",
    ]);
    expect(parse({ configuration: { vcpus: sealed }, profile: "config:\n  kmvm:vcpus: 3\n" }).settings?.vcpus).toBe(3);
    expect(parse({ configuration: { backend: "aws", aws: sealed } }).problems.map(({ key }) => key)).toEqual(["aws"]);
  });

  const aws = { region: "us-west-2", scheduleRoleArn: "arn:aws:iam::123456789012:role/kmvm-expiry" };

  test("of a backend are needed by it", () => {
    expect(parse({ configuration: { backend: "aws" } }).problems).toMatchObject([
      { key: "aws", value: undefined, allowed: expect.stringContaining("region, scheduleRoleArn, if wanted zones") },
    ]);
    const { settings, problems } = parse({ configuration: { backend: "aws", aws: JSON.stringify(aws) } });
    expect(problems).toEqual([]);
    expect(settings?.aws).toEqual({ ...aws, parameterPrefix: "/kmvm/images" });
  });

  test("of another backend are a problem in a stack, and none in a profile or the environment", () => {
    const text = JSON.stringify(aws);
    expect(parse({ configuration: { aws: text } }).problems).toMatchObject([
      { key: "aws", allowed: expect.stringContaining("the backend is qemu") },
    ]);
    expect(parse({ profile: `config:\n  kmvm:aws: ${text}\n` }).problems).toEqual([]);
    expect(parse({ environment: { KMVM_AWS: text } }).problems).toEqual([]);
  });

  test("of a backend that are wrong are named one by one", () => {
    const wrong = JSON.stringify({ ...aws, region: "here", colour: "red" });
    expect(parse({ configuration: { backend: "aws", aws: wrong } }).problems).toMatchObject([
      { key: "aws", allowed: expect.stringMatching(/what is wrong in it: region, colour$/) },
    ]);
  });

  test.each([
    ["callerCidr", "0.0.0.0/0"],
    ["callerCidr", "0.0.0.0/32"],
    ["callerCidr", "192.0.2.0/24"],
    ["callerCidr", "192.0.2.1"],
    ["size", "m8i large"],
    ["spot", "maybe"],
    ["zone", "us west"],
    ["maxCostUsd", "0"],
    ["maxCostUsd", "much"],
  ])("refuse %s %s", (key, value) => {
    expect(parse({ configuration: { [key]: value } }).problems.map((problem) => problem.key)).toEqual([key]);
  });

  test("of every cloud are read", () => {
    const configuration = { size: "m8i.xlarge", spot: "true", callerCidr: "192.0.2.1/32", maxCostUsd: "1.5" };
    expect(parse({ configuration }).settings).toMatchObject({
      size: "m8i.xlarge",
      spot: true,
      callerCidr: "192.0.2.1/32",
      maxCostUsd: 1.5,
    });
  });

  test("refuse a directory that does not exist", () => {
    const { problems } = parse({ configuration: { source: "gone" }, isDirectory: () => false });
    expect(problems).toMatchObject([{ key: "source", value: "/checkout/gone" }]);
  });

  test("never show a secret, neither in a problem nor in the evidence", () => {
    const wrong = parse({ environment: { GITHUB_TOKEN: "canary" }, configuration: { registryPassword: "canary" } });
    expect(JSON.stringify(wrong.problems)).not.toContain("canary");
    for (const user of ["me:canary", "canary", "canary@me:canary"]) {
      const url = parse({ configuration: { source: `https://${user}@example.org/km.git` } });
      expect(JSON.stringify(url.problems)).toMatch(/example.org.*GITHUB_TOKEN/);
      expect(JSON.stringify(url.problems)).not.toContain("canary");
    }
    const { settings } = parse({
      environment: { GITHUB_TOKEN: "canary" },
      configuration: {
        registry: "r",
        registryUsername: "u",
        registryPassword: "canary",
        environment: '{"A":"canary"}',
      },
    });
    expect(settings?.githubToken).toBe("canary");
    expect(JSON.stringify(settings && shownSettings(settings))).not.toContain("canary");
  });
});
