import type * as pulumi from "@pulumi/pulumi";
import { SecurityGroup, getSubnetOutput } from "@pulumi/aws/ec2";
import { SecurityGroupEgressRule, SecurityGroupIngressRule } from "@pulumi/aws/vpc";
import type { Settings } from "../../../stacks/settings";
import { callerCidr } from "../../kmvm/caller-address";
import { egressPorts, sshPort } from "./machine-plan";
import { ownSettings } from "./own-settings";

export interface MachineNetworkArgs {
  readonly settings: Settings;
  /** Of the group: unique in its VPC. */
  readonly groupName: pulumi.Input<string>;
  readonly tags: pulumi.Input<Record<string, string>>;
}

/**
 * What a machine may be reached by and what it may reach: ssh from the caller's address, and out to where packages and
 * registries are. The group has no rule of its own: the provider removes the one that EC2 gives every new group, which
 * lets everything out.
 */
export function securityGroup(
  name: string,
  { settings, groupName, tags }: MachineNetworkArgs,
  opts: pulumi.CustomResourceOptions,
): SecurityGroup {
  const { subnetId } = ownSettings(settings);
  const { parent, provider } = opts;
  const invoke = { ...(parent ? { parent } : {}), ...(provider ? { provider } : {}) };
  const group = new SecurityGroup(
    `${name}-group`,
    {
      name: groupName,
      description: "ssh to one test machine, from one address",
      // A group must be of the VPC of its machines; without one it is the default VPC.
      ...(subnetId === undefined ? {} : { vpcId: getSubnetOutput({ id: subnetId }, invoke).vpcId }),
      tags,
    },
    opts,
  );
  const cidr = callerCidr(`${name}-caller`, settings, parent ? { parent } : {});
  new SecurityGroupIngressRule(
    `${name}-ssh`,
    {
      securityGroupId: group.id,
      description: "ssh from the caller",
      cidrIpv4: cidr,
      ipProtocol: "tcp",
      fromPort: sshPort,
      toPort: sshPort,
      tags,
    },
    opts,
  );
  for (const port of egressPorts(settings))
    new SecurityGroupEgressRule(
      `${name}-out-${port}`,
      {
        securityGroupId: group.id,
        description: "packages and registries",
        cidrIpv4: "0.0.0.0/0",
        ipProtocol: "tcp",
        fromPort: port,
        toPort: port,
        tags,
      },
      opts,
    );
  return group;
}
