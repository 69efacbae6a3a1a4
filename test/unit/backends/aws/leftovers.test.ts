import { describe, expect, test } from "@jest/globals";
import { summaryOf } from "../../../../components/backends/aws/inventory";
import { imageRemains, runRemains } from "../../../../components/backends/aws/leftovers";
import type { ImageResource } from "../../../../components/backends/aws/image-resources";
import { permissionFindings } from "../../../../components/backends/aws/preflight";
import { vcpusUsed } from "../../../../components/backends/aws/quota";
import { removable, type RunResource } from "../../../../components/backends/aws/run-resources";
import { toTags } from "../../../../lib/tags";

const tags = (runId: string, stack = "test-ci-240") => ({
  ...{ project: "kmvm", backendHash: "0123456789ab", stack, runId, owner: "me@here" },
  ...{ createdAt: "2026-01-01T00:00:00.000Z", expiresAt: "2026-01-01T04:00:00.000Z" },
});

describe("remains of runs", () => {
  const group = (runId: string, stack?: string): RunResource => ({
    ...{ kind: "security-group", id: `sg-${runId}`, tags: tags(runId, stack) },
  });

  test("are what no living machine has, by run and not by stack alone", () => {
    const found = runRemains(
      [group("a"), group("b"), group("a2", "test-ci-241")],
      [{ stack: "test-ci-240", runId: "a" }],
    );
    expect(found.map(({ id, machineId }) => `${id} ${machineId}`)).toEqual([
      "sg-b test-ci-240-b",
      "sg-a2 test-ci-241-a2",
    ]);
  });

  test("say whose they are and since when", () => {
    expect(runRemains([group("b")], [])[0]).toMatchObject({ tags: tags("b"), changedAt: Date.UTC(2026, 0, 1) });
  });

  test("come in an order in which each can be removed: a group last, since others are in it", () => {
    const kinds = ["security-group", "schedule", "volume", "launch-template", "network-interface"] as const;
    const all = kinds.map((kind) => ({ kind, id: kind, tags: tags("a") }));
    const order = removable(all).map(({ kind }) => kind);
    expect(order.at(-1)).toBe("security-group");
    expect(order.indexOf("network-interface")).toBeLessThan(order.indexOf("security-group"));
    expect([...order].sort()).toEqual([...kinds].sort());
  });
});

describe("remains of publishing", () => {
  const made = (kind: ImageResource["kind"], id: string, snapshots: string[] = []): ImageResource => ({
    ...{ kind, id, snapshots, image: "L0-base", version: "1", backendHash: "0123456789ab", stack: "l0-ci-1" },
    createdAt: "2026-01-01T00:00:00.000Z",
  });

  test("are images that no version names and snapshots that no image has, a day old", () => {
    const all = [
      made("image", "ami-named", ["snap-1"]),
      made("image", "ami-lost", ["snap-2"]),
      made("snapshot", "snap-1"),
      made("snapshot", "snap-2"),
      made("snapshot", "snap-lost"),
    ];
    const found = imageRemains(all, ["ami-named"]);
    expect(found.map(({ id }) => id)).toEqual(["ami-lost", "snap-lost"]);
    expect(found[0]?.tags?.expiresAt).toBe("2026-01-02T00:00:00.000Z");
  });

  test("are disks that are on the way there, but no snapshot of which somebody else has made an image", () => {
    const all = [
      made("object", "bucket/kmvm/L0-base/1.vmdk"),
      made("upload", "bucket/kmvm/L0-base/1.vmdk?uploadId=1"),
      { ...made("import", "import-snap-1"), createdAt: "" },
      { ...made("snapshot", "snap-others"), usedByOthers: true as const },
    ];
    const found = imageRemains(all, []);
    expect(found.map(({ id }) => id)).toEqual(all.slice(0, 3).map(({ id }) => id));
    // Of unknown age: never past it.
    expect(found[2]?.tags?.expiresAt).toBe("");
  });
});

describe("a machine in the list", () => {
  const Tags = Object.entries(toTags(tags("a"))).map(([Key, Value]) => ({ Key, Value }));

  test.each([
    ["pending", "running"],
    ["running", "running"],
    ["stopping", "stopped"],
    ["stopped", "stopped"],
  ] as const)("that is %s is %s", (Name, state) => {
    expect(summaryOf({ InstanceId: "i-1", Tags, State: { Name } })?.state).toBe(state);
  });

  test.each(["shutting-down", "terminated"] as const)("that is %s is none", (Name) => {
    expect(summaryOf({ InstanceId: "i-1", Tags, State: { Name } })).toBeUndefined();
  });

  test("without our tags is none", () => {
    expect(summaryOf({ InstanceId: "i-1", Tags: [], State: { Name: "running" } })).toBeUndefined();
  });
});

describe("vCPUs that count", () => {
  const instance = (type: string, cores: number, state: string, spot = false) => ({
    ...{ InstanceType: type as "m5.large", State: { Name: state as "running" } },
    ...(spot ? { InstanceLifecycle: "spot" as const } : {}),
    CpuOptions: { CoreCount: cores, ThreadsPerCore: 2 },
  });
  const all = [
    instance("m8i.xlarge", 2, "running"),
    instance("t3.micro", 1, "pending"),
    instance("c5.large", 1, "shutting-down"),
    instance("m5.24xlarge", 48, "stopped"),
    instance("m5.24xlarge", 48, "terminated"),
    instance("p4d.24xlarge", 48, "running"),
    instance("hpc7a.96xlarge", 96, "running"),
    instance("inf2.xlarge", 2, "running"),
    instance("m8i.large", 1, "running", true),
  ];

  test("on demand are those of standard families that are there and not stopped", () => {
    expect(vcpusUsed(all, "on-demand")).toBe(4 + 2 + 2);
  });

  test("of spot machines are counted apart", () => {
    expect(vcpusUsed(all, "spot")).toBe(2);
  });
});

describe("permissions", () => {
  const result = (permission: string, answer: "allowed" | "refused" | "undecided") => ({ permission, answer });

  test("that are missing are named, all of them", () => {
    expect(
      permissionFindings([result("a:B", "refused"), result("a:C", "allowed"), result("a:D", "refused")]),
    ).toMatchObject([{ level: "fail", text: "missing: a:B, a:D" }]);
  });

  test("that cannot be decided are a warning beside those that are there", () => {
    expect(permissionFindings([result("a:B", "allowed"), result("a:C", "undecided")])).toMatchObject([
      { level: "ok" },
      { level: "warn", text: expect.stringContaining("a:C") },
    ]);
  });
});
