import type { Properties } from "../../../plugin/values";
import type { Resource } from "../fake-arm/state";
import type { Mistake, Table } from "../lib/property";
import type { RehearsedType } from "../lib/rehearsed";
import { ArmError, providerText } from "./arm-error";
import {
  getResource,
  location,
  listResources,
  neededGroup,
  putResource,
  removeResource,
  subscriptionId,
  type Subscription,
  type Tags,
} from "./subscription";

/** A type of resource that lies in a resource group, as Resource Manager and the provider have it. */
export interface ArmKind {
  /** `Microsoft.Network/virtualNetworks` */
  readonly type: string;
  /** Input that is its name: `virtualNetworkName`. */
  readonly nameInput: string;
  readonly namePattern: RegExp;
  readonly inputs: Table;
  rules?(inputs: Properties): Mistake[];
  /** Properties that Resource Manager adds. @throws ArmError before anything is made */
  admit?(subscription: Subscription, inputs: Properties, id: string): Properties;
  /** @throws ArmError where what is there cannot become this */
  admitChange?(olds: Properties, news: Properties): void;
  /** After it is there: what takes long. May throw when it is half made. */
  begin?(subscription: Subscription, id: string): Promise<void>;
  /** Ids of what must go before it can. */
  users?(subscription: Subscription, id: string): { readonly code: string; readonly ids: readonly string[] };
  /** Before it is gone: what else goes. */
  end?(subscription: Subscription, id: string): Promise<void>;
}

/** Inputs that are no properties of the resource itself. */
const frame = new Set(["resourceGroupName", "location", "tags"]);

export function idOf({ type, nameInput }: ArmKind, inputs: Properties): string {
  const group = String(inputs["resourceGroupName"]);
  return `/subscriptions/${subscriptionId}/resourceGroups/${group}/providers/${type}/${String(inputs[nameInput])}`;
}

function resourceOf(kind: ArmKind, inputs: Properties, added: Properties): Resource {
  const own = Object.entries(inputs).filter(([name]) => !frame.has(name) && name !== kind.nameInput);
  return {
    id: idOf(kind, inputs),
    name: String(inputs[kind.nameInput]),
    type: kind.type,
    location: String(inputs["location"] ?? location),
    tags: (inputs["tags"] ?? {}) as Tags,
    properties: { ...Object.fromEntries(own), ...added, provisioningState: "Succeeded" },
  };
}

/** What the provider gives back: inputs and properties side by side, names of the path left out. */
export function outputsOf({ name, type, location: place, tags, properties }: Resource): Properties {
  return { ...properties, name, type, location: place, tags, azureApiVersion: "2024-01-01" };
}

/** Runs one transaction, and puts a refusal into the provider's words. */
export async function armCall<T>(subscription: Subscription, action: string, work: () => T): Promise<T> {
  subscription.call(action);
  try {
    return await subscription.store.exclusively(work);
  } catch (error) {
    if (error instanceof ArmError) throw new Error(providerText(error));
    throw error;
  }
}

/**
 * Fifty tags, names of 512 and values of 256 characters.
 * @see https://learn.microsoft.com/azure/azure-resource-manager/management/tag-resources#limitations
 */
export function refuseBadTags(tags: Tags): void {
  const entries = Object.entries(tags);
  if (entries.length > 50) throw new ArmError("InvalidTags", "The maximum number of tags is 50.");
  for (const [name, value] of entries) {
    if (name.length > 512 || /[<>%&\\?/]/.test(name))
      throw new ArmError("InvalidTagName", `The tag name '${name}' is invalid.`);
    if (value.length > 256) throw new ArmError("InvalidTagValue", `The value of tag '${name}' exceeds 256 characters.`);
  }
}

/** Ids of other resources that a text of the properties names. */
export const mentions = (resource: Resource, id: string): boolean =>
  JSON.stringify(resource.properties).toLowerCase().includes(`"${id.toLowerCase()}`);

export const mentioning = (subscription: Subscription, id: string): string[] =>
  listResources(subscription)
    .filter((one) => one.id.toLowerCase() !== id.toLowerCase() && mentions(one, id))
    .map((one) => one.id);

export function armType(subscription: Subscription, kind: ArmKind): RehearsedType {
  const { type, nameInput, namePattern } = kind;
  const inputs: Table = {
    ...kind.inputs,
    resourceGroupName: { kind: "text", required: true, replaces: true },
    [nameInput]: { kind: "text", replaces: true, pattern: namePattern, allowed: namePattern.source },
    location: { kind: "text", replaces: true },
    tags: { kind: "tags" },
  };
  return {
    inputs,
    autoname: nameInput,
    ...(kind.rules ? { rules: kind.rules } : {}),
    async create(given) {
      const id = idOf(kind, given);
      const made = await armCall(subscription, `${type}/write`, () => {
        neededGroup(subscription, String(given["resourceGroupName"]));
        refuseBadTags((given["tags"] ?? {}) as Tags);
        // The provider looks first: github.com/pulumi/pulumi-azure-native/blob/master/provider/pkg/provider/provider.go
        if (getResource(subscription, id)) throw new Error(`cannot create already existing resource '${id}'`);
        const resource = resourceOf(kind, given, kind.admit?.(subscription, given, id) ?? {});
        putResource(subscription, resource);
        return resource;
      });
      await kind.begin?.(subscription, id);
      return { id, properties: outputsOf(getResource(subscription, id) ?? made) };
    },
    read(id) {
      subscription.call(`${type}/read`);
      const found = getResource(subscription, id);
      return Promise.resolve(found && outputsOf(found));
    },
    update: (id, olds, news) =>
      armCall(subscription, `${type}/write`, () => {
        const found = getResource(subscription, id);
        if (!found) throw new ArmError("ResourceNotFound", `The Resource '${id}' was not found.`, 404);
        kind.admitChange?.(olds, news);
        refuseBadTags((news["tags"] ?? {}) as Tags);
        // What Resource Manager has added stays.
        const changed = resourceOf(kind, news, {});
        const resource = { ...found, ...changed, properties: { ...found.properties, ...changed.properties } };
        putResource(subscription, resource);
        return outputsOf(resource);
      }),
    async delete(id) {
      await kind.end?.(subscription, id);
      await armCall(subscription, `${type}/delete`, () => {
        const { code, ids } = kind.users?.(subscription, id) ?? { code: "", ids: [] };
        if (ids.length > 0) throw new ArmError(code, `${id} is in use by ${ids.join(", ")}`, 409);
        removeResource(subscription, id);
      });
    },
  };
}
