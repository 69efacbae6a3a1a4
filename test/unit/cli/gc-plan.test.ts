import { describe, expect, test } from "@jest/globals";
import type { GcFacts, MachineFacts, StackFacts } from "../../../cli/gc-facts";
import { planGc } from "../../../cli/gc-plan";
import type { MachineTags } from "../../../lib/tags";

const now = Date.parse("2026-11-24T12:00:00Z");
const past = "2026-11-24T11:59:59Z";
const future = "2026-11-24T13:00:00Z";

const nothing: GcFacts = {
  backendHash: "ours",
  machines: [],
  stacks: [],
  remains: [],
  builds: [],
  files: [],
  processes: [],
};

const machine = (given: Partial<MachineFacts> = {}): MachineFacts => ({
  id: "test-ci-1-aaaaaaaa",
  stack: "test-ci-1",
  runId: "aaaaaaaa",
  state: "running",
  address: "127.9.9.9",
  imageVersion: "1",
  owner: "me@here",
  createdAt: "2026-11-24T11:00:00Z",
  expiresAt: future,
  backendHash: "ours",
  backend: "qemu",
  makerGone: false,
  ...given,
});

const stack = (given: Partial<StackFacts> = {}): StackFacts => ({
  name: "test-ci-1",
  lease: undefined,
  locks: [],
  pending: [],
  resourceIds: ["test-ci-1-aaaaaaaa"],
  expiresAt: future,
  ...given,
});

const deadLease = { held: false, pid: 7, command: "kmvm test --profile ci --id 1", halfDone: true };
const liveLease = { ...deadLease, held: true };
const deadLock = { pid: 8, dead: true };
const liveLock = { pid: 8, dead: false };

const actions = (facts: Partial<GcFacts>) =>
  planGc({ ...nothing, ...facts }, now).findings.map(({ action }) => {
    const { kind, expiresAt: _, ...rest } = { expiresAt: undefined, ...action };
    return `${kind} ${Object.values(rest).join(" ")}`;
  });

describe("machines", () => {
  test.each<[string, Partial<GcFacts>, string[]]>([
    ["one that its stack owns stays", { machines: [machine()], stacks: [stack()] }, []],
    ["one of a stack that is gone goes", { machines: [machine()] }, ["destroy-machine qemu test-ci-1-aaaaaaaa"]],
    [
      "one that its stack does not list goes, the stack stays",
      { machines: [machine({ id: "test-ci-1-bbbbbbbb" })], stacks: [stack()] },
      ["destroy-machine qemu test-ci-1-bbbbbbbb"],
    ],
    [
      "one that its stack does not list yet stays while a command is at work on the stack",
      { machines: [machine()], stacks: [stack({ resourceIds: [], lease: liveLease })] },
      [],
    ],
    [
      "one that its stack does not list yet stays while a bare engine is at work on the stack",
      { machines: [machine()], stacks: [stack({ resourceIds: [], locks: [liveLock] })] },
      [],
    ],
    [
      "an expired one stays while a command is at work on its stack",
      { machines: [machine({ expiresAt: past })], stacks: [stack({ expiresAt: past, lease: liveLease })] },
      [],
    ],
    ["another state's stays", { machines: [machine({ backendHash: "theirs" })] }, []],
    ["another state's half-made stays", { machines: [machine({ backendHash: "theirs", state: "half-made" })] }, []],
    [
      "one of a killed test of an image goes",
      { machines: [machine({ backendHash: "image-smoke", makerGone: true })] },
      ["destroy-machine qemu test-ci-1-aaaaaaaa"],
    ],
    [
      "another state's goes when it has expired",
      { machines: [machine({ backendHash: "theirs", expiresAt: past })] },
      ["destroy-machine qemu test-ci-1-aaaaaaaa"],
    ],
    ["one of no known state stays", { machines: [machine({ backendHash: "" })] }, []],
    [
      "one of no known state stays although ours is unknown, too",
      { backendHash: "", machines: [machine({ backendHash: "" })] },
      [],
    ],
    [
      "one of no known state goes when it has expired",
      { machines: [machine({ backendHash: "", expiresAt: past })] },
      ["destroy-machine qemu test-ci-1-aaaaaaaa"],
    ],
    [
      "a half-made one goes with the stack that lists it",
      { machines: [machine({ state: "half-made" })], stacks: [stack()] },
      ["destroy-stack test-ci-1"],
    ],
  ])("%s", (_, facts, expected) => {
    expect(actions(facts)).toEqual(expected);
  });
});

describe("stacks", () => {
  test.each<[string, Partial<StackFacts>, string[]]>([
    ["one that is kept stays", {}, []],
    ["one whose command was killed goes", { lease: deadLease }, ["destroy-stack test-ci-1"]],
    [
      "one that a killed command had not made yet goes",
      { lease: deadLease, resourceIds: [] },
      ["destroy-stack test-ci-1"],
    ],
    [
      "one whose machine was only being stopped is set free",
      { lease: { ...deadLease, halfDone: false } },
      ["release-stack test-ci-1"],
    ],
    ["one that a command is at work on stays", { lease: liveLease, locks: [deadLock], pending: ["creating x"] }, []],
    ["one whose command was killed stays while the engine goes on", { lease: deadLease, locks: [liveLock] }, []],
    ["one past its expiry goes", { expiresAt: past }, ["destroy-stack test-ci-1"]],
    ["one past its expiry stays while the engine is at work on it", { expiresAt: past, locks: [liveLock] }, []],
    [
      "one that a killed engine left in the middle goes",
      { locks: [deadLock], pending: ["creating x"] },
      ["destroy-stack test-ci-1"],
    ],
    ["one that a killed engine only locked is set free", { locks: [deadLock] }, ["release-stack test-ci-1"]],
    ["one with one dead lock and one live stays", { locks: [deadLock, liveLock] }, []],
    [
      "one in the middle of something stays where locks cannot be seen",
      { locks: undefined, pending: ["creating x"] },
      [],
    ],
    [
      "one whose command was killed goes where locks cannot be seen",
      { locks: undefined, lease: deadLease },
      ["destroy-stack test-ci-1"],
    ],
    [
      "an image's is only set free",
      { name: "l0-dev-1", lease: deadLease, locks: [deadLock], expiresAt: undefined },
      ["release-stack l0-dev-1"],
    ],
  ])("%s", (_, given, expected) => {
    expect(actions({ stacks: [stack(given)] })).toEqual(expected);
  });

  test("one whose command was killed while its engine goes on is told", () => {
    const { notes } = planGc({ ...nothing, stacks: [stack({ lease: deadLease, locks: [liveLock] })] }, now);
    expect(notes).toEqual([{ what: "stack test-ci-1", why: "still in use by the engine's process 8: left alone" }]);
  });

  test("the machine that a killed command's state does not know goes after its stack", () => {
    const facts = {
      stacks: [stack({ lease: deadLease, resourceIds: [] })],
      machines: [machine({ state: "half-made" })],
    };
    expect(actions(facts)).toEqual(["destroy-stack test-ci-1", "destroy-machine qemu test-ci-1-aaaaaaaa"]);
  });

  test("a stack that was killed again is another finding", () => {
    const keyOf = (pid: number) =>
      planGc({ ...nothing, stacks: [stack({ lease: { ...deadLease, pid } })] }, now).findings[0]?.key;
    expect(keyOf(7)).not.toBe(keyOf(9));
  });
});

describe("remains of machines", () => {
  const remains = {
    backend: "qemu",
    id: ".new-test-ci-1-aaaaaaaa.01234567",
    stage: "being made",
    machineId: "test-ci-1-aaaaaaaa",
    changedAt: now - 100,
  } as const;
  test.each<[string, Partial<GcFacts>, number]>([
    ["being made just now, of an unknown stack: stay", { remains: [remains] }, 0],
    ["being made, old: go", { remains: [{ ...remains, changedAt: now - 20_000 }] }, 1],
    ["being made, of a stack that nobody is at work on: go", { remains: [remains], stacks: [stack()] }, 1],
    ["of a stack in use: stay", { remains: [{ ...remains, changedAt: 0 }], stacks: [stack({ lease: liveLease })] }, 0],
    ["being removed: go", { remains: [{ ...remains, stage: "being removed" }] }, 1],
  ])("%s", (_, facts, count) => {
    expect(actions(facts).filter((action) => action.startsWith("remove-remains"))).toHaveLength(count);
  });

  const tags = (given: Partial<MachineTags> = {}): MachineTags => ({
    ...{ project: "kmvm", backendHash: "ours", stack: "test-ci-1", runId: "aaaaaaaa", owner: "me@here" },
    ...{ createdAt: "2026-11-24T11:00:00Z", expiresAt: future },
    ...given,
  });
  const tagged = (given: Partial<MachineTags>) => ({ ...remains, changedAt: 0, tags: tags(given) });

  test.each<[string, Partial<GcFacts>, number]>([
    ["of another state: stay until they expire", { remains: [tagged({ backendHash: "theirs" })] }, 0],
    ["of another state, expired: go", { remains: [tagged({ backendHash: "theirs", expiresAt: past })] }, 1],
    ["of nobody's state, not expired: stay", { backendHash: "", remains: [tagged({ backendHash: "" })] }, 0],
    ["that our stack lists: stay", { remains: [tagged({})], stacks: [stack({ resourceIds: [remains.id] })] }, 0],
    ["that our stack does not list: go", { remains: [tagged({})], stacks: [stack({ resourceIds: [] })] }, 1],
    ["of our stack in use: stay", { remains: [tagged({})], stacks: [stack({ lease: liveLease, resourceIds: [] })] }, 0],
  ])("with tags, %s", (_what, facts, count) => {
    expect(actions(facts).filter((action) => action.startsWith("remove-remains"))).toHaveLength(count);
  });
});

describe("files", () => {
  const file = { path: "/c/.kmvm/tmp/access-1-2-x", what: "temporary file", changedAt: now - 1000 };
  test.each([
    ["of a live process stay", { ...file, owner: "alive", changedAt: 0 }, 0],
    ["of a dead process go", { ...file, owner: "dead" }, 1],
    ["of nobody known stay for a day", { ...file, owner: "unknown" }, 0],
    ["of nobody known go after a day", { ...file, owner: "unknown", changedAt: now - 25 * 3600_000 }, 1],
  ] as const)("%s", (_, one, count) => {
    expect(actions({ files: [one] })).toHaveLength(count);
  });
});

test("processes go first, then stacks, then what no state knows", () => {
  const order = actions({
    machines: [machine({ id: "test-ci-2-aaaaaaaa", stack: "test-ci-2" })],
    stacks: [stack({ lease: deadLease })],
    builds: [{ path: "/h/images/L0-base/.building-1", what: "unfinished image" }],
    files: [{ path: "/f", what: "temporary file", owner: "dead", changedAt: 0 }],
    processes: [{ pid: 5, startTime: 6, program: "kmvm-runner" }],
  }).map((action) => action.split(" ")[0]);
  expect(order).toEqual(["end-process", "destroy-stack", "destroy-machine", "remove-build", "remove-file"]);
});
