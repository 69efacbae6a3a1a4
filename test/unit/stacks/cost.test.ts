import { describe, expect, test } from "@jest/globals";
import { offerIn } from "../../../cli/cost";
import type { Backend, Pricing } from "../../../components/backends/backend";
import { costProblems, lifetimeOf } from "../../../stacks/cost";
import { runnerSeconds } from "../../../lib/run-limits";
import { parseStackName } from "../../../stacks/name";
import { parseSettings } from "../../../stacks/parse-settings";
import type { Settings } from "../../../stacks/settings";

function settings(stack: string, configuration: Record<string, string> = {}): Settings {
  const { settings: parsed, problems } = parseSettings(parseStackName(stack), {
    ...{ profile: "", configuration, environment: {}, root: "/checkout", isDirectory: () => true },
  });
  expect(problems).toEqual([]);
  return parsed as Settings;
}

const pricing: Pricing = {
  asOf: "2026-11-22",
  hourly: (size) => (size === "known" ? 3.6 : undefined),
  diskHourly: ({ diskGiB }) => (diskGiB === 20 ? 0 : 0.5),
  offer: ({ size = "known", spot }) => ({ size, region: "here", spot }),
};
const backend = { pricing } as Backend;
const keys = (given: Settings, of = backend) => costProblems(of, given).map(({ key }) => key);

describe("the cost of a stack", () => {
  test("lasts until the tests are over, or until the expiry of what is kept", () => {
    const limits = { ttl: "2h", timeout: "10m", bootTimeout: "60s" };
    const given = settings("test-dev-1", limits);
    const { ttl, removedAfter = 0 } = lifetimeOf(given);
    expect(ttl).toBe(7200);
    // Not before the runner must be done, with what making and removing the machine take.
    expect(removedAfter).toBeGreaterThanOrEqual(runnerSeconds(given.limits) + 600);
    expect(lifetimeOf(settings("test-dev-1", { ...limits, keep: "on-failure" })).removedAfter).toBeUndefined();
    expect(lifetimeOf(settings("vm-dev-1", limits)).removedAfter).toBeUndefined();
  });

  test("above what is allowed is a problem; without a limit nothing is", () => {
    const hour = { ttl: "1h" };
    expect(keys(settings("vm-dev-1", hour))).toEqual([]);
    expect(keys(settings("vm-dev-1", { ...hour, maxCostUsd: "3.6" }))).toEqual([]);
    expect(keys(settings("vm-dev-1", { ...hour, maxCostUsd: "3.5" }))).toEqual(["maxCostUsd"]);
  });

  test("counts the disk", () => {
    const large = settings("vm-dev-1", { ttl: "1h", diskGiB: "100", maxCostUsd: "4" });
    expect(keys(large)).toEqual(["maxCostUsd"]);
    expect(keys({ ...large, diskGiB: 20 })).toEqual([]);
  });

  test("that nobody knows is a problem where there is a limit", () => {
    const [problem] = costProblems(backend, settings("vm-dev-1", { size: "strange", maxCostUsd: "100" }));
    expect(problem?.allowed).toContain("unknown (strange in here");
  });

  test("is none on this host", () => {
    expect(keys(settings("vm-dev-1", { maxCostUsd: "0.01" }), {} as Backend)).toEqual([]);
  });

  test("afterwards is that of the size that was had, as the state says", () => {
    const offer = { size: "m8i.2xlarge", region: "us-west-2", spot: false };
    const state = {
      pending: [],
      resources: [{ urn: "u", type: "kmvm:index:TestVm", outputs: { machine: { id: "i", offer } } }],
    };
    expect(offerIn(state)).toEqual(offer);
    expect(offerIn({ pending: [], resources: [] })).toBeUndefined();
  });
});
