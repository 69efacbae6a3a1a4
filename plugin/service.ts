import * as messages from "@pulumi/pulumi/proto/provider_pb";
import { PluginInfo, type PluginAttach } from "@pulumi/pulumi/proto/plugin_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import type { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { Engine } from "./engine";
import { unary } from "./grpc";
import { HalfMade, type Context, type ResourceType } from "./resource";
import { containsSecret, markSecrets, openSecrets } from "./secrets";
import { fromStruct, toStruct, unknownValue, type Properties } from "./values";

export interface Plugin {
  readonly name: string;
  readonly version: string;
  /** Type token (`kmvm:index:Run`) -> what it does. Any other token is refused. */
  readonly types: Readonly<Record<string, ResourceType>>;
  /** Token of a function (`aws:ssm/getParameter:getParameter`) -> what it answers. @default none */
  readonly functions?: Readonly<Record<string, (args: Properties) => Properties | Promise<Properties>>>;
  /** Told the provider's own configuration before anything is asked of it; throws to refuse it. */
  configure?(configuration: Properties): void | Promise<void>;
}

/** Every property that is in one and not equal in the other. */
export function changedProperties(olds: Properties, news: Properties): string[] {
  const keys = new Set([...Object.keys(olds), ...Object.keys(news)]);
  return [...keys].filter((key) => JSON.stringify(olds[key]) !== JSON.stringify(news[key]));
}

/** Properties without secret marks, and the way to put the marks back onto what is returned. */
function opened(type: ResourceType, struct: Struct | undefined) {
  const marked = fromStruct(struct);
  const secret = new Set(Object.keys(marked).filter((name) => containsSecret(marked[name])));
  const spread = type.secretsSpread === true && secret.size > 0;
  const mark = (properties: Properties) => markSecrets(properties, (name) => spread || secret.has(name));
  return {
    properties: openSecrets(marked) as Properties,
    close: (properties: Properties): Struct => toStruct(mark(properties)),
    /** What a failed create or update left keeps its secrets as well. */
    closeHalfMade: (error: unknown): never => {
      throw error instanceof HalfMade ? new HalfMade(error.id, mark(error.properties), error.reasons) : error;
    },
    /** The same without spreading: inputs are as secret as they came. */
    closeInputs: (inputs: Properties): Struct => toStruct(markSecrets(inputs, (name) => secret.has(name))),
  };
}

/** Resource type of a URN: urn:pulumi:<stack>::<project>::<parent types>$<type>::<name> */
function tokenOf(urn: string): string {
  return urn.split("::")[2]?.split("$").at(-1) ?? "";
}

/**
 * The gRPC service of a plugin.
 * @param started the engine that started this process; undefined: one that attaches says who it is
 * @param cancelled is aborted when the engine cancels
 * @param atWork has what is being made, changed or removed right now
 */
export function service(
  plugin: Plugin,
  started: Engine | undefined,
  cancelled: AbortController,
  atWork = new Set<Promise<unknown>>(),
) {
  let engine = started;
  const typeOf = (urn: string): ResourceType => {
    const token = tokenOf(urn);
    const type = plugin.types[token];
    if (!type)
      throw new Error(`${plugin.name} has no resource type "${token}"; it has ${Object.keys(plugin.types).join(", ")}`);
    return type;
  };
  const context = (urn: string): Context => ({
    log: (severity, message) => engine?.log(severity, message, urn),
    status: (message) => engine?.log("info", message, urn, true),
    signal: cancelled.signal,
    urn,
  });
  /** Lines that a resource said must not come after its result, nor after its failure. */
  const afterLogs = async <T>(pending: Promise<T>): Promise<T> => {
    atWork.add(pending);
    try {
      return await pending;
    } finally {
      atWork.delete(pending);
      await engine?.drained();
    }
  };

  return {
    handshake: unary(() => new messages.ProviderHandshakeResponse().setAcceptSecrets(true)),
    getPluginInfo: unary(() => new PluginInfo().setVersion(plugin.version)),
    getSchema: unary(() => new messages.GetSchemaResponse().setSchema("{}")),
    checkConfig: unary((request: messages.CheckRequest) => new messages.CheckResponse().setInputs(request.getNews())),
    diffConfig: unary(() => new messages.DiffResponse()),
    configure: unary(async (request: messages.ConfigureRequest) => {
      await plugin.configure?.(openSecrets(fromStruct(request.getArgs())) as Properties);
      return new messages.ConfigureResponse().setSupportspreview(true).setAcceptsecrets(true);
    }),
    attach: unary((request: PluginAttach) => {
      engine ??= new Engine(request.getAddress());
      return new Empty();
    }),
    cancel: unary(() => {
      cancelled.abort();
      return new Empty();
    }),

    invoke: unary(async (request: messages.InvokeRequest) => {
      const answer = plugin.functions?.[request.getTok()];
      if (!answer) throw new Error(`${plugin.name} has no function "${request.getTok()}"`);
      const args = openSecrets(fromStruct(request.getArgs())) as Properties;
      return new messages.InvokeResponse().setReturn(toStruct(await answer(args)));
    }),

    check: unary(async (request: messages.CheckRequest) => {
      const type = typeOf(request.getUrn());
      const news = opened(type, request.getNews());
      const olds = opened(type, request.getOlds()).properties;
      const completed = type.complete?.(news.properties, olds, request.getUrn()) ?? news.properties;
      const { inputs, failures } = await type.check(completed, olds);
      return new messages.CheckResponse()
        .setInputs(news.closeInputs(inputs))
        .setFailuresList(
          failures.map(({ property, reason }) => new messages.CheckFailure().setProperty(property).setReason(reason)),
        );
    }),

    diff: unary((request: messages.DiffRequest) => {
      const type = typeOf(request.getUrn());
      const olds = opened(type, request.getOldInputs()).properties;
      const news = opened(type, request.getNews()).properties;
      const { replaces, updates, deleteBeforeReplace, paths } = type.diff
        ? type.diff(olds, news, opened(type, request.getOlds()).properties)
        : { replaces: changedProperties(olds, news), updates: [], deleteBeforeReplace: false, paths: [] };
      const ignored = new Set(request.getIgnorechangesList());
      const changes = [...replaces, ...updates].filter((property) => !ignored.has(property));
      const { DIFF_SOME, DIFF_NONE } = messages.DiffResponse.DiffChanges;
      const response = new messages.DiffResponse()
        .setChanges(changes.length > 0 ? DIFF_SOME : DIFF_NONE)
        .setDiffsList(changes)
        .setReplacesList(replaces.filter((property) => !ignored.has(property)))
        .setDeletebeforereplace(deleteBeforeReplace ?? false);
      if (changes.length === 0 || !paths || paths.length === 0) return response;
      const { UPDATE, UPDATE_REPLACE } = messages.PropertyDiff.Kind;
      for (const { path, replaces: isReplaced } of paths)
        response
          .getDetaileddiffMap()
          .set(path, new messages.PropertyDiff().setKind(isReplaced ? UPDATE_REPLACE : UPDATE).setInputdiff(true));
      return response.setHasdetaileddiff(true);
    }),

    create: unary(async (request: messages.CreateRequest) => {
      const type = typeOf(request.getUrn());
      const { properties: inputs, close, closeHalfMade } = opened(type, request.getProperties());
      // Outputs that are missing in a preview are unknown to the program.
      if (request.getPreview()) return new messages.CreateResponse().setProperties(close(inputs));
      const create = type.create(inputs, context(request.getUrn()));
      const made = await afterLogs(create).catch(closeHalfMade);
      return new messages.CreateResponse().setId(made.id).setProperties(close(made.properties));
    }),

    read: unary(async (request: messages.ReadRequest) => {
      const type = typeOf(request.getUrn());
      const outputs = opened(type, request.getProperties());
      const inputs = opened(type, request.getInputs());
      const found = type.read
        ? await type.read(request.getId(), outputs.properties, inputs.properties)
        : { outputs: outputs.properties, inputs: inputs.properties };
      // An empty id tells the engine that the resource is gone.
      if (!found) return new messages.ReadResponse();
      return new messages.ReadResponse()
        .setId(request.getId())
        .setProperties(outputs.close(found.outputs))
        .setInputs(inputs.closeInputs(found.inputs));
    }),

    update: unary(async (request: messages.UpdateRequest) => {
      const type = typeOf(request.getUrn());
      const olds = opened(type, request.getOlds()).properties;
      const { properties: news, close, closeHalfMade } = opened(type, request.getNews());
      if (request.getPreview()) {
        const unknown = Object.fromEntries((type.computed ?? []).map((name) => [name, unknownValue]));
        return new messages.UpdateResponse().setProperties(close({ ...olds, ...news, ...unknown }));
      }
      if (!type.update) throw new Error(`${request.getUrn()} cannot be updated in place`);
      const update = type.update(request.getId(), olds, news, context(request.getUrn()));
      return new messages.UpdateResponse().setProperties(close(await afterLogs(update).catch(closeHalfMade)));
    }),

    delete: unary(async (request: messages.DeleteRequest) => {
      const type = typeOf(request.getUrn());
      const { properties: outputs } = opened(type, request.getProperties());
      if (type.delete) await afterLogs(type.delete(request.getId(), outputs, context(request.getUrn())));
      return new Empty();
    }),
  };
}
