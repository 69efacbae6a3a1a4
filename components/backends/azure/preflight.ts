import type { ResourceSku } from "@azure/arm-compute";
import type { TokenCredential } from "@azure/core-auth";
import { z } from "zod";
import { imageReference } from "../../../lib/image-reference";
import type { Settings } from "../../../stacks/settings";
import type { Finding, Preflight } from "../facets";
import { fitting } from "./choose-size";
import type { AzureClients } from "./clients";
import { classifyAzure } from "./errors";
import { imageVersions } from "./images";
import {
  expiryActions,
  identityActions,
  imageActions,
  missing,
  runActions,
  type Grant,
  type NeededAction,
} from "./permissions";
import type { AzureSettings } from "./settings";
import { needOf } from "./validate";

const grantsSchema = z.array(
  z.object({
    actions: z.array(z.string()).optional(),
    notActions: z.array(z.string()).optional(),
    dataActions: z.array(z.string()).optional(),
    notDataActions: z.array(z.string()).optional(),
  }),
);
const roleSchema = z.object({ properties: z.object({ permissions: grantsSchema }) });
const assignmentsSchema = z.array(
  z.object({ properties: z.object({ scope: z.string(), roleDefinitionId: z.string() }) }),
);
const identitySchema = z.object({ properties: z.object({ principalId: z.string() }) });
const registrationsSchema = z.array(z.object({ namespace: z.string(), registrationState: z.string().optional() }));

/** Kinds of resource that must be registered once for a subscription. */
const namespaces = ["Microsoft.Compute", "Microsoft.Network", "Microsoft.Logic", "Microsoft.Storage"];

const authorization = "providers/Microsoft.Authorization";
const authorizationApi = "api-version=2022-04-01";
const management = "https://management.azure.com";

const ok = (name: string, text: string): Finding => ({ name, level: "ok", text });
const fail = (name: string, text: string, fix: string): Finding => ({ name, level: "fail", text, fix });
const warn = (name: string, text: string, fix: string): Finding => ({ name, level: "warn", text, fix });

/** What a check throws is its finding. */
async function guarded(name: string, check: () => Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await check();
  } catch (error) {
    const { kind, message, hint } = classifyAzure(error);
    return [fail(name, `${kind}: ${message}`, hint)];
  }
}

/** Whether machines of a size can be made, in one of these zones if some are given: learn.microsoft.com/rest/api/compute/resource-skus/list. */
function isOffered(
  { restrictions = [], locationInfo = [] }: ResourceSku,
  zones: readonly string[] | undefined,
): boolean {
  if (restrictions.some(({ type }) => type === "Location")) return false;
  if (zones === undefined) return true;
  const closed = restrictions.flatMap(({ type, restrictionInfo }) =>
    type === "Zone" ? (restrictionInfo?.zones ?? []) : [],
  );
  const there = locationInfo.flatMap((location) => location.zones ?? []);
  return zones.some((zone) => there.includes(zone) && !closed.includes(zone));
}

function aboutPermissions(
  name: string,
  needed: readonly NeededAction[],
  grants: readonly Grant[],
  role: string,
): Finding {
  const lacking = missing(needed, grants);
  if (lacking.length === 0) return ok(name, `all ${needed.length} actions are allowed`);
  return fail(
    name,
    `missing: ${lacking.map(({ action, why }) => `${action} (${why})`).join(", ")}`,
    `have the role of docs/${role} assigned: docs/azure.md`,
  );
}

/** What can be found out without creating or changing anything. */
export function preflight(
  { compute, arm }: AzureClients,
  own: AzureSettings,
  credential: Pick<TokenCredential, "getToken">,
): Preflight {
  const { subscriptionId, location, resourceGroup } = own;
  const identities = [own.expiryIdentityId, ...(own.identityId === undefined ? [] : [own.identityId])];

  const login = async () => {
    const token = await credential.getToken(`${management}/.default`);
    return token
      ? [ok("credentials", "a token was given")]
      : [fail("credentials", "nobody is logged in", "log in: az login")];
  };

  const permissions = async () => {
    const of = async (scope: string) =>
      grantsSchema.parse(await arm.list(`${scope}/${authorization}/permissions?${authorizationApi}`));
    const [everywhere, inGroup, ...ofIdentities] = await Promise.all([
      of(""),
      of(`/resourceGroups/${resourceGroup}`),
      ...identities.map((id) => of(management + id)),
    ]);
    const images = aboutPermissions("images", imageActions, [...everywhere, ...inGroup], "azure-publish-role.json");
    return [
      aboutPermissions("permissions", runActions, everywhere, "azure-role.json"),
      ...ofIdentities.map((grants, index) =>
        aboutPermissions(
          `identity ${identities[index]?.split("/").at(-1) ?? ""}`,
          identityActions,
          grants,
          "azure-identity-role.json",
        ),
      ),
      // Who only runs tests need not publish.
      images.level === "fail" ? { ...images, level: "warn" as const } : images,
    ];
  };

  const registrations = async () => {
    const found = registrationsSchema.parse(await arm.list("/providers?api-version=2021-04-01"));
    const registered = new Set(
      found.filter((one) => one.registrationState === "Registered").map((one) => one.namespace.toLowerCase()),
    );
    const lacking = namespaces.filter((name) => !registered.has(name.toLowerCase()));
    return lacking.length === 0
      ? [ok("providers", namespaces.join(", "))]
      : [
          fail(
            "providers",
            `not registered in the subscription: ${lacking.join(", ")}`,
            lacking.map((name) => `az provider register --namespace ${name}`).join("; "),
          ),
        ];
  };

  /** All that an identity may do in the whole subscription, by roles that it has there or above. */
  const grantsOf = async (principalId: string): Promise<Grant[]> => {
    const filter = encodeURIComponent(`assignedTo('${principalId}')`);
    const assigned = await arm.list(`/${authorization}/roleAssignments?${authorizationApi}&$filter=${filter}`);
    const roles = assignmentsSchema
      .parse(assigned)
      .map(({ properties }) => properties)
      .filter(({ scope }) => !new RegExp(`^/subscriptions/${subscriptionId}/.`, "i").test(scope))
      .map(({ roleDefinitionId }) => arm.get(`${management}${roleDefinitionId}?${authorizationApi}`));
    return (await Promise.all(roles)).flatMap((role) => roleSchema.parse(role).properties.permissions);
  };

  const expiry = async () => {
    const { properties } = identitySchema.parse(
      await arm.get(`${management}${own.expiryIdentityId}?api-version=2023-01-31`),
    );
    // A workflow is made whatever its identity may do, and what that is refused at the end nobody hears.
    const lacking = missing(expiryActions, await grantsOf(properties.principalId));
    if (lacking.length === 0) return [ok("expiry", "the identity that deletes machines at their expiry may do that")];
    return [
      fail(
        "expiry",
        `the identity that is to delete machines at their expiry may not: ${lacking.map(({ action }) => action).join(", ")}`,
        "assign it the role of docs/azure-expiry-role.json in the subscription: docs/azure.md",
      ),
    ];
  };

  const sizesOnOffer = async (settings: Settings) => {
    const offered = new Set<string>();
    const zones = settings.zone === undefined ? own.zones : [settings.zone];
    for await (const sku of compute.resourceSkus.list({ filter: `location eq '${location}'` }))
      if (sku.resourceType === "virtualMachines" && isOffered(sku, zones)) offered.add(sku.name?.toLowerCase() ?? "");
    const wanted = settings.size ? [settings.size] : fitting(needOf(settings)).map(({ name }) => name);
    const there = wanted.filter((name) => offered.has(name.toLowerCase()));
    if (there[0] === undefined)
      return [
        fail("sizes", `none of ${wanted.slice(0, 4).join(", ")} is on offer in ${location}`, "choose another location"),
      ];
    if (there[0] !== wanted[0])
      return [warn("sizes", `${wanted[0]} is not on offer in ${location}`, `--set size=${there[0]}`)];
    return [ok("sizes", `${there.slice(0, 4).join(", ")} in ${location}`)];
  };

  const promoted = async (image: string) => {
    const { name } = imageReference(image);
    const version = (await imageVersions({ compute, arm }, own).list(name)).find((one) => one.promoted);
    return version
      ? [ok("image", `${name}@${version.version}`)]
      : [
          fail(
            "image",
            `no version of ${name} is promoted in ${own.gallery}`,
            `kmvm image publish ${name} --backend azure`,
          ),
        ];
  };

  return {
    async check(settings) {
      const first = await guarded("credentials", login);
      // Without them every other answer would be the same.
      if (first.some(({ level }) => level === "fail")) return first;
      const rest = await Promise.all([
        guarded("subscription", async () => {
          await arm.get(`?api-version=2022-12-01`);
          return [ok("subscription", subscriptionId)];
        }),
        guarded("permissions", permissions),
        guarded("providers", registrations),
        guarded("expiry", expiry),
        ...(settings ? [guarded("sizes", () => sizesOnOffer(settings))] : []),
        ...(settings ? [guarded("image", () => promoted(settings.image))] : []),
      ]);
      return [...first, ...rest.flat()];
    },
  };
}
