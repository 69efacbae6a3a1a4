import type * as pulumi from "@pulumi/pulumi";
import type { BackendName } from "../backends/registry";

/** Whose account an image is published to. */
export interface PublishingPlace {
  readonly backend: BackendName;
  /** The backend's own settings, with nothing secret in them. */
  readonly configuration: pulumi.Input<Record<string, unknown>>;
}
