// First: the fourth backend, added as docs/adding-a-backend.md says, by a folder and a line of the registry.
import "./memory/registered";
import { beforeEach, describe, expect, test } from "@jest/globals";
import * as pulumi from "@pulumi/pulumi";
import type { Pricing } from "../../components/backends/backend";
import type { Facets } from "../../components/backends/facets";
import { backendNames, isAlwaysThere, loadBackend, loadFacets } from "../../components/backends/load";
import { registry, type BackendName } from "../../components/backends/registry";
import { settingsOfPlace } from "../../lib/place";
import { parseStackName } from "../../stacks/name";
import { parseSettings } from "../../stacks/parse-settings";
import type { Settings } from "../../stacks/settings";
import { signatureKey } from "../../plugin/secrets";
import { declare, valueOf, type Registered } from "../support/declare";

/** Own settings that are right: the schema's example, or none where none are needed. */
function exampleOf(name: BackendName): unknown {
  const examples = registry[name].settings.meta()?.examples;
  return Array.isArray(examples) ? (examples[0] as unknown) : {};
}

const configurationFor = (name: BackendName, more: Record<string, string> = {}) => ({
  backend: name,
  [name]: JSON.stringify(exampleOf(name)),
  ...more,
});

function parse(name: BackendName, more: Record<string, string> = {}, stack = "vm-dev-1") {
  return parseSettings(parseStackName(stack), {
    ...{ profile: "", configuration: configurationFor(name, more), environment: {}, root: "/checkout" },
    isDirectory: () => true,
  });
}

function settingsFor(name: BackendName, more: Record<string, string> = {}): Settings {
  const { settings, problems } = parse(name, more);
  expect(problems).toEqual([]);
  return settings as Settings;
}

const declareExample = (name: BackendName, stack: string) => declare(stack, name, { settings: configurationFor(name) });

/** Texts that are inputs, without what is marked as secret. */
function openTexts(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (Array.isArray(value)) return value.flatMap(openTexts);
  if (value === null || typeof value !== "object" || signatureKey in value) return [];
  return Object.values(value).flatMap(openTexts);
}

beforeEach(() => {
  pulumi.runtime.setAllConfig({});
});

test("the suite is about every backend of the registry, and the fourth", () => {
  expect(backendNames).toEqual(["qemu", "aws", "azure", "memory"]);
});

describe.each(backendNames)("backend %s", (name) => {
  test("has the name by which the registry knows it", async () => {
    expect((await loadBackend(name)).name).toBe(name);
  });

  describe("its settings", () => {
    test("are right as its example shows them", () => {
      expect(parse(name).problems).toEqual([]);
    });

    test("refuse a key that there is not", () => {
      const own = JSON.stringify({ ...(exampleOf(name) as object), colour: "red" });
      expect(parse(name, { [name]: own }).problems).toMatchObject([
        { key: name, allowed: expect.stringContaining("what is wrong in it: colour") },
      ]);
    });

    test("are needed, or have a default each", () => {
      const { problems } = parseSettings(parseStackName("vm-dev-1"), {
        ...{ profile: "", configuration: { backend: name }, environment: {}, root: "/", isDirectory: () => true },
      });
      expect(problems.map(({ key }) => key)).toEqual(isAlwaysThere(name) ? [] : [name]);
    });

    test("hold nothing secret, for they are in the state and on the screen", () => {
      expect(Object.keys(registry[name].settings.shape).join(" ")).not.toMatch(/password|secret|token|accesskey/i);
    });
  });

  describe("validate", () => {
    test("finds nothing wrong with each device that the backend says it has", async () => {
      const { capabilities, validate } = await loadBackend(name);
      expect(capabilities.devices.length).toBeGreaterThan(0);
      for (const device of capabilities.devices) {
        const settings = settingsFor(name, { device, kkmSource: "samples" });
        expect(validate(settings)).toEqual([]);
      }
    });

    test("refuses a size that there is not, and says what to do", async () => {
      const { validate } = await loadBackend(name);
      const problems = validate(settingsFor(name, { size: "no.such-size" }));
      expect(problems.map(({ key }) => key)).toContain("size");
      for (const { allowed, fix } of problems) expect([allowed, fix]).not.toContain("");
    });

    test("refuses a zone that there is not", async () => {
      const { validate } = await loadBackend(name);
      expect(validate(settingsFor(name, { zone: "no-such-zone" })).map(({ key }) => key)).toContain("zone");
    });

    test("says the same of the same settings, and leaves them as they are", async () => {
      const { validate } = await loadBackend(name);
      const settings = settingsFor(name, { spot: "true", vcpus: "64", memoryMiB: "262144" });
      const before = JSON.stringify(settings);
      expect(validate(settings)).toEqual(validate(settings));
      expect(JSON.stringify(settings)).toBe(before);
    });
  });

  describe("a machine", () => {
    test("can be got into, and its console be read", async () => {
      const { exports: outputs } = await declareExample(name, "vm-dev-1");
      const machine = await valueOf<Record<string, unknown>>(outputs["machine"]);
      for (const key of ["id", "address", "user", "imageVersion", "accelerator", "hostKey"])
        expect([key, machine[key]]).toEqual([key, expect.stringMatching(/./)]);
      expect(machine["port"]).toEqual(expect.any(Number));
      const { consolePath, console } = machine as { consolePath?: string; console?: Record<string, unknown> };
      expect([consolePath, console].filter(Boolean)).toHaveLength(1);
      if (!console) return;
      expect(console).toMatchObject({ backend: name, id: machine["id"] });
      expect(typeof (await loadFacets(name, console["configuration"])).console.text).toBe("function");
    });

    test("keeps its host's key and its user's key secret", async () => {
      const { registered, exports: outputs } = await declareExample(name, "test-dev-1");
      const open = registered.flatMap(({ type, inputs }) => openTexts(inputs).map((text) => `${type}: ${text}`));
      expect(open.filter((text) => text.includes("CANARY"))).toEqual([]);
      expect(await pulumi.isSecret(pulumi.output(outputs["privateKey"]))).toBe(true);
    });

    test("says on what it makes whose that is, and until when", async () => {
      const { registered } = await declareExample(name, "vm-dev-1");
      const made = registered.filter(({ type }) => !/^(kmvm:index|pulumi:|command:)/.test(type));
      const marked = made.filter(({ inputs }) => {
        const texts = openTexts(inputs);
        return ["vm-dev-1", "ab12cd34", "me@here", "2026-01-01T04:00:00.000Z"].every((text) => texts.includes(text));
      });
      expect(marked.length).toBeGreaterThan(0);
    });

    test("is the same whenever it is declared: nothing of it is by chance or by the clock", async () => {
      const [first, second] = [await declareExample(name, "test-dev-1"), await declareExample(name, "test-dev-1")];
      const sorted = (all: readonly Registered[]) => all.map((one) => JSON.stringify(one)).sort();
      expect(sorted(second.registered)).toEqual(sorted(first.registered));
    });

    test("is offered as something with a price, where anything is charged", async () => {
      const { exports: outputs } = await declareExample(name, "vm-dev-1");
      const { pricing } = await loadBackend(name);
      const { offer } = await valueOf<{ offer?: unknown }>(outputs["machine"]);
      expect(offer === undefined).toBe(pricing === undefined);
      if (pricing) expect(offer).toEqual(pricing.offer(settingsFor(name)));
    });
  });

  test("an image has a version", async () => {
    const { exports: outputs } = await declareExample(name, "l0-dev-1");
    expect(await valueOf(outputs["version"])).toMatch(/./);
  });

  describe("prices", () => {
    const known = async (): Promise<Pricing | undefined> => (await loadBackend(name)).pricing;

    test("are of a day", async () => {
      const pricing = await known();
      if (pricing) expect(pricing.asOf).toMatch(/^\d{4}-\d{2}-\d{2}$/);
    });

    test("of what is not known are not known, and never nothing", async () => {
      const pricing = await known();
      if (!pricing) return;
      expect(pricing.hourly("no.such-size", "nowhere", false)).toBeUndefined();
      for (const spot of [false, true]) {
        const { size, region } = pricing.offer(settingsFor(name));
        expect(pricing.hourly(size, region, spot) ?? 1).toBeGreaterThan(0);
      }
    });
  });

  test("an error that its provider never gave is called a bug, and not something else", async () => {
    const { explain } = await loadFacets(name, exampleOf(name));
    expect(explain?.("the moon is blue").kind ?? "bug").toBe("bug");
  });

  describe("places for a machine", () => {
    const facts = async (more: Record<string, string>) => {
      const [{ placement }, { pricing, validate }] = await Promise.all([
        loadFacets(name, exampleOf(name)),
        loadBackend(name),
      ]);
      return { all: placement?.places(settingsFor(name, more)) ?? [], next: placement?.next, pricing, validate };
    };
    const spots = ["false", "true"] as const;

    test.each(spots)("begin with what a program asks for first, with spot %s", async (spot) => {
      const { all, pricing } = await facts({ spot });
      const [first] = all;
      if (first)
        expect(pricing?.offer(settingsFor(name, { spot }))).toMatchObject({ size: first.size, spot: first.spot });
    });

    test.each(spots)("are each the first one of the settings that ask for it, with spot %s", async (spot) => {
      const { all, validate } = await facts({ spot });
      for (const place of all) {
        const settings = settingsFor(name, settingsOfPlace(place));
        expect(validate(settings)).toEqual([]);
        const { placement } = await loadFacets(name, exampleOf(name));
        expect(placement?.places(settings)[0]).toEqual(place);
      }
      expect(new Set(all.map((place) => JSON.stringify(place))).size).toBe(all.length);
    });

    test("are not tried for an error that is about something else", async () => {
      const { all, next } = await facts({});
      for (const place of all) expect(next?.(all, place, "the moon is blue")).toBeUndefined();
    });
  });

  test("the verbs have every power over it that they need", async () => {
    const facets = await loadFacets(name, exampleOf(name));
    const powers: { readonly [K in keyof Omit<Required<Facets>, "explain">]: readonly (keyof Required<Facets>[K])[] } =
      {
        inventory: ["list"],
        power: ["start", "stop", "reset"],
        console: ["text"],
        destroyer: ["destroy"],
        leftovers: ["list", "remove"],
        placement: ["places", "next"],
        quota: ["figures"],
        preflight: ["check"],
        images: ["list", "promote", "remove"],
        publishing: ["upload", "hasUpload", "removeUpload", "makeVersion", "hasVersion"],
      };
    const optional = ["placement", "quota", "preflight", "images", "publishing"];
    for (const [facet, methods] of Object.entries(powers)) {
      const own = (facets as unknown as Record<string, Record<string, unknown> | undefined>)[facet];
      if (!own && optional.includes(facet)) continue;
      for (const method of methods) expect([facet, method, typeof own?.[method]]).toEqual([facet, method, "function"]);
    }
  });
});
