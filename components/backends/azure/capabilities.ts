import type { Capabilities } from "../backend";

/** /dev/kvm by nested virtualisation of the sizes that have it (sizes.ts); /dev/kkm needs only an unsigned module. */
export const capabilities: Capabilities = {
  devices: ["/dev/kvm", "/dev/kkm"],
  // Of @azure/identity (learn.microsoft.com/javascript/api/overview/azure/identity-readme) and of the managed identities
  // of the places that it knows; the engine's provider is told by ARM_ which cloud it is.
  environmentPrefixes: ["AZURE_", "ARM_", "IDENTITY_", "IMDS_", "MSI_"],
};
