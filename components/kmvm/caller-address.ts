import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../../stacks/settings";

/** The address of this host as the internet sees it, looked up once, when the resource is created. */
export class CallerAddress extends pulumi.CustomResource {
  /** `192.0.2.1/32`. */
  declare readonly cidr: pulumi.Output<string>;

  constructor(name: string, opts?: pulumi.CustomResourceOptions) {
    super("kmvm:index:CallerAddress", name, { cidr: undefined }, opts);
  }
}

/** Who may log in to a machine in a cloud: the setting `callerCidr`, else this host. */
export function callerCidr(
  name: string,
  settings: Pick<Settings, "callerCidr">,
  opts?: pulumi.CustomResourceOptions,
): pulumi.Input<string> {
  return settings.callerCidr ?? new CallerAddress(name, opts).cidr;
}
