import type { BackendName } from "../stacks/settings";
import type { FileFacts, GcFacts, MachineFacts, Remains, StackFacts } from "./gc-facts";

export type GcAction =
  | { readonly kind: "end-process"; readonly pid: number; readonly startTime: number }
  /** @param expiresAt of what is to go: a stack of that name that was made since has another one */
  | { readonly kind: "destroy-stack"; readonly stack: string; readonly expiresAt: string | undefined }
  | { readonly kind: "release-stack"; readonly stack: string }
  | { readonly kind: "destroy-machine"; readonly backend: BackendName; readonly id: string }
  | { readonly kind: "remove-remains"; readonly backend: BackendName; readonly id: string }
  | { readonly kind: "remove-build"; readonly path: string }
  | { readonly kind: "remove-file"; readonly path: string };

/** One thing that nobody needs any more. */
export interface Finding {
  /** The same thing has the same key at every pass, and nothing else has it. */
  readonly key: string;
  /** For a person: `machine test-ci-240-ab12cd34`. */
  readonly what: string;
  readonly why: string;
  readonly action: GcAction;
}

/** Something that looks left behind, but cannot be judged or is still at work. */
export interface Note {
  readonly what: string;
  readonly why: string;
}

export interface GcPlan {
  /** In the order in which they are to be removed. */
  readonly findings: readonly Finding[];
  readonly notes: readonly Note[];
}

const isPast = (expiresAt: string | undefined, now: number): boolean =>
  expiresAt !== undefined && Date.parse(expiresAt) <= now;

/** Images outlive the stacks that build them: such a stack is only set free. */
const isDisposable = (stack: string): boolean => /^(test|vm)-/.test(stack);

type InUse = { readonly by: string; readonly known: boolean } | undefined;

/** Who is at work on a stack. `known: false`: perhaps somebody. */
function inUse({ lease, locks, pending }: StackFacts): InUse {
  if (lease?.held) return { by: `\`${lease.command}\`, process ${lease.pid}`, known: true };
  const alive = locks?.find(({ dead }) => !dead);
  if (alive) return { by: `the engine's process ${alive.pid}`, known: true };
  if (locks === undefined && pending.length > 0)
    return { by: `perhaps another engine (${pending.join(", ")})`, known: false };
  return undefined;
}

/** Why a stack that nobody is at work on is to go; undefined: it is kept on purpose, or empty. */
function whyDestroy(stack: StackFacts, machines: readonly MachineFacts[], now: number): string | undefined {
  const { lease, pending, expiresAt, locks = [], resourceIds } = stack;
  if (lease?.halfDone) return `\`${lease.command}\`, process ${lease.pid}, was killed`;
  if (locks.length > 0 && pending.length > 0)
    return `the engine's process ${locks.map(({ pid }) => pid).join(", ")} was killed in the middle of ${pending.join(", ")}`;
  const own = machines.filter(({ id }) => resourceIds.includes(id));
  if (isPast(expiresAt, now)) return `expired at ${expiresAt ?? ""}`;
  if (own.some(({ state }) => state === "half-made")) return "its machine was never made whole";
  return undefined;
}

function judgeStack(stack: StackFacts, machines: readonly MachineFacts[], now: number): Finding | Note | undefined {
  const { name, lease, locks = [] } = stack;
  const user = inUse(stack);
  if (user) {
    const suspicious = (lease && !lease.held) || !user.known;
    return suspicious ? { what: `stack ${name}`, why: `still in use by ${user.by}: left alone` } : undefined;
  }
  const since = [lease?.pid, ...locks.map(({ pid }) => pid), stack.expiresAt].filter(Boolean).join("/");
  const key = `stack:${name}:${since}`;
  const why = whyDestroy(stack, machines, now);
  if (why !== undefined && isDisposable(name))
    return {
      key,
      what: `stack ${name}`,
      why,
      action: { kind: "destroy-stack", stack: name, expiresAt: stack.expiresAt },
    };
  if (lease || locks.length > 0) {
    const holder = lease ? `process ${lease.pid}` : `the engine's process ${locks.map(({ pid }) => pid).join(", ")}`;
    return {
      key,
      what: `lock of stack ${name}`,
      why: `${holder} was killed`,
      action: { kind: "release-stack", stack: name },
    };
  }
  return undefined;
}

function judgeMachine(
  machine: MachineFacts,
  hash: string,
  stack: StackFacts | undefined,
  now: number,
): Finding | undefined {
  const { id, backend, backendHash, expiresAt, owner } = machine;
  const found = (why: string): Finding => ({
    key: `machine:${backend}:${id}`,
    what: `machine ${id}`,
    why,
    action: { kind: "destroy-machine", backend, id },
  });
  const expired = isPast(expiresAt, now);
  if (machine.makerGone) return found("the test of an image that made it was killed");
  if (backendHash !== hash || hash === "") return expired ? found(`${owner}'s, expired at ${expiresAt}`) : undefined;
  if (stack && inUse(stack)) return undefined;
  // Goes with its stack, or stays with it.
  if (stack?.resourceIds.includes(id)) return undefined;
  return found(expired ? `expired at ${expiresAt}` : "no stack owns it");
}

/** One that is being made is under way for milliseconds only, unless its maker was killed. */
const makingMs = 10_000;

/** What others, and our own stacks, have made and still want, of what carries tags. */
function isWanted({ id, tags }: Remains, hash: string, stack: StackFacts | undefined, now: number): boolean {
  if (!tags) return false;
  if (tags.backendHash !== hash || hash === "") return !isPast(tags.expiresAt, now);
  return stack?.resourceIds.includes(id) ?? false;
}

function judgeRemains(remains: Remains, hash: string, stacks: readonly StackFacts[], now: number): Finding | undefined {
  const { backend, id, stage, machineId, changedAt, tags } = remains;
  const stack = stacks.find(({ name }) => (tags ? name === tags.stack : machineId.startsWith(`${name}-`)));
  if (isWanted(remains, hash, stack, now)) return undefined;
  if (stack && inUse(stack)) return undefined;
  // What is being removed may be removed by two at once.
  if (stage === "being made" && !stack && now - changedAt < makingMs) return undefined;
  return {
    key: `remains:${backend}:${id}`,
    what: `remains of machine ${machineId}`,
    why: `it was ${stage} when that was cut short`,
    action: { kind: "remove-remains", backend, id },
  };
}

/** Nothing of ours of unknown owner is at work this long. */
const unknownOwnerMs = 24 * 3600 * 1000;

function judgeFile({ path, what, owner, changedAt }: FileFacts, now: number): Finding | undefined {
  if (owner === "alive" || (owner === "unknown" && now - changedAt < unknownOwnerMs)) return undefined;
  const why = owner === "dead" ? "its process is gone" : "older than a day";
  return { key: `file:${path}`, what: `${what} ${path}`, why, action: { kind: "remove-file", path } };
}

const isFinding = (one: Finding | Note): one is Finding => "action" in one;
const present = <T>(one: T | undefined): one is T => one !== undefined;

/** Pure: everything that nobody needs any more, and why. A stack that a living process is at work on is never in it. */
export function planGc(facts: GcFacts, now: number): GcPlan {
  const { backendHash, machines, stacks } = facts;
  const own = machines.filter((machine) => machine.backendHash === backendHash);
  const judged = stacks.map((stack) => judgeStack(stack, own, now)).filter(present);
  const stackOf = (machine: MachineFacts) => stacks.find(({ name }) => name === machine.stack);
  const findings = [
    ...facts.processes.map(({ pid, startTime, program }): Finding => ({
      key: `process:${pid}:${startTime}`,
      what: `process ${pid}, ${program}`,
      why: "its engine is gone",
      action: { kind: "end-process", pid, startTime },
    })),
    ...judged.filter(isFinding),
    ...machines.map((machine) => judgeMachine(machine, backendHash, stackOf(machine), now)).filter(present),
    ...facts.remains.map((remains) => judgeRemains(remains, backendHash, stacks, now)).filter(present),
    ...facts.builds.map(({ path, what }): Finding => ({
      key: `build:${path}`,
      what,
      why: "its build was killed",
      action: { kind: "remove-build", path },
    })),
    ...facts.files.map((file) => judgeFile(file, now)).filter(present),
  ];
  return { findings, notes: judged.filter((one) => !isFinding(one)) };
}
