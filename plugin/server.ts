import { Metadata, Server, ServerCredentials, status, type sendUnaryData, type ServerUnaryCall } from "@grpc/grpc-js";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as messages from "@pulumi/pulumi/proto/provider_pb";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { Any } from "google-protobuf/google/protobuf/any_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Engine } from "./engine";
import { exitWithParent } from "./parent-watch";
import { HalfMade, type Context, type ResourceType } from "./resource";
import { fromStruct, toStruct, type Properties } from "./values";

export interface Plugin {
  readonly name: string;
  readonly version: string;
  /** Type token (`kmvm:index:Run`) -> what it does. Any other token is refused. */
  readonly types: Readonly<Record<string, ResourceType>>;
}

/** The ways in which the engine and a plugin agree on a failure; everything else is `UNKNOWN` with a message. */
function grpcError(error: unknown): { code: number; details: string; metadata?: Metadata } {
  const details = error instanceof Error ? error.message : String(error);
  if (!(error instanceof HalfMade)) return { code: status.UNKNOWN, details };
  const failed = new messages.ErrorResourceInitFailed()
    .setId(error.id)
    .setProperties(toStruct(error.properties))
    .setReasonsList([...error.reasons]);
  const any = new Any();
  any.pack(failed.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
  const grpcStatus = new Status();
  grpcStatus.setCode(status.UNKNOWN);
  grpcStatus.setMessage(details);
  grpcStatus.addDetails(any);
  const metadata = new Metadata();
  metadata.add("grpc-status-details-bin", Buffer.from(grpcStatus.serializeBinary()));
  return { code: status.UNKNOWN, details, metadata };
}

function unary<Q, R>(handle: (request: Q) => R | Promise<R>) {
  return (call: ServerUnaryCall<Q, R>, callback: sendUnaryData<R>): void => {
    Promise.resolve()
      .then(() => handle(call.request))
      .then(
        (response) => {
          callback(null, response);
        },
        (error: unknown) => {
          callback(grpcError(error));
        },
      );
  };
}

/** Every property that is in one and not equal in the other. */
export function changedProperties(olds: Properties, news: Properties): string[] {
  const keys = new Set([...Object.keys(olds), ...Object.keys(news)]);
  return [...keys].filter((key) => JSON.stringify(olds[key]) !== JSON.stringify(news[key]));
}

/** The gRPC service of a plugin. `signal` aborts when the engine cancels. */
function implementation(plugin: Plugin, engine: () => Engine | undefined, cancelled: AbortController) {
  const typeOf = (urn: string): ResourceType => {
    // urn:pulumi:<stack>::<project>::<parent types>$<type>::<name>
    const token = urn.split("::")[2]?.split("$").at(-1) ?? "";
    const type = plugin.types[token];
    if (!type)
      throw new Error(`${plugin.name} has no resource type "${token}"; it has ${Object.keys(plugin.types).join(", ")}`);
    return type;
  };
  const context = (urn: string, timeoutSeconds: number): Context => ({
    log: (severity, message) => engine()?.log(severity, message, urn),
    status: (message) => engine()?.log("info", message, urn, true),
    signal: cancelled.signal,
    urn,
    timeoutSeconds,
  });
  /** Lines that a resource said must not come after its result. */
  const afterLogs = async <T>(value: T): Promise<T> => {
    await engine()?.drained();
    return value;
  };

  return {
    handshake: unary(() => new messages.ProviderHandshakeResponse()),
    getPluginInfo: unary(() => new PluginInfo().setVersion(plugin.version)),
    getSchema: unary(() => new messages.GetSchemaResponse().setSchema("{}")),
    checkConfig: unary((request: messages.CheckRequest) => new messages.CheckResponse().setInputs(request.getNews())),
    diffConfig: unary(() => new messages.DiffResponse()),
    configure: unary(() => new messages.ConfigureResponse().setSupportspreview(true)),
    attach: unary(() => new Empty()),
    cancel: unary(() => {
      cancelled.abort();
      return new Empty();
    }),

    check: unary((request: messages.CheckRequest) => {
      const { inputs, failures } = typeOf(request.getUrn()).check(
        fromStruct(request.getNews()),
        fromStruct(request.getOlds()),
      );
      return new messages.CheckResponse()
        .setInputs(toStruct(inputs))
        .setFailuresList(
          failures.map(({ property, reason }) => new messages.CheckFailure().setProperty(property).setReason(reason)),
        );
    }),

    diff: unary((request: messages.DiffRequest) => {
      const olds = fromStruct(request.getOldInputs());
      const news = fromStruct(request.getNews());
      const type = typeOf(request.getUrn());
      const { replaces, updates, deleteBeforeReplace } = type.diff
        ? type.diff(olds, news, fromStruct(request.getOlds()))
        : { replaces: changedProperties(olds, news), updates: [], deleteBeforeReplace: false };
      const ignored = new Set(request.getIgnorechangesList());
      const changes = [...replaces, ...updates].filter((property) => !ignored.has(property));
      const { DIFF_SOME, DIFF_NONE } = messages.DiffResponse.DiffChanges;
      return new messages.DiffResponse()
        .setChanges(changes.length > 0 ? DIFF_SOME : DIFF_NONE)
        .setDiffsList(changes)
        .setReplacesList(replaces.filter((property) => !ignored.has(property)))
        .setDeletebeforereplace(deleteBeforeReplace ?? false);
    }),

    create: unary(async (request: messages.CreateRequest) => {
      const inputs = fromStruct(request.getProperties());
      if (request.getPreview()) return new messages.CreateResponse().setProperties(toStruct(inputs));
      const made = await afterwards(
        typeOf(request.getUrn()).create(inputs, context(request.getUrn(), request.getTimeout())),
        afterLogs,
      );
      return new messages.CreateResponse().setId(made.id).setProperties(toStruct(made.properties));
    }),

    read: unary(async (request: messages.ReadRequest) => {
      const outputs = fromStruct(request.getProperties());
      const inputs = fromStruct(request.getInputs());
      const type = typeOf(request.getUrn());
      const found = type.read ? await type.read(request.getId(), outputs, inputs) : { outputs, inputs };
      // An empty id tells the engine that the resource is gone.
      if (!found) return new messages.ReadResponse();
      return new messages.ReadResponse()
        .setId(request.getId())
        .setProperties(toStruct(found.outputs))
        .setInputs(toStruct(found.inputs));
    }),

    update: unary(async (request: messages.UpdateRequest) => {
      const news = fromStruct(request.getNews());
      if (request.getPreview())
        return new messages.UpdateResponse().setProperties(toStruct({ ...fromStruct(request.getOlds()), ...news }));
      const type = typeOf(request.getUrn());
      if (!type.update) throw new Error(`${request.getUrn()} cannot be updated in place`);
      const update = type.update(
        request.getId(),
        fromStruct(request.getOlds()),
        news,
        context(request.getUrn(), request.getTimeout()),
      );
      return new messages.UpdateResponse().setProperties(toStruct(await afterwards(update, afterLogs)));
    }),

    delete: unary(async (request: messages.DeleteRequest) => {
      const remove = typeOf(request.getUrn()).delete;
      await remove?.(
        request.getId(),
        fromStruct(request.getProperties()),
        context(request.getUrn(), request.getTimeout()),
      );
      await afterLogs(undefined);
      return new Empty();
    }),
  };
}

/** Waits for `pending` and then for `settle`, whether `pending` succeeded or not. */
async function afterwards<T>(pending: Promise<T>, settle: (value: undefined) => Promise<undefined>): Promise<T> {
  try {
    return await pending;
  } finally {
    await settle(undefined);
  }
}

/**
 * Serves a plugin to the engine that started this process, as the engine expects it: the port on the first line of
 * standard output, the engine's address as the last argument. Ends when the engine does.
 */
export function serve(plugin: Plugin): void {
  const address = process.argv.at(-1);
  const engine = address && /:\d+$/.test(address) ? new Engine(address) : undefined;
  const cancelled = new AbortController();
  exitWithParent();
  const unlimited = { "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 };
  const server = new Server(unlimited);
  server.addService(
    ResourceProviderService,
    implementation(plugin, () => engine, cancelled),
  );
  server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
    if (error) throw error;
    process.stdout.write(`${port}\n`);
  });
}
