import { VirtualMachine } from "@pulumi/azure-native/compute";
import { Workflow } from "@pulumi/azure-native/logic";
import { ResourceGroup } from "@pulumi/azure-native/resources";
import * as pulumi from "@pulumi/pulumi";
import { userData } from "../../../lib/cloud-init";
import { imageTagNames, ourProject, toTags } from "../../../lib/tags";
import { callerCidr } from "../../kmvm/caller-address";
import { Pinned } from "../../kmvm/pinned";
import type { MachineArgs, MachineHandle } from "../backend";
import { expiryDefinition } from "./expiry";
import { versionId, versionNow } from "./image-reference";
import { generation, machinePlan, purchase, securityProfile, systemDisk } from "./machine-plan";
import { groupName, vmName } from "./names";
import { network } from "./network";
import { azureProvider } from "./provider";

/** In the image; cloud-init gives it the key. */
const user = "kmvm";

/** Changes that the API refuses for a machine that is there: github.com/pulumi/pulumi-azure-native/issues/577, 1117. */
const neverUpdated = [
  "storageProfile.imageReference",
  "storageProfile.osDisk",
  "osProfile",
  "hardwareProfile",
  "networkProfile",
  "securityProfile",
  "priority",
  "zones",
];

/**
 * A machine in a resource group of its own, which is its lifetime: deleting the group deletes all of it, and the group
 * is deleted at the expiry by a workflow that is there before anything that costs.
 */
export class AzureMachine extends pulumi.ComponentResource implements MachineHandle {
  readonly resource: pulumi.Resource;
  readonly id: pulumi.Output<string>;
  readonly address: pulumi.Output<string>;
  readonly port = pulumi.output(22);
  readonly user = pulumi.output(user);
  readonly imageVersion: pulumi.Output<string>;
  readonly accelerator = pulumi.output("hyper-v");
  readonly consolePath = pulumi.output(undefined);
  readonly folder = pulumi.output(undefined);
  readonly console: NonNullable<MachineHandle["console"]>;
  readonly offer: NonNullable<MachineHandle["offer"]>;

  constructor(name: string, args: MachineArgs, opts?: pulumi.ComponentResourceOptions) {
    super("kmvm:azure:Machine", name, {}, opts);
    const { settings, runId, expiresAt, authorizedKey, hostKey } = args;
    const plan = machinePlan(settings);
    const { own, size } = plan;
    const { location, subscriptionId } = own;
    const provider = azureProvider(`${name}-azure`, own, { parent: this });
    // Known before anything is made: where no image is promoted, nothing is.
    const imageVersion = new Pinned(
      `${name}-image`,
      { subject: settings.image, current: versionNow(settings.image, own, { parent: this, provider }) },
      { parent: this },
    ).value;
    const image = imageVersion.apply((version) => versionId(settings.image, version, own));
    const group = new ResourceGroup(
      `${name}-group`,
      {
        resourceGroupName: pulumi.output(runId).apply((id) => groupName(settings.stack.full, id)),
        location,
        tags: pulumi
          .all([tagsOf(args), imageVersion])
          .apply(([tags, version]) => ({ ...tags, [imageTagNames.version]: version })),
      },
      // Deleting it takes minutes, most of them for the machine in it.
      { parent: this, provider, customTimeouts: { delete: "30m" } },
    );
    // What is in the group goes with it, in one call that does not depend on how far the making got.
    const inGroup = { parent: this, provider, deletedWith: group };
    const common = { resourceGroupName: group.name, location, tags: tagsOf(args) };
    const expiry = new Workflow(
      `${name}-expiry`,
      {
        ...common,
        workflowName: "expiry",
        identity: { type: "UserAssigned", userAssignedIdentities: [own.expiryIdentityId] },
        definition: pulumi
          .all([group.name, expiresAt])
          .apply(([name, at]) =>
            expiryDefinition({ subscriptionId, group: name, expiresAt: at, identityId: own.expiryIdentityId }),
          ),
      },
      inGroup,
    );

    const placed = plan.zone === undefined ? {} : { zone: plan.zone };
    const zones = plan.zone === undefined ? {} : { zones: [plan.zone] };
    const hostname = pulumi.interpolate`${settings.stack.full}-${runId}`;
    const dataWith = (privateKey: pulumi.Input<string>) =>
      pulumi
        .all([authorizedKey, privateKey, hostKey.publicKey, hostname, expiresAt])
        .apply(([authorizedKey, privateKey, publicKey, hostname, expiresAt]) =>
          userData({ user, authorizedKey, hostKey: { privateKey, publicKey }, hostname, expiresAt }),
        );
    const parts = pulumi.output({ image, userData: dataWith("") });
    const { interfaceId, address } = network(
      name,
      {
        ...common,
        ...zones,
        callerCidr: callerCidr(`${name}-caller`, settings, { parent: this }),
        generation: parts.apply((known) =>
          generation({
            ...{ ...known, size: size.name, osDisk: own.osDisk, diskGiB: String(settings.diskGiB) },
            ...{ spot: String(plan.spot), ...placed },
          }),
        ),
      },
      inGroup,
    );
    const customData = dataWith(hostKey.privateKey).apply((data) => Buffer.from(data).toString("base64"));
    const machine = new VirtualMachine(
      `${name}-vm`,
      {
        ...common,
        vmName,
        ...zones,
        ...purchase(plan),
        hardwareProfile: { vmSize: size.name },
        securityProfile,
        storageProfile: { imageReference: { id: image }, osDisk: systemDisk(plan) },
        osProfile: {
          computerName: hostname,
          adminUsername: user,
          customData: pulumi.secret(customData),
          // The image has no agent: cloud-init itself says that the machine is ready.
          allowExtensionOperations: false,
          linuxConfiguration: {
            disablePasswordAuthentication: true,
            provisionVMAgent: false,
            ssh: { publicKeys: [{ path: `/home/${user}/.ssh/authorized_keys`, keyData: authorizedKey }] },
          },
        },
        networkProfile: { networkInterfaces: [{ id: interfaceId, primary: true, deleteOption: "Delete" }] },
        // Without a storage account: in one of the provider's own.
        diagnosticsProfile: { bootDiagnostics: { enabled: true } },
        ...(own.identityId ? { identity: { type: "UserAssigned", userAssignedIdentities: [own.identityId] } } : {}),
      },
      {
        ...inGroup,
        dependsOn: expiry,
        replaceOnChanges: neverUpdated,
        // Quota for two machines is not taken for granted.
        deleteBeforeReplace: true,
        // Longer than Azure itself waits for the guest to be ready, so that its refusal is told, and not ours.
        customTimeouts: { create: "45m", delete: "20m" },
      },
    );

    this.resource = machine;
    this.id = group.id;
    this.address = pulumi.all([address, machine.id]).apply(([ip]) => ip);
    this.imageVersion = imageVersion;
    this.console = group.id.apply((id) => ({ backend: "azure" as const, id, configuration: own }));
    this.offer = pulumi.output({ size: size.name, region: location, spot: plan.spot });
    this.registerOutputs({ id: this.id, address: this.address, imageVersion: this.imageVersion });
  }
}

function tagsOf({ settings, ...args }: MachineArgs): pulumi.Output<Record<string, string>> {
  const { backendHash, runId, createdAt, expiresAt, owner } = args;
  return pulumi
    .output({ backendHash, runId, createdAt, expiresAt, owner })
    .apply((known) => toTags({ ...known, project: ourProject, stack: settings.stack.full }));
}
