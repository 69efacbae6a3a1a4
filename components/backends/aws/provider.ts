import type * as pulumi from "@pulumi/pulumi";
import { Provider } from "@pulumi/aws/provider";
import type { AwsSettings } from "./settings";

/**
 * The provider of the region that the settings name: nothing depends on what region the environment says. Credentials
 * are those of the standard chain, the metadata service of a build machine included, which the provider would skip, and
 * no part of the state.
 */
export function regionProvider(name: string, { region }: AwsSettings, parent: pulumi.Resource): Provider {
  return new Provider(`${name}-aws`, { region, skipMetadataApiCheck: false }, { parent });
}
