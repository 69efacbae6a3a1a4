import type { Properties } from "./values";

/** How the engine marks a secret value, on the wire and in exports: sdk/go/common/resource/sig of pulumi/pulumi. */
export const signatureKey = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";

function isRecord(value: unknown): value is Properties {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

function isSecret(value: unknown): value is Properties {
  return isRecord(value) && value[signatureKey] === secretSignature;
}

export function containsSecret(value: unknown): boolean {
  if (isSecret(value)) return true;
  return Object.values(isRecord(value) || Array.isArray(value) ? value : {}).some(containsSecret);
}

/** The value without any mark in it. */
export function openSecrets(value: unknown): unknown {
  if (isSecret(value)) return openSecrets(value["value"]);
  if (Array.isArray(value)) return value.map(openSecrets);
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, openSecrets(inner)]));
}

/** The properties, those of the given names marked as secret. */
export function markSecrets(properties: Properties, isSecretName: (name: string) => boolean): Properties {
  return Object.fromEntries(
    Object.entries(properties).map(([name, value]) => [
      name,
      isSecretName(name) ? { [signatureKey]: secretSignature, value } : value,
    ]),
  );
}
