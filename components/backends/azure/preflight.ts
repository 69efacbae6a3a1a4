import type { TokenCredential } from "@azure/core-auth";
import { z } from "zod";
import { imageReference } from "../../../lib/image-reference";
import type { Settings } from "../../../stacks/settings";
import type { Finding, Preflight } from "../facets";
import { fitting } from "./choose-size";
import type { AzureClients } from "./clients";
import { classifyAzure } from "./errors";
import { imageVersions } from "./images";
import { missing, imageActions, runActions, type Grant, type NeededAction } from "./permissions";
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
const registrationsSchema = z.array(z.object({ namespace: z.string(), registrationState: z.string().optional() }));

/** Kinds of resource that must be registered once for a subscription. */
const namespaces = ["Microsoft.Compute", "Microsoft.Network", "Microsoft.Logic", "Microsoft.Storage"];

const permissionsApi = "api-version=2022-04-01";

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
  const groupPath = `/resourceGroups/${resourceGroup}/providers/Microsoft.Authorization/permissions?${permissionsApi}`;

  const login = async () => {
    const token = await credential.getToken("https://management.azure.com/.default");
    return token
      ? [ok("credentials", "a token was given")]
      : [fail("credentials", "nobody is logged in", "log in: az login")];
  };

  const permissions = async () => {
    const of = async (path: string) => grantsSchema.parse(await arm.list(path));
    const [everywhere, inGroup] = await Promise.all([
      of(`/providers/Microsoft.Authorization/permissions?${permissionsApi}`),
      of(groupPath),
    ]);
    const images = aboutPermissions("images", imageActions, [...everywhere, ...inGroup], "azure-publish-role.json");
    return [
      aboutPermissions("permissions", runActions, everywhere, "azure-role.json"),
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

  const expiry = async () => {
    await arm.get(`https://management.azure.com${own.expiryIdentityId}?api-version=2023-01-31`);
    return [ok("expiry", "the identity that deletes machines at their expiry is there")];
  };

  const sizesOnOffer = async (settings: Settings) => {
    const offered = new Set<string>();
    for await (const { name, resourceType, restrictions } of compute.resourceSkus.list({
      filter: `location eq '${location}'`,
    }))
      if (resourceType === "virtualMachines" && !restrictions?.some(({ type }) => type === "Location"))
        offered.add(name?.toLowerCase() ?? "");
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
