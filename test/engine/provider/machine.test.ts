import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { repositoryRoot } from "../../../lib/paths";
import { retryUntil } from "../../../lib/retry";
import { inspectMachine, listMachines, removeMachine } from "../../../provider/qemu/machine";
import { engineProject, type EngineProject } from "../../support/engine-project";
import { processesWith } from "../../support/processes";

/** Keys, a run and a machine, as the programs declare them; settings.json changes the machine. */
const program = `
const pulumi = require("@pulumi/pulumi");
const outputs = (...names) => Object.fromEntries(names.map((name) => [name, undefined]));
class SshKey extends pulumi.CustomResource {
  constructor(name) {
    super("kmvm:index:SshKey", name, outputs("publicKey", "privateKey"), { additionalSecretOutputs: ["privateKey"] });
  }
}
class Run extends pulumi.CustomResource {
  constructor(name, args) {
    super("kmvm:index:Run", name, { ...args, ...outputs("runId", "createdAt", "expiresAt", "owner") });
  }
}
class Machine extends pulumi.CustomResource {
  constructor(name, args) {
    super("kmvm:local:Machine", name, { ...args, ...outputs("address", "port", "pid", "state", "folder") });
  }
}
const { linger, ...changes } = require("./settings.json");
const user = new SshKey("user"), host = new SshKey("host");
const run = new Run("run", { stack: pulumi.getStack(), ttl: 600 });
const machine = new Machine("machine", {
  machineId: pulumi.interpolate\`engine-\${run.runId}\`,
  image: "empty", boot: "uefi", vcpus: 1, memoryMiB: 256, diskGiB: 1,
  expiresAt: run.expiresAt,
  authorizedKey: user.publicKey, hostPublicKey: host.publicKey, hostPrivateKey: host.privateKey,
  tags: {
    project: "tiny", backendHash: "b", stack: pulumi.getStack(),
    runId: run.runId, createdAt: run.createdAt, owner: run.owner,
  },
  ...changes,
});
exports.machineId = machine.id;
exports.address = machine.address;
if (linger) exports.lingered = machine.id.apply(() => new Promise((done) => setTimeout(done, linger)));
`;

const root = repositoryRoot(__dirname);
const version = "20260101.1-000000000000";
const timeoutMs = 120_000;

/** Puts an image into the store that holds nothing to boot. */
function storeEmptyImage(home: string): string {
  const folder = join(home, "images", "empty", version);
  mkdirSync(folder, { recursive: true });
  for (const name of ["vmlinuz", "initrd", "disk.raw"]) writeFileSync(join(folder, name), "");
  truncateSync(join(folder, "disk.raw"), 16 * 1024 * 1024);
  const origin = { suite: "none", kernelVersion: "none", builtAt: "2026-01-01T00:00:00Z", phases: {}, packages: {} };
  writeFileSync(
    join(folder, "manifest.json"),
    JSON.stringify({ schema: 1, name: "empty", version, key: "0".repeat(64), diskFormat: "raw", ...origin }),
  );
  symlinkSync(version, join(home, "images", "empty", "promoted"));
  return folder;
}

describe("the kmvm plugin under the real engine", () => {
  let home = "";
  let image = "";
  let project: EngineProject;

  beforeAll(() => {
    home = mkdtempSync(join(tmpdir(), "kmvm-provider-"));
    image = storeEmptyImage(home);
  });
  afterAll(() => {
    rmSync(home, { recursive: true, force: true });
  });
  beforeEach(async () => {
    project = engineProject(program);
    const yaml = "name: tiny\nruntime: {name: nodejs, options: {typescript: false}}\n";
    project.write("Pulumi.yaml", `${yaml}plugins: {providers: [{name: kmvm, path: plugin}]}\n`);
    mkdirSync(join(project.folder, "plugin"));
    // The engine itself has the KMVM_HOME that scripts/setup filled.
    const launcher = `#!/bin/sh\nexport KMVM_HOME='${home}'\nexec '${root}/provider/pulumi-resource-kmvm' "$@"\n`;
    project.write("plugin/pulumi-resource-kmvm", launcher);
    chmodSync(join(project.folder, "plugin/pulumi-resource-kmvm"), 0o755);
    given({});
    expect((await project.pulumi("stack", "init", "dev")).code).toBe(0);
  }, timeoutMs);
  afterEach(async () => {
    for (const { id } of await listMachines(home)) await removeMachine(home, id);
    project.remove();
  }, timeoutMs);

  const given = (settings: Record<string, unknown>): void => {
    project.write("settings.json", JSON.stringify(settings));
  };
  const up = () => project.pulumi("up", "--yes", "--skip-preview");
  const theMachine = () => project.resources().find(({ type }) => type === "kmvm:local:Machine");
  async function expectUp(): Promise<{ id: string; text: string }> {
    const { code, text } = await up();
    expect({ code, text }).toMatchObject({ code: 0 });
    const id = theMachine()?.id ?? "";
    expect(await inspectMachine(home, id)).toMatchObject({ state: "running" });
    return { id, text };
  }

  test(
    "preview starts nothing; up does, says on what and where, and a second up has nothing to do",
    async () => {
      expect(await project.pulumi("preview")).toMatchObject({ code: 0 });
      expect(await listMachines(home)).toEqual([]);

      const { id, text } = await expectUp();
      const machine = await inspectMachine(home, id);
      expect(text).toContain(`image empty ${version}`);
      expect(text).toMatch(/(kvm|tcg): /);
      expect(text).toContain(`ssh on ${machine?.address ?? "?"}:${machine?.port ?? "?"}`);
      expect(theMachine()?.outputs).toMatchObject({ address: machine?.address, pid: machine?.pid, state: "running" });

      expect(await project.pulumi("preview", "--expect-no-changes")).toMatchObject({ code: 0 });
      expect(await project.pulumi("up", "--yes", "--skip-preview", "--expect-no-changes")).toMatchObject({ code: 0 });
      expect(await project.pulumi("refresh", "--yes", "--expect-no-changes")).toMatchObject({ code: 0 });
      expect(await inspectMachine(home, id)).toMatchObject({ pid: machine?.pid });

      expect(await project.pulumi("destroy", "--yes", "--skip-preview")).toMatchObject({ code: 0 });
      expect(await listMachines(home)).toEqual([]);
    },
    timeoutMs,
  );

  test(
    "private keys are not in the state in clear",
    async () => {
      await expectUp();
      expect(project.stateText()).not.toMatch(/PRIVATE KEY/);
    },
    timeoutMs,
  );

  test(
    "a machine whose QEMU was killed is found by refresh and made anew by up",
    async () => {
      const { id } = await expectUp();
      const before = await inspectMachine(home, id);
      process.kill(before?.pid ?? 0, "SIGKILL");
      const refreshed = await project.pulumi("refresh", "--yes");
      expect(refreshed).toMatchObject({ code: 0 });
      expect(theMachine()?.outputs).toMatchObject({ state: "stopped", crashed: true });

      const { text } = await expectUp();
      expect(text).toMatch(/replaced/);
      expect((await inspectMachine(home, id))?.pid).not.toBe(before?.pid);
    },
    timeoutMs,
  );

  test(
    "a machine that is gone altogether is dropped by refresh, and destroy does not need it",
    async () => {
      const { id } = await expectUp();
      await removeMachine(home, id);
      expect(await project.pulumi("refresh", "--yes")).toMatchObject({ code: 0 });
      expect(theMachine()).toBeUndefined();

      const again = await expectUp();
      await removeMachine(home, again.id);
      expect(await project.pulumi("destroy", "--yes", "--skip-preview")).toMatchObject({ code: 0 });
    },
    timeoutMs,
  );

  test(
    "mistakes are told all at once, and nothing is made",
    async () => {
      given({ vcpus: 0, boot: "bios", image: "nothing" });
      const { code, text } = await up();
      expect(code).not.toBe(0);
      expect(text).toMatch(/vcpus is 0, allowed: 1 to 64/);
      expect(text).toMatch(/boot is "bios", allowed: direct, uefi/);
      expect(text).toMatch(/there is no image "nothing"[^]*kmvm image build nothing/);
      expect(await listMachines(home)).toEqual([]);
    },
    timeoutMs,
  );

  test(
    "a half-made machine stays in the state; up mends it, destroy would remove it",
    async () => {
      rmSync(join(image, "disk.raw"));
      try {
        const { code, text } = await up();
        expect(code).not.toBe(0);
        expect(text).toMatch(/disk\.raw/);
        const [left] = await listMachines(home);
        expect(left).toMatchObject({ state: "half-made" });
        expect(theMachine()?.id).toBe(left?.id);
      } finally {
        writeFileSync(join(image, "disk.raw"), "");
        truncateSync(join(image, "disk.raw"), 16 * 1024 * 1024);
      }
      await expectUp();
      expect(await project.pulumi("destroy", "--yes", "--skip-preview")).toMatchObject({ code: 0 });
      expect(await listMachines(home)).toEqual([]);
    },
    timeoutMs,
  );

  test(
    "when the engine is killed no plugin process stays, the machine does, and the next up takes it over",
    async () => {
      given({ linger: 60_000 });
      const call = project.start("up", "--yes", "--skip-preview");
      await call.seen(/QEMU runs/);
      call.signal("SIGKILL");
      await call.ended;
      // The plugin's processes have that KMVM_HOME in their environment; QEMU has no environment to speak of.
      const plugins = () => processesWith(home).filter(({ command }) => command.includes("pulumi-resource-kmvm"));
      await retryUntil({
        what: "the plugin's processes to end",
        timeoutMs: 5000,
        attempt: () => plugins().length === 0 || undefined,
      });
      const [orphan] = await listMachines(home);
      expect(orphan).toMatchObject({ state: "running" });

      given({});
      expect(await project.pulumi("cancel", "--yes")).toMatchObject({ code: 0 });
      const { id } = await expectUp();
      expect(await inspectMachine(home, id)).toMatchObject({ id: orphan?.id, pid: orphan?.pid });
    },
    timeoutMs,
  );
});
