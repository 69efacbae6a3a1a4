/** One thing that a person or a pipeline must be allowed to do, and what for. */
export interface NeededAction {
  /** As role definitions name it: learn.microsoft.com/azure/role-based-access-control/resource-provider-operations. */
  readonly action: string;
  readonly why: string;
  /** Whether it is about the content of a storage account, which has permissions of its own. @default false */
  readonly data?: true;
}

const provider = (name: string, kinds: readonly string[], verbs: readonly string[], why: string): NeededAction[] =>
  kinds.flatMap((kind) => verbs.map((verb) => ({ action: `${name}/${kind}/${verb}`, why })));

/** What runs need, in the whole subscription: each has a resource group of its own. */
export const runActions: readonly NeededAction[] = [
  ...provider(
    "Microsoft.Resources/subscriptions",
    ["resourceGroups"],
    ["read", "write", "delete"],
    "a group for each machine",
  ),
  ...provider(
    "Microsoft.Network",
    ["networkSecurityGroups", "virtualNetworks", "publicIPAddresses", "networkInterfaces"],
    ["read", "write", "delete"],
    "its network",
  ),
  ...provider(
    "Microsoft.Network",
    ["networkSecurityGroups", "virtualNetworks/subnets", "publicIPAddresses", "networkInterfaces"],
    ["join/action"],
    "its network",
  ),
  ...provider("Microsoft.Compute", ["virtualMachines"], ["read", "write", "delete"], "the machine"),
  ...provider(
    "Microsoft.Compute/virtualMachines",
    ["start", "deallocate", "retrieveBootDiagnosticsData"],
    ["action"],
    "kmvm vm start, stop, and the console",
  ),
  ...provider("Microsoft.Compute", ["disks"], ["read", "write", "delete"], "its disk"),
  ...provider("Microsoft.Logic", ["workflows"], ["read", "write", "delete"], "its expiry"),
  { action: "Microsoft.Compute/locations/usages/read", why: "kmvm quota" },
  { action: "Microsoft.Network/locations/usages/read", why: "kmvm quota" },
  { action: "Microsoft.Compute/skus/read", why: "sizes on offer" },
  { action: "Microsoft.Resources/subscriptions/read", why: "kmvm doctor" },
  { action: "Microsoft.Resources/subscriptions/providers/read", why: "kmvm doctor" },
  ...provider(
    "Microsoft.Authorization",
    ["permissions", "roleAssignments", "roleDefinitions"],
    ["read"],
    "kmvm doctor",
  ),
  ...provider("Microsoft.Compute", ["galleries", "galleries/images", "galleries/images/versions"], ["read"], "images"),
  // Answers to what takes long lead there: learn.microsoft.com/azure/azure-resource-manager/management/async-operations.
  ...provider(
    "Microsoft.Compute/locations",
    ["operations", "diskOperations", "capsOperations"],
    ["read"],
    "the end of what takes long",
  ),
  ...provider(
    "Microsoft.Network/locations",
    ["operations", "operationResults"],
    ["read"],
    "the end of what takes long",
  ),
  { action: "Microsoft.Resources/subscriptions/operationresults/read", why: "the end of what takes long" },
];

/**
 * What runs need of each identity that the settings name. Not in the whole subscription: who may give any identity to a
 * machine of his may do whatever it may.
 */
export const identityActions: readonly NeededAction[] = [
  {
    action: "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action",
    why: "the identity of a machine's expiry, and of the registry",
  },
  { action: "Microsoft.ManagedIdentity/userAssignedIdentities/read", why: "kmvm doctor" },
];

/**
 * What the identity of the expiry needs in the subscription. Deleting a group needs nothing else:
 * learn.microsoft.com/azure/azure-resource-manager/management/delete-resource-group#required-access-and-deletion-failures.
 */
export const expiryActions: readonly NeededAction[] = provider(
  "Microsoft.Resources/subscriptions",
  ["resourceGroups"],
  ["delete", "read"],
  "the end of a machine",
);

/** What publishing, promoting and pruning images needs besides, in the group of the gallery. */
export const imageActions: readonly NeededAction[] = [
  { action: "Microsoft.Compute/galleries/images/write", why: "the pointer to the promoted version" },
  ...provider("Microsoft.Compute", ["galleries/images/versions"], ["write", "delete"], "versions of images"),
  { action: "Microsoft.Storage/storageAccounts/read", why: "where disks are uploaded" },
  {
    // Microsoft asks it of whoever makes an image of a blob in the same subscription, too, since 2025:
    // github.com/cloudfoundry/docs-bosh/pull/885.
    action: "Microsoft.Storage/storageAccounts/listKeys/action",
    why: "a version of an uploaded disk",
  },
  { action: "Microsoft.Storage/storageAccounts/blobServices/containers/read", why: "where disks are uploaded" },
  { action: "Microsoft.Storage/storageAccounts/blobServices/containers/write", why: "where disks are uploaded" },
  ...["read", "write", "delete"].map((verb) => ({
    action: `Microsoft.Storage/storageAccounts/blobServices/containers/blobs/${verb}`,
    why: "uploading a disk",
    data: true as const,
  })),
];

/** What a role may do, as the permissions of a scope list it. */
export interface Grant {
  readonly actions?: readonly string[] | undefined;
  readonly notActions?: readonly string[] | undefined;
  readonly dataActions?: readonly string[] | undefined;
  readonly notDataActions?: readonly string[] | undefined;
}

/** `a/*\/read` is meant for `a/read` as well: so the role Managed Identity Operator, which is built in, is written. */
const matches = (pattern: string, action: string): boolean => {
  const literal = pattern.replace(/[.+?^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^${literal.replaceAll("/*/", "/(*/)?").replaceAll("*", ".*")}$`, "i").test(action);
};

/**
 * Those that no grant allows. A grant takes back only what it gave itself
 * (learn.microsoft.com/azure/role-based-access-control/role-definitions#notactions). Pure.
 */
export function missing(needed: readonly NeededAction[], grants: readonly Grant[]): NeededAction[] {
  const allowed =
    ({ action, data }: NeededAction) =>
    (grant: Grant) => {
      const [given, taken] = data ? [grant.dataActions, grant.notDataActions] : [grant.actions, grant.notActions];
      const any = (patterns: readonly string[] | undefined) => patterns?.some((pattern) => matches(pattern, action));
      return Boolean(any(given)) && !any(taken);
    };
  return needed.filter((one) => !grants.some(allowed(one)));
}

const scope = "/subscriptions/00000000-0000-0000-0000-000000000000";

const definition = (name: string, description: string, needed: readonly NeededAction[]) => ({
  Name: name,
  IsCustom: true,
  Description: description,
  Actions: needed.flatMap(({ action, data }) => (data ? [] : action)).sort(),
  NotActions: [],
  DataActions: needed.flatMap(({ action, data }) => (data ? action : [])).sort(),
  NotDataActions: [],
  AssignableScopes: [scope],
});

/** What people and pipelines are to be assigned at the subscription: docs/azure-role.json. */
export const roleDefinition = definition("kmvm user", "Runs tests in machines of kmvm.", runActions);

/** What whoever publishes is to be assigned at the group of the gallery, beside that: docs/azure-publish-role.json. */
export const publishRoleDefinition = definition("kmvm publisher", "Publishes images for kmvm.", imageActions);

/** What people and pipelines are to be assigned at each identity of the settings: docs/azure-identity-role.json. */
export const identityRoleDefinition = definition(
  "kmvm identity user",
  "Gives an identity to machines and expiries of kmvm.",
  identityActions,
);

/** What the identity of the expiry is assigned at the subscription: docs/azure-expiry-role.json. */
export const expiryRoleDefinition = definition(
  "kmvm expiry",
  "Deletes the resource groups of kmvm's machines at their expiry.",
  expiryActions,
);
