import { z } from "zod";

const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Of a location that has zones (learn.microsoft.com/azure/reliability/availability-zones-overview). */
const zone = z.enum(["1", "2", "3"]);

/** Resource id of a user-assigned managed identity. */
const identity = z
  .string()
  .regex(
    /^\/subscriptions\/[\w-]+\/resourceGroups\/[\w().-]+\/providers\/Microsoft\.ManagedIdentity\/userAssignedIdentities\/[\w-]+$/i,
  );

/** Settings that only the backend azure has: where in the subscription machines and images are. Nothing secret. */
export const azureSettings = z
  .strictObject({
    subscriptionId: z.string().regex(guid),
    /** `westus2`. */
    location: z.string().regex(/^[a-z]+[a-z0-9]*$/),
    /** Availability zones that may be used, in the order in which they are tried. @default the region chooses */
    zones: z.array(zone).min(1).optional(),
    /** Resource group that holds the gallery and the storage account; machines have groups of their own. */
    resourceGroup: z.string().regex(/^[\w().-]{0,89}[\w()-]$/),
    gallery: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.]{0,78}[A-Za-z0-9]$/),
    /** Identity by which a machine's resource group is deleted at its expiry. It may delete groups, and is on no machine. */
    expiryIdentityId: identity,
    /** Storage account through which images are published. */
    storageAccount: z
      .string()
      .regex(/^[a-z0-9]{3,24}$/)
      .optional(),
    /** Identity by which machines fetch from a registry. @default machines have none */
    identityId: identity.optional(),
    /**
     * ephemeral: on the host's own disk, where the size has one that is large enough: faster and free of charge, and such
     * a machine cannot be stopped.
     */
    osDisk: z.enum(["managed", "ephemeral"]).default("managed"),
  })
  .meta({
    examples: [
      {
        subscriptionId: "11111111-2222-3333-4444-555555555555",
        location: "westus2",
        resourceGroup: "kmvm-images",
        gallery: "kmvm",
        storageAccount: "kmvmimages",
        expiryIdentityId:
          "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/kmvm-images/providers/Microsoft.ManagedIdentity/userAssignedIdentities/kmvm-expiry",
        osDisk: "managed",
      },
    ],
  });
export type AzureSettings = z.output<typeof azureSettings>;
