import type { MachineTags } from "../../../lib/tags";
import { toTags } from "../../../lib/tags";
import type { AzureSettings } from "../../../components/backends/azure/settings";
import { galleryVersion } from "../../../components/backends/azure/names";
import { machineType, skuType, usageType } from "./compute";
import { imageType, versionType } from "./galleries";
import { groupType } from "./groups";
import type { FakeArm } from "./server";
import { addressType, assignmentType, grantType, identityType, registrationType, roleType } from "./subscription";

const subscriptionId = "11111111-2222-3333-4444-555555555555";

export const own: AzureSettings = {
  subscriptionId,
  location: "westus2",
  resourceGroup: "kmvm-images",
  gallery: "kmvm",
  expiryIdentityId: `/subscriptions/${subscriptionId}/resourceGroups/kmvm-images/providers/Microsoft.ManagedIdentity/userAssignedIdentities/kmvm-expiry`,
  osDisk: "managed",
};

export interface MachineOptions {
  readonly stack?: string;
  readonly runId?: string;
  /** undefined: the group is there, and no machine in it. */
  readonly power?: string | undefined;
  readonly ephemeral?: boolean;
  readonly console?: string;
  readonly tags?: Record<string, string>;
  /** Version of the image, as the local store has it. */
  readonly image?: string;
}

/** The n-th version of a day, as the local store has it. */
export const version = (n: number): string => `20260101.${n}-0123456789ab`;

const numberOf = (local: string): string => galleryVersion(local) ?? local;

const place = `/subscriptions/${subscriptionId}/resourceGroups`;
export const galleryId = `${place}/kmvm-images/providers/Microsoft.Compute/galleries/kmvm`;

export const tags: MachineTags = {
  project: "kmvm",
  backendHash: "0123456789ab",
  stack: "test-ci-1",
  runId: "ab12cd34",
  createdAt: "2026-01-01T00:00:00.000Z",
  expiresAt: "2026-01-01T04:00:00.000Z",
  owner: "me@here",
};

/** @returns the group's id, which is the machine's */
export function addMachine({ state }: FakeArm, options: MachineOptions = {}): string {
  const { stack = tags.stack, runId = tags.runId } = options;
  const name = `kmvm-${stack}-${runId}`;
  const id = `${place}/${name}`;
  const given = options.tags ?? { ...toTags({ ...tags, stack, runId }), "kmvm-image-version": version(1) };
  state.put({ id, name, type: groupType, location: own.location, tags: given, properties: {} });
  if ("power" in options && options.power === undefined) return id;
  const image = numberOf(options.image ?? version(1));
  state.put({
    id: `${id}/providers/${machineType}/machine`,
    name: "machine",
    type: machineType,
    location: own.location,
    properties: {
      storageProfile: {
        imageReference: { id: `${galleryId}/images/L0-base/versions/${image}` },
        osDisk: { createOption: "FromImage", ...(options.ephemeral ? { diffDiskSettings: { option: "Local" } } : {}) },
      },
    },
    power: options.power ?? "running",
    ...(options.console === undefined ? {} : { console: options.console }),
  });
  state.put({
    id: `${id}/providers/${addressType}/address-1`,
    name: "address-1",
    type: addressType,
    location: own.location,
    properties: { ipAddress: "203.0.113.9" },
  });
  return id;
}

/** A version of an image, whole unless it is said to be something else. */
export function addVersion({ state }: FakeArm, local: string, more: Record<string, unknown> = {}): void {
  const id = `${galleryId}/images/L0-base`;
  if (!state.get(id))
    state.put({ id, name: "L0-base", type: imageType, location: own.location, tags: { kept: "yes" }, properties: {} });
  state.put({
    id: `${id}/versions/${numberOf(local)}`,
    name: numberOf(local),
    type: versionType,
    location: own.location,
    tags: { "kmvm-image-version": local },
    properties: {
      publishingProfile: {
        excludeFromLatest: true,
        publishedDate: "2026-01-01T00:00:00Z",
        targetRegions: [{ name: own.location }],
      },
      storageProfile: { osDiskImage: { source: { uri: `https://x/${local}.vhd` } } },
      ...more,
    },
  });
}

let counter = 0;
const add = ({ state }: FakeArm, type: string, properties: Record<string, unknown>) => {
  counter += 1;
  state.put({ id: `/fake/${counter}`, name: String(counter), type, properties });
};

export const addUsage = (arm: FakeArm, name: string, currentValue: number, limit: number, type = usageType) => {
  add(arm, type, { unit: "Count", currentValue, limit, name: { value: name, localizedValue: name } });
};

export const addSize = (arm: FakeArm, name: string, restrictions: unknown[] = [], zones = ["1", "2", "3"]) => {
  const locationInfo = [{ location: own.location, zones }];
  add(arm, skuType, { resourceType: "virtualMachines", name, locations: [own.location], locationInfo, restrictions });
};

export const addGrant = (arm: FakeArm, grant: Record<string, unknown>) => {
  add(arm, grantType, grant);
};

export const addRegistration = (arm: FakeArm, namespace: string, registrationState = "Registered") => {
  add(arm, registrationType, { namespace, registrationState });
};

const principalId = "99999999-2222-3333-4444-555555555555";

export const addExpiryIdentity = ({ state }: FakeArm) => {
  state.put({ id: own.expiryIdentityId, name: "kmvm-expiry", type: identityType, properties: { principalId } });
};

/** The expiry's identity may do this, in the whole subscription unless another scope is said. */
export const addExpiryRole = (
  { state }: FakeArm,
  actions: readonly string[],
  scope = `/subscriptions/${subscriptionId}`,
) => {
  const at = `/subscriptions/${subscriptionId}/providers`;
  const roleDefinitionId = `${at}/${roleType}/kmvm-expiry`;
  const permissions = [{ actions, notActions: [] }];
  state.put({ id: roleDefinitionId, name: "kmvm-expiry", type: roleType, properties: { permissions } });
  const properties = { principalId, roleDefinitionId, scope };
  state.put({ id: `${at}/${assignmentType}/1`, name: "1", type: assignmentType, properties });
};
