import { afterAll, beforeAll, describe, expect } from "@jest/globals";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { retryUntil } from "../../../lib/retry";
import { runResultSchema } from "../../../lib/run-result";
import { findAccelerator } from "../../../provider/qemu/accelerator";
import { withQmp } from "../../../provider/qemu/qmp";
import { testUnless } from "../../support/needs";
import { endedWith, missingForKmvm, type Ended, type Running } from "../../support/own-checkout";
import { calls } from "../lib/calls";
import { faultsHit, scriptFaults, type FaultKind } from "../lib/faults";
import type { CloudCheckout, CloudUnderTest } from "./cloud-checkout";
import { missingForRehearsal } from "./needs";

/** What differs between clouds, as a guest and an account see it. */
export interface CloudFacts {
  /** For a person: `AWS`. */
  readonly name: string;
  readonly backend: CloudUnderTest["backend"];
  /** Who the guest's firmware says has made it. */
  readonly vendor: string;
  /** What the guest says of where cloud-init has its settings from. */
  readonly dataSource: string;
  /** Token of the machine. */
  readonly machine: string;
  /** Token of what is made while the tests run already, where there is any. */
  readonly besideRun?: string;
  /** Asks the metadata service as somebody does who was led there, and the status of the refusal. */
  readonly carelessQuestion: { readonly url: string; readonly status: string };
}

/** How a run in the kept machine ends, other than well. */
interface Ending {
  readonly what: string;
  /** Below test/fixtures/payloads. */
  readonly payload: string;
  readonly flags: readonly string[];
  /** What the command has printed when the machine is to be frozen. @default it is not */
  readonly freezeAt?: string;
  /** The machine is stopped and started before, and has another address since. */
  readonly afterRestart?: true;
  readonly code: number;
  readonly result: Readonly<Record<string, unknown>>;
  /** Of the result's excerpt of the console. */
  readonly console?: string;
}

/** In this order, all in one machine. */
const endings: readonly Ending[] = [
  {
    what: "a test that fails",
    payload: "fail",
    flags: [],
    code: 1,
    result: { verdict: "fail", reason: "tests", failedStep: "test test/fixtures/payloads/fail" },
  },
  {
    what: "a test that never ends",
    payload: "hang",
    flags: ["--timeout", "60s"],
    code: 1,
    result: { verdict: "timeout", failedStep: "test test/fixtures/payloads/hang" },
  },
  {
    what: "a guest that hangs",
    payload: "hang",
    flags: ["--set", "hangTimeout=30s"],
    freezeAt: "this never ends",
    code: 3,
    result: { verdict: "infra", reason: "hang" },
  },
  {
    what: "a guest that panics",
    payload: "panic",
    flags: [],
    // Where a guest that hangs is made to tell by an interrupt, that has ended its kernel.
    afterRestart: true,
    code: 3,
    result: { verdict: "infra", reason: "panic" },
    console: "Kernel panic - not syncing: sysrq triggered crash",
  },
];

/** Generous: guests are emulated. */
const limit = 900_000;

/** Where the run is. */
export type Account =
  | { readonly kind: "played"; open(): Promise<CloudCheckout> }
  /** Of a person; `id` is that of its stack, and nobody else's. */
  | { readonly kind: "real"; open(): Promise<CloudUnderTest>; readonly id: string };

/** A run from its preview to its end, with a real guest: the same outcomes whatever the cloud. */
export function describeRun(facts: CloudFacts, account: Account): void {
  const { name, backend, vendor, dataSource, carelessQuestion } = facts;
  const missing = missingForKmvm() ?? (account.kind === "played" ? missingForRehearsal() : undefined);
  const id = account.kind === "played" ? "cloud" : account.id;
  // Only a machine that is played can be frozen.
  const possible = endings.filter(({ freezeAt }) => account.kind === "played" || freezeAt === undefined);
  let cloud: CloudUnderTest;
  let played: CloudCheckout;

  beforeAll(async () => {
    if (missing !== undefined) return;
    if (account.kind === "played") cloud = played = await account.open();
    else cloud = await account.open();
  }, limit);

  afterAll(async () => {
    if (missing === undefined) await cloud.close();
  }, limit);

  const kmvm = (...args: string[]): Promise<Ended> => cloud.checkout.kmvm(...args);
  /** Stops the machine's processors when the command has printed a text. @returns what lets them go on */
  const freezeWhen = async (running: Running, text: string): Promise<() => Promise<unknown>> => {
    await retryUntil({
      what: `"${text}"`,
      timeoutMs: 300_000,
      attempt: () => (running.text().includes(text) ? true : undefined),
    });
    const [folder = ""] = played.machineFolders();
    await withQmp(folder, (qmp) => qmp.command("stop"));
    return () => withQmp(folder, (qmp) => qmp.command("cont"));
  };
  const kept = `test-dev-${id}`;
  const looked = `${kept}-look`;
  const inGuest = async (...command: string[]): Promise<Ended> => kmvm("exec", kept, "--", ...command);
  const evidenceOf = (stack: string, n: number) => {
    const folder = join(cloud.checkout.folder, "runs", stack, String(n));
    return {
      result: runResultSchema.parse(JSON.parse(readFileSync(join(folder, "result.json"), "utf8"))),
      console: readFileSync(join(folder, "console.log"), "utf8"),
    };
  };

  describe(`a run on ${account.kind === "played" ? "the rehearsed" : "a real"} ${name}`, () => {
    testUnless(missing)(
      "a preview makes nothing",
      async () => {
        // The first command makes the bundles that all others use.
        await kmvm("test", "--help");
        const pulumi = async (...args: string[]) => endedWith(0, await cloud.checkout.pulumi(...args));
        await pulumi("stack", "init", looked);
        await pulumi("preview", "-s", looked, "-c", `kmvm:backend=${backend}`);
        if (account.kind === "played") expect(calls(played.store).filter(({ changes }) => changes)).toEqual([]);
        expect(await cloud.difference()).toEqual([]);
        await pulumi("stack", "rm", "--yes", "-s", looked);
      },
      limit,
    );

    testUnless(missing)(
      "passes on /dev/kvm in a guest that cloud-init has set up by that cloud's own data source, and is kept when it is to be",
      async () => {
        const more = ["--backend", backend, "--target", "test-all", "--keep", "always"];
        const ended = await kmvm("test", "samples/km-hello", "--id", id, ...more);
        endedWith(0, ended);
        expect(ended.stderr).toContain("PASS");
        const { result, console } = evidenceOf(kept, 1);
        expect(result).toMatchObject({ verdict: "pass" });
        expect(result.cases.length).toBeGreaterThan(2);
        expect(console).toContain("Linux version");
      },
      limit,
    );

    testUnless(missing)(
      "changes nothing when nothing has changed",
      async () => {
        endedWith(0, await cloud.checkout.pulumi("preview", "-s", kept, "--expect-no-changes"));
      },
      limit,
    );

    testUnless(missing)(
      "the verbs see it: ls, exec, logs",
      async () => {
        const listed = await kmvm("ls", "--json");
        const machines = JSON.parse(listed.stdout) as { stack: string }[];
        expect(machines.filter(({ stack }) => stack === kept)).toMatchObject([{ backend, state: "running" }]);
        const said = async (...command: string[]) => endedWith(0, await inGuest(...command));
        expect(await said("cat", "/sys/class/dmi/id/sys_vendor")).toBe(`${vendor}\n`);
        // The command, not the file: cloud-init 22.4 removes that when it writes it a second time, as for EC2.
        expect(await said("cloud-id")).toBe(`${dataSource}\n`);
        expect(await said("sudo", "cloud-init", "schema", "--system")).toMatch(/^Valid cloud-config/m);
        expect(await said("cloud-init", "status", "--wait")).toContain("status: done");
        const [, size = ""] = (await said("df", "--block-size=1G", "--output=size", "/")).split("\n");
        expect(Number(size)).toBeGreaterThan(15);
        expect((await kmvm("logs", kept)).stdout).toContain("ok 1 the guest adds");
        // Whatever the firmware says that the machine is: scripts/guest/l0/55-hypervisor.sh.
        if ((await findAccelerator()).name === "tcg")
          expect(await said("systemctl", "is-active", "kmvm-hold-kvm")).toBe("active\n");
      },
      limit,
    );

    testUnless(missing)(
      "its metadata are not for whoever was led there",
      async () => {
        const { url, status } = carelessQuestion;
        const asked = await inGuest("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", url);
        expect(asked.stdout).toBe(status);
      },
      limit,
    );

    testUnless(missing)(
      "is stopped; the next run starts it, and finds it at the address that it has then",
      async () => {
        endedWith(0, await kmvm("vm", "stop", kept));
        endedWith(0, await kmvm("test", "samples/km-hello", "--id", id, "--backend", backend, "--keep", "always"));
        expect(evidenceOf(kept, 2).result).toMatchObject({ verdict: "pass", attempt: 2 });
      },
      limit,
    );

    for (const [index, ending] of possible.entries())
      testUnless(missing)(
        `${ending.what} in it is told as that, with its evidence`,
        async () => {
          const { payload, flags, freezeAt, afterRestart, code, result, console } = ending;
          if (afterRestart) for (const verb of ["stop", "start"]) endedWith(0, await kmvm("vm", verb, kept));
          const running = cloud.checkout.start([
            ...["test", `test/fixtures/payloads/${payload}`, "--id", id, "--backend", backend],
            ...["--target", "test", "--keep", "always", ...flags],
          ]);
          const thaw = freezeAt === undefined ? undefined : await freezeWhen(running, freezeAt);
          const ended = await running.ended;
          await thaw?.();
          endedWith(code, ended);
          const evidence = evidenceOf(kept, index + 3);
          expect(evidence.result).toMatchObject(result);
          if (console !== undefined) expect(evidence.result.consoleExcerpt.join("\n")).toContain(console);
        },
        limit,
      );

    if (account.kind === "played")
      testUnless(missing)(
        "the cloud itself ends it when its time has come, whatever else is dead",
        async () => {
          expect(played.living()).toHaveLength(1);
          await played.timePasses(new Date(Date.now() + 24 * 3600_000));
          expect(played.living()).toEqual([]);
        },
        limit,
      );

    testUnless(missing)(
      "and after it is destroyed the account is as it was",
      async () => {
        endedWith(0, await kmvm("vm", "delete", kept));
        expect(await cloud.difference()).toEqual([]);
        if (account.kind === "played") expect(played.problems()).toEqual([]);
        expect(cloud.checkout.leftovers()).toEqual([]);
      },
      limit,
    );

    if (account.kind === "real") return;
    /** A run that meets a fault, of a user who would keep what can be kept. */
    const faulty = async (name: string, type: string, kind: FaultKind): Promise<Ended> => {
      scriptFaults(played.store, [{ at: `create ${type}`, kind }]);
      const flags = ["--backend", backend, "--keep", "always"];
      const ended = await kmvm("test", "samples/km-hello", "--id", name, ...flags);
      expect(faultsHit(played.store)).toHaveLength(1);
      return ended;
    };
    const { machine, besideRun } = facts;
    if (besideRun !== undefined)
      testUnless(missing)(
        "is no pass, and nothing of it is kept, where something beside the tests could not be made",
        async () => {
          const { code, stderr } = await faulty("beside", besideRun, "fail");
          expect({ code, stderr }).toMatchObject({ code: 3, stderr: expect.stringMatching(/PASS[^]*INFRA/) });
          expect([...played.difference(), ...cloud.checkout.leftovers()]).toEqual([]);
        },
        limit,
      );

    testUnless(missing)(
      "keeps no machine of which nobody knows the address",
      async () => {
        played.store.put("policy", { id: "no-machines" });
        expect((await faulty("half", machine, "lost")).code).toBe(3);
        expect([...played.difference(), ...cloud.checkout.leftovers()]).toEqual([]);
      },
      limit,
    );
  });
}
