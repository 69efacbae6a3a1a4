import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CliContext } from "../../../cli/context";
import { reasonOf, showRefused, updateOnce, updateSomewhere, type Update } from "../../../cli/somewhere";
import type { Terminal } from "../../../cli/terminal";
import { readConfiguration, writeConfiguration, type Stack } from "../../../cli/workspace";

const own = { region: "us-west-2", scheduleRoleArn: "arn:aws:iam::123456789012:role/kmvm-expiry" };
const name = "vm-dev-1";
const noCapacity = "creating EC2 Instance: api error InsufficientInstanceCapacity: We currently do not have sufficient";
const made: Update = { errors: [], failure: undefined };
const failed = (...errors: string[]): Update => ({ errors, failure: new Error("update failed") });

let root: string;
let said: string[];
/** What was done, in order: updates by the size that was asked for. */
let done: string[];
let context: CliContext;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "kmvm-test-"));
  said = [];
  done = [];
  const say = (...words: string[]) => said.push(words.join(" "));
  const terminal = { step: say, line: say, warn: say, status: () => undefined } as unknown as Terminal;
  context = { root, home: root, environment: {}, terminal } as unknown as CliContext;
});

afterEach(() => {
  rmSync(root, { recursive: true });
});

/** A stack whose updates come to `outcomes`, the last one again and again. */
function stackWith(configuration: Record<string, unknown>, outcomes: readonly Update[], destroyed?: Error) {
  writeConfiguration(root, name, { backend: "aws", aws: own, ...configuration });
  let count = 0;
  const stack = {
    name,
    destroy: () => {
      done.push("destroy");
      return destroyed ? Promise.reject(destroyed) : Promise.resolve({} as never);
    },
  };
  const update = () => {
    const { size = "any size", zone = "any zone", spot = "false" } = readConfiguration(root, name);
    done.push([size, zone, ...(spot === "true" ? ["spot"] : [])].join(" "));
    const outcome = outcomes[Math.min(count++, outcomes.length - 1)];
    if (!outcome) throw new Error("no outcome");
    return Promise.resolve(outcome);
  };
  return { stack, update };
}

const neverAborted = new AbortController().signal;

describe("an update that is refused for missing capacity", () => {
  test("is made again on clean ground in the next place, which is then what the configuration asks for", async () => {
    const { stack, update } = stackWith({}, [failed(noCapacity), made]);
    const placed = await updateSomewhere(context, stack, neverAborted, update);
    expect(done).toEqual(["any size any zone", "destroy", "c8i.large any zone"]);
    expect(placed.update).toBe(made);
    expect(placed.settings).toMatchObject({ size: "c8i.large", spot: false });
    expect(said[0]).toBe(
      "refused c8i-flex.large: capacity: creating EC2 Instance: api error InsufficientInstanceCapacity: We currently do not have sufficient; next is c8i.large",
    );
    expect(said.join("\n")).toContain("cost");
  });

  test("ends when there is no other place, and says all that were tried", async () => {
    const { stack, update } = stackWith({}, [failed(noCapacity)]);
    const placed = await updateSomewhere(context, stack, neverAborted, update);
    expect(done.filter((what) => what !== "destroy")).toHaveLength(4);
    expect(placed.update.failure).toBeDefined();
    said = [];
    showRefused(context.terminal, placed.refused);
    expect(said.map((line) => line.split(":")[0])).toEqual([
      "refused in 4 places",
      "refused c8i-flex.large",
      "refused c8i.large",
      "refused m8i-flex.large",
      "refused m8i.large",
    ]);
  });

  test("as spot goes on demand where the limit is one on spot machines", async () => {
    const outcomes = [failed("api error MaxSpotInstanceCountExceeded: Max spot instance count exceeded"), made];
    const { stack, update } = stackWith({ size: "m8i.large", spot: "true" }, outcomes);
    await updateSomewhere(context, stack, neverAborted, update);
    expect(done).toEqual(["m8i.large any zone spot", "destroy", "m8i.large any zone"]);
  });

  test("leaves out a place that costs more than is allowed, and says so", async () => {
    // With the disk c8i-flex 0.0962, c8i 0.1009, m8i-flex 0.1077 dollars an hour; a machine may live for one.
    const { stack, update } = stackWith({ ttl: "1h", maxCostUsd: "0.098" }, [failed(noCapacity)]);
    const { refused } = await updateSomewhere(context, stack, neverAborted, update);
    expect(done).toEqual(["any size any zone"]);
    expect(refused).toHaveLength(1);
    expect(said.filter((line) => line.startsWith("left out")).join("\n")).toContain("maxCostUsd");
  });

  test("goes no further when what was made cannot be removed", async () => {
    const { stack, update } = stackWith({}, [failed(noCapacity)], new Error("locked"));
    await updateSomewhere(context, stack, neverAborted, update);
    expect(done).toEqual(["any size any zone", "destroy"]);
    expect(said.join("\n")).toContain("could not be removed: locked");
  });
});

describe("an update is not made again", () => {
  const never = async (outcome: Update, signal = neverAborted, isMade = false) => {
    const { stack, update } = stackWith({}, [outcome]);
    await updateSomewhere(context, stack, signal, update, () => isMade);
    expect(done).toEqual(["any size any zone"]);
    expect(said).toEqual([]);
  };

  test("where another place is of no help", () =>
    never(failed("api error VcpuLimitExceeded: You have requested more")));
  test("where nobody knows the error", () => never(failed("the moon is blue")));
  test("where the machine was there: what failed is the run", () => never(failed(noCapacity), neverAborted, true));
  test("after an interrupt", () => never(failed(noCapacity), AbortSignal.abort()));
});

describe("a refusal in a few words", () => {
  test.each([
    ["with its figures", "needs 4 vCPU of x, 46 of 48 used", "quota: needs 4 vCPU of x, 46 of 48 used"],
    ["by its code, where the provider is wordy", "words ".repeat(40), "quota (Full)"],
  ])("%s", (_how, message, expected) => {
    expect(reasonOf({ kind: "quota", code: "Full", hint: "", message })).toBe(expected);
  });
});

test("an update that is given up before it begins does not begin", async () => {
  const stack = { up: () => Promise.resolve(done.push("up")) } as unknown as Stack;
  const { failure } = await updateOnce(context, stack, AbortSignal.abort(new Error("given up")));
  expect(failure).toEqual(new Error("given up"));
  expect(done).toEqual([]);
});
