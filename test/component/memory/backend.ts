import * as pulumi from "@pulumi/pulumi";
import type { Backend, ImageArgs, MachineArgs, Problem } from "../../../components/backends/backend";
import { toTags } from "../../../lib/tags";
import type { Settings } from "../../../stacks/settings";

const largest = { name: "memory.large", vcpus: 4 };

/** What the made-up provider of this backend would make. */
class Room extends pulumi.CustomResource {
  declare readonly address: pulumi.Output<string>;

  constructor(name: string, inputs: pulumi.Inputs, opts?: pulumi.CustomResourceOptions) {
    super("memory:index:Room", name, { ...inputs, address: "192.0.2.1" }, opts);
  }
}

function validate({ size, zone, vcpus, device, spot }: Settings): Problem[] {
  const problems: Problem[] = [];
  if (size !== undefined && size !== largest.name)
    problems.push({ key: "size", value: size, allowed: largest.name, fix: "leave it out" });
  if (zone !== undefined) problems.push({ key: "zone", value: zone, allowed: "nothing", fix: "leave it out" });
  if (vcpus > largest.vcpus)
    problems.push({ key: "vcpus", value: vcpus, allowed: `1 to ${largest.vcpus}`, fix: "ask for fewer" });
  if (device !== "/dev/kvm") problems.push({ key: "device", value: device, allowed: "/dev/kvm", fix: "choose it" });
  if (spot) problems.push({ key: "spot", value: spot, allowed: "false", fix: "leave it out" });
  return problems;
}

/** Machines that are nowhere but in the memory of this process. */
export const memory: Backend = {
  name: "memory",
  capabilities: { devices: ["/dev/kvm"] },
  validate,
  pricing: {
    asOf: "2026-01-01",
    hourly: (size) => (size === largest.name ? 0.5 : undefined),
    diskHourly: () => 0,
    offer: () => ({ size: largest.name, region: "here", spot: false }),
  },

  image(name: string, args: ImageArgs, opts?: pulumi.ComponentResourceOptions) {
    const image = new Room(name, { recipe: args.recipe }, opts);
    return { resource: image, version: pulumi.output("1") };
  },

  machine(name: string, args: MachineArgs, opts?: pulumi.ComponentResourceOptions) {
    const { settings, runId, createdAt, expiresAt, owner, backendHash } = args;
    const tags = pulumi
      .output({ runId, createdAt, expiresAt, owner, backendHash })
      .apply((known) => toTags({ ...known, project: pulumi.getProject(), stack: settings.stack.full }));
    const hostKey = pulumi.secret(args.hostKey.privateKey);
    const room = new Room(name, { tags, hostKey, authorizedKey: args.authorizedKey }, opts);
    return {
      resource: room,
      id: room.id,
      address: room.address,
      port: pulumi.output(22),
      user: pulumi.output("kmvm"),
      imageVersion: pulumi.output("1"),
      accelerator: pulumi.output("imagination"),
      consolePath: pulumi.output(undefined),
      folder: pulumi.output(undefined),
      console: room.id.apply((id) => ({ backend: settings.backend, id, configuration: { rooms: 3 } })),
      offer: pulumi.output({ size: largest.name, region: "here", spot: false }),
    };
  },
};
