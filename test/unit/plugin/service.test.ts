import { describe, expect, test } from "@jest/globals";
import type { Metadata } from "@grpc/grpc-js";
import * as messages from "@pulumi/pulumi/proto/provider_pb";
import { HalfMade, type ResourceType } from "../../../plugin/resource";
import { containsSecret, markSecrets } from "../../../plugin/secrets";
import { service } from "../../../plugin/service";
import { fromStruct, toStruct, unknownValue, type Properties } from "../../../plugin/values";

const urn = "urn:pulumi:dev::tiny::kmvm:index:Test$kmvm:index:Thing::t";
const type: ResourceType = {
  computed: ["answer"],
  check: (news) => ({ inputs: news, failures: [] }),
  create: (inputs) => Promise.resolve({ id: "1", properties: { ...inputs, answer: `saw ${String(inputs["key"])}` } }),
  diff: () => ({ replaces: [], updates: ["size"] }),
  update: (_id, _olds, news) => Promise.resolve({ ...news, answer: "42" }),
};
/** Inputs with a secret one. */
const inputs = toStruct(markSecrets({ key: "canary", size: 1 }, (name) => name === "key"));

/** Calls one handler, as grpc would. */
function call<N extends "create" | "update" | "check">(name: N, request: unknown, thing: ResourceType = type) {
  const plugin = { name: "the test", version: "1.0.0", types: { "kmvm:index:Thing": thing } };
  const handler = service(plugin, undefined, new AbortController())[name] as (
    call: { request: unknown },
    callback: (error: { details: string; metadata?: Metadata } | null, response?: unknown) => void,
  ) => void;
  return new Promise<{ error: { details: string; metadata?: Metadata } | null; response: unknown }>((resolve) => {
    handler({ request }, (error, response) => {
      resolve({ error, response });
    });
  });
}
const propertiesOf = (response: unknown): Properties =>
  fromStruct((response as messages.CreateResponse | messages.UpdateResponse).getProperties());

describe("a plugin's service", () => {
  test("hands secrets over opened, and marks the outputs of their names again", async () => {
    const { response } = await call("create", new messages.CreateRequest().setUrn(urn).setProperties(inputs));
    const properties = propertiesOf(response);
    expect(properties["answer"]).toBe("saw canary");
    expect(containsSecret(properties["key"])).toBe(true);
    expect(containsSecret(properties["size"])).toBe(false);
  });

  test("marks every output of a type whose secrets spread", async () => {
    const request = new messages.CreateRequest().setUrn(urn).setProperties(inputs);
    const { response } = await call("create", request, { ...type, secretsSpread: true });
    expect(containsSecret(propertiesOf(response)["answer"])).toBe(true);
  });

  test("keeps inputs as secret as they came, also where secrets spread", async () => {
    const request = new messages.CheckRequest().setUrn(urn).setNews(inputs);
    const { response } = await call("check", request, { ...type, secretsSpread: true });
    const checked = fromStruct((response as messages.CheckResponse).getInputs());
    expect([containsSecret(checked["key"]), containsSecret(checked["size"])]).toEqual([true, false]);
  });

  test("reports what a failed create left by id, its secrets marked", async () => {
    const halfMade: ResourceType = {
      ...type,
      create: (properties) => Promise.reject(new HalfMade("half", properties, ["no boot"])),
    };
    const request = new messages.CreateRequest().setUrn(urn).setProperties(inputs);
    const { error } = await call("create", request, halfMade);
    expect(error?.details).toBe("no boot");
    const [status] = error?.metadata?.get("grpc-status-details-bin") ?? [];
    const bytes = Buffer.isBuffer(status) ? status.toString("latin1") : "";
    expect(bytes).toContain("half");
    // The mark of a secret: sig of pulumi/pulumi.
    expect(bytes).toMatch(/4dabf18193072939515e22adb298388d[^]*1b47061264138c4ac30d75fd1eb44270/);
  });

  test("previews an update with what only doing it can tell as unknown", async () => {
    const request = new messages.UpdateRequest().setUrn(urn).setPreview(true).setNews(inputs);
    request.setOlds(toStruct({ answer: "old", size: 0 }));
    const { response } = await call("update", request);
    expect(propertiesOf(response)).toMatchObject({ answer: unknownValue, size: 1 });
  });

  test("refuses a type that it does not have, and names those that it has", async () => {
    const request = new messages.CreateRequest().setUrn(urn.replace("Thing", "Other")).setProperties(inputs);
    expect((await call("create", request)).error?.details).toBe(
      'the test has no resource type "kmvm:index:Other"; it has kmvm:index:Thing',
    );
  });
});
