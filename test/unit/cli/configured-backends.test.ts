import { describe, expect, jest, test } from "@jest/globals";
import { askBackends, configuredBackendsIn, unreachableText, type OpenBackend } from "../../../cli/configured-backends";
import { uniqueMachines, type FoundMachine } from "../../../cli/stack-machines";
import type { Facets } from "../../../components/backends/facets";

const aws = { region: "us-west-2", scheduleRoleArn: "arn:aws:iam::123456789012:role/kmvm-expiry" };
const profile = (value: unknown) => `config:\n  kmvm:backend: aws\n  kmvm:aws: ${JSON.stringify(value)}\n`;
const of = (all: readonly { backend: string; from: string }[]) => all.map(({ backend, from }) => [backend, from]);

describe("the backends where machines can be", () => {
  test("are this host alone where nothing is configured", () => {
    const files = { "Pulumi.dev.yaml": "config:\n  kmvm:backend: qemu\n" };
    const { configured, wrong } = configuredBackendsIn({ files, environment: {} });
    expect(of(configured)).toEqual([["qemu", "default"]]);
    expect(wrong).toEqual([]);
  });

  test.each([
    ["a profile", { "Pulumi.ci.yaml": profile(aws) }, {}, "Pulumi.ci.yaml"],
    ["a stack", { "Pulumi.test-dev-1.yaml": profile(JSON.stringify(aws)) }, {}, "Pulumi.test-dev-1.yaml"],
    ["the environment", {}, { KMVM_AWS: JSON.stringify(aws) }, "environment variable KMVM_AWS"],
  ])("are a cloud as well where %s has its settings", (_what, files, environment, from) => {
    expect(of(configuredBackendsIn({ files, environment }).configured)).toEqual([
      ["qemu", "default"],
      ["aws", from],
    ]);
  });

  test("are one for equal settings, and two for two regions", () => {
    const files = {
      "Pulumi.ci.yaml": profile(aws),
      "Pulumi.dev.yaml": profile(aws),
      "Pulumi.test-ci-1.yaml": profile({ ...aws, region: "eu-central-1" }),
    };
    expect(of(configuredBackendsIn({ files, environment: {} }).configured)).toEqual([
      ["qemu", "default"],
      ["aws", "Pulumi.ci.yaml"],
      ["aws", "Pulumi.test-ci-1.yaml"],
    ]);
  });

  test("whose settings are wrong are told, and the others are there", () => {
    const files = { "Pulumi.ci.yaml": profile({ region: "x" }), "Pulumi.dev.yaml": "kmvm:aws: [" };
    const { configured, wrong } = configuredBackendsIn({ files, environment: {} });
    expect(of(configured)).toEqual([["qemu", "default"]]);
    expect(of(wrong)).toEqual([["aws", "Pulumi.ci.yaml"]]);
  });

  test("that do not answer keep nobody from asking the others", async () => {
    const open = (backend: "qemu" | "aws"): OpenBackend => ({
      backend,
      configuration: {},
      from: backend === "qemu" ? "default" : "Pulumi.ci.yaml",
      facets: {} as Facets,
    });
    const ask = jest.fn(({ backend }: OpenBackend) =>
      backend === "aws" ? Promise.reject(new Error("no credentials")) : Promise.resolve(["one"]),
    );
    const { found, unreachable } = await askBackends({ open: [open("aws"), open("qemu")], unreachable: [] }, ask);
    expect(found).toEqual(["one"]);
    expect(unreachable.map(unreachableText)).toEqual(["backend aws (Pulumi.ci.yaml): no credentials"]);
  });
});

test("a machine that two configurations show is one", () => {
  const found = ["a", "b", "a"].map((id) => ({ backend: "aws", machine: { id } }) as FoundMachine);
  expect(
    uniqueMachines(found)
      .map(({ machine }) => machine.id)
      .sort(),
  ).toEqual(["a", "b"]);
});
