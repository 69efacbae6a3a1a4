import { createHash, randomBytes } from "node:crypto";
import { messageOf } from "../../../lib/errors";
import type { Context, Made, ResourceType } from "../../../plugin/resource";
import { HalfMade } from "../../../plugin/resource";
import type { Properties } from "../../../plugin/values";
import { recordHit, takeFault, type FaultKind } from "./faults";
import { changesIn, mistakesIn, type Mistake, type Table } from "./property";
import { recordReceived } from "./received";
import type { Store } from "./store";

/**
 * Does a part of a create, unless a fault at `<name> <token>` is in the way.
 * @param known what the provider keeps in the state when this part fails. @default nothing
 */
export type Step = <T>(name: string, work: () => Promise<T>, known?: Made) => Promise<T>;

/** A resource type of a cloud's provider, as the rehearsal plays it. */
export interface RehearsedType {
  readonly inputs: Table;
  /** The property that the provider makes up when the program gives none: `<resource's name>-<7 hex digits>`. */
  readonly autoname?: string;
  /** What the table cannot say: rules over several properties. */
  rules?(inputs: Properties): Mistake[];
  /** Properties that need another resource although the table does not say so, given both. @default none */
  replaces?(olds: Properties, news: Properties): readonly string[];
  create(inputs: Properties, context: Context, step: Step): Promise<Made>;
  /** Whether faults are met by the steps of its create, and not by the whole of it. @default false */
  readonly inSteps?: true;
  /** Outputs; undefined: it is gone. */
  read(id: string, outputs: Properties): Promise<Properties | undefined>;
  /** Absent: no property can be changed in place. */
  update?(id: string, olds: Properties, news: Properties): Promise<Properties>;
  /** Succeeds also when it is gone. */
  delete(id: string, outputs: Properties): Promise<void>;
}

/** What is the same for all types of one cloud. */
export interface Rehearsal {
  readonly store: Store;
  /** The error of a call that a fault has hit, in this cloud's words. */
  faultError(kind: FaultKind, operation: string, token: string): Error;
}

const nameOf = (urn: string): string => urn.split("::").at(-1) ?? "";

/** @see https://www.pulumi.com/docs/iac/concepts/resources/names/#autonaming */
function autonamed(property: string, news: Properties, olds: Properties, urn: string): Properties {
  if (news[property] !== undefined) return news;
  return { ...news, [property]: olds[property] ?? `${nameOf(urn)}-${randomBytes(4).toString("hex").slice(0, 7)}` };
}

/** Never settles: only the end of the process ends it. The timer keeps the process from ending by itself. */
function stuck(): Promise<never> {
  return new Promise(() => setInterval(() => undefined, 60_000));
}

async function withFaults<T>(
  { store, faultError }: Rehearsal,
  operation: string,
  token: string,
  work: () => Promise<T>,
  unfinished: (done: T, error: Error) => Error,
): Promise<T> {
  const at = `${operation} ${token}`;
  const kind = await takeFault(store, at);
  if (!kind) return work();
  const failure = faultError(kind, operation, token);
  if (kind === "lost" || kind === "slow" || kind === "stuck-after") {
    const done = await work();
    recordHit(store, kind, at);
    if (kind === "stuck-after") return stuck();
    throw kind === "slow" ? unfinished(done, failure) : failure;
  }
  recordHit(store, kind, at);
  if (kind === "stuck-before") return stuck();
  throw failure;
}

function stepsOf(rehearsal: Rehearsal, token: string): Step {
  return async (name, work, known) => {
    try {
      return await withFaults(rehearsal, name, token, work, (_, error) => error);
    } catch (error) {
      throw known ? new HalfMade(known.id, known.properties, [messageOf(error)]) : error;
    }
  };
}

/** The type as the plugin library wants it: tables enforced, faults met. */
export function rehearsed(token: string, type: RehearsedType, rehearsal: Rehearsal): ResourceType {
  const asIs = (_: unknown, error: Error): Error => error;
  const { update, autoname } = type;
  return {
    ...(autoname === undefined
      ? {}
      : { complete: (news: Properties, olds: Properties, urn: string) => autonamed(autoname, news, olds, urn) }),

    check: (news) => {
      const mistakes = mistakesIn(type.inputs, news);
      // Rules over several properties may rely on each being what the table says.
      const all = mistakes.length > 0 ? mistakes : (type.rules?.(news) ?? []);
      return { inputs: news, failures: all.map(({ path, reason }) => ({ property: path, reason })) };
    },

    diff: (olds, news) => {
      const forced = type.replaces?.(olds, news) ?? [];
      const top = ({ path }: { path: string }): string => path.split(".")[0] ?? path;
      const paths = changesIn(type.inputs, olds, news).map((change) => ({
        ...change,
        replaces: change.replaces || !type.update || forced.includes(top(change)),
      }));
      const replaces = [...new Set(paths.filter((change) => change.replaces).map(top))];
      const updates = [...new Set(paths.map(top))].filter((name) => !replaces.includes(name));
      return { replaces, updates, paths };
    },

    create: (inputs, context) => {
      recordReceived(rehearsal.store, { type: token, inputs });
      const step = stepsOf(rehearsal, token);
      if (type.inSteps) return type.create(inputs, context, step);
      return withFaults(
        rehearsal,
        "create",
        token,
        () => type.create(inputs, context, step),
        // What the provider knows the id of is kept in the state, although it is not what it should be yet.
        (made, error) => new HalfMade(made.id, made.properties, [error.message]),
      );
    },

    read: (id, outputs, inputs) =>
      withFaults(
        rehearsal,
        "read",
        token,
        async () => {
          const found = await type.read(id, outputs);
          return found && { outputs: found, inputs: refreshed(type.inputs, inputs, found) };
        },
        asIs,
      ),

    ...(update
      ? {
          update: (id: string, olds: Properties, news: Properties) =>
            withFaults(rehearsal, "update", token, () => update(id, olds, news), asIs),
        }
      : {}),

    delete: (id, outputs) => withFaults(rehearsal, "delete", token, () => type.delete(id, outputs), asIs),
  };
}

/** The inputs that the program gave, with what the cloud says of them now: how a refresh finds drift. */
function refreshed(table: Table, inputs: Properties, outputs: Properties): Properties {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, value]) => {
      const kind = table[name]?.kind;
      const comparable =
        kind === "text" || kind === "choice" || kind === "number" || kind === "flag" || kind === "tags";
      return [name, comparable && name in outputs ? outputs[name] : value];
    }),
  );
}

/** The same text for the same words: ids that tests can predict. */
export function digest(length: number, ...words: readonly string[]): string {
  return createHash("sha256").update(words.join("\0")).digest("hex").slice(0, length);
}

/** As many random hex digits. */
export const randomHex = (length: number): string => randomBytes(length).toString("hex").slice(0, length);
