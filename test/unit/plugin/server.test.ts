import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { credentials, Server, ServerCredentials, type ServiceError, type UntypedHandleCall } from "@grpc/grpc-js";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { EngineService } from "@pulumi/pulumi/proto/engine_grpc_pb";
import type { LogRequest } from "@pulumi/pulumi/proto/engine_pb";
import { PluginAttach } from "@pulumi/pulumi/proto/plugin_pb";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import { CreateRequest, type CreateResponse } from "@pulumi/pulumi/proto/provider_pb";
import { listen, type Serving } from "../../../plugin/server";
import { toStruct } from "../../../plugin/values";

let engine: Server;
let engineAddress: string;
let said: string[];
let serving: Serving;
let client: ResourceProviderClient;
/** Whether the slow thing's making has come to an end. */
let ended: boolean;
let onBegun: () => void;

beforeEach(async () => {
  said = [];
  engine = new Server();
  const log: UntypedHandleCall = (
    { request }: { request: LogRequest },
    done: (error: ServiceError | null, answer: Empty) => void,
  ) => {
    said.push(request.getMessage());
    done(null, new Empty());
  };
  engine.addService({ log: (EngineService as unknown as { log: (typeof EngineService)["log"] }).log }, { log });
  engineAddress = await new Promise((resolve, reject) => {
    engine.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
      if (error) reject(error);
      else resolve(`127.0.0.1:${port}`);
    });
  });
  serving = await listen({
    name: "the test",
    version: "1.0.0",
    types: {
      "kmvm:index:Thing": {
        check: (inputs) => ({ inputs, failures: [] }),
        create: (_inputs, context) => {
          context.log("info", "being made");
          return Promise.resolve({ id: "1", properties: {} });
        },
      },
      "kmvm:index:Slow": {
        check: (inputs) => ({ inputs, failures: [] }),
        create: (_inputs, { signal }) =>
          new Promise((_, reject) => {
            ended = false;
            signal.addEventListener("abort", () => {
              setTimeout(() => {
                ended = true;
                reject(new Error("given up"));
              }, 50);
            });
            onBegun();
          }),
      },
    },
  });
  client = new ResourceProviderClient(`127.0.0.1:${serving.port}`, credentials.createInsecure());
});
afterEach(async () => {
  client.close();
  await serving.stop();
  engine.forceShutdown();
});

const create = (type = "Thing") => {
  const urn = `urn:pulumi:dev::tiny::kmvm:index:${type}::t`;
  const request = new CreateRequest().setUrn(urn).setProperties(toStruct({}));
  return new Promise<CreateResponse>((resolve, reject) => {
    client.create(request, (error, response) => {
      if (error) reject(error);
      else resolve(response);
    });
  });
};

test("a plugin that nobody started speaks to the engine that attaches to it", async () => {
  await new Promise<void>((resolve, reject) => {
    client.attach(new PluginAttach().setAddress(engineAddress), (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
  expect((await create()).getId()).toBe("1");
  expect(said).toEqual(["being made"]);
});

test("one that is stopped answers no more", async () => {
  expect((await create()).getId()).toBe("1");
  await serving.stop();
  await expect(create()).rejects.toThrow(/UNAVAILABLE|CANCELLED/);
});

test("one that is stopped in the middle of making something has ended that when it says that it has stopped", async () => {
  const begun = new Promise<void>((resolve) => (onBegun = resolve));
  const making = create("Slow").catch(() => "cut off");
  await begun;
  await serving.stop();
  expect(ended).toBe(true);
  expect(await making).toBe("cut off");
});
