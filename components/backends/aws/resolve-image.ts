import * as pulumi from "@pulumi/pulumi";
import { getParameter } from "@pulumi/aws/ssm";
import { messageOf } from "../../../lib/errors";
import { imageParameters } from "./image-names";
import { imageReference } from "../../../lib/image-reference";
import type { AwsSettings } from "./settings";

export interface ResolvedImage {
  readonly ami: string;
  readonly version: string;
}

/** As one text, by which a choice is kept. */
export function pinText({ version, ami }: ResolvedImage): string {
  return `${version} ${ami}`;
}

export function pinnedImage(text: string): ResolvedImage {
  const [version = "", ami = ""] = text.split(" ");
  return { version, ami };
}

/**
 * The AMI of an image as it is now: of the version given, else of the promoted one. The caller pins what it gets.
 * @param ref `L0-base` or `L0-base@<version>`
 * @throws ResourceError that the engine shows without a stack
 */
export async function resolveImage(
  ref: string,
  settings: AwsSettings,
  resource: pulumi.Resource,
  provider: pulumi.ProviderResource,
): Promise<ResolvedImage> {
  const { name, version: wanted } = imageReference(ref);
  const read = async (parameter: string) =>
    (await getParameter({ name: parameter }, { parent: resource, provider })).value;
  try {
    const version = wanted ?? (await read(imageParameters.promoted(settings, name)));
    return { ami: await read(imageParameters.version(settings, name, version)), version };
  } catch (error) {
    throw new pulumi.ResourceError(
      `image "${ref}" cannot be resolved in ${settings.region}: ${messageOf(error)}\n` +
        `see what is published: kmvm image ls --backend aws; publish one: kmvm image publish ${name} --backend aws`,
      resource,
      true,
    );
  }
}
