import type { RehearsedType } from "../lib/rehearsed";
import type { Account } from "./account";
import { ami } from "./ami";
import { bucketObject } from "./bucket-object";
import { instance } from "./instance";
import { launchTemplate } from "./launch-template";
import { parameter } from "./parameter";
import { schedule } from "./schedule";
import { securityGroup } from "./security-group";
import { snapshotImport } from "./snapshot-import";
import { securityGroupRule } from "./security-group-rule";

/** Every type that is played. Any other one is refused by the plugin library. */
export const types = (account: Account): Readonly<Record<string, RehearsedType>> => ({
  "aws:ec2/securityGroup:SecurityGroup": securityGroup(account),
  "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": securityGroupRule(account, "ingress"),
  "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": securityGroupRule(account, "egress"),
  "aws:ec2/instance:Instance": instance(account),
  "aws:ec2/launchTemplate:LaunchTemplate": launchTemplate(account),
  "aws:scheduler/schedule:Schedule": schedule(account),
  "aws:s3/bucketObjectv2:BucketObjectv2": bucketObject(account),
  "aws:ebs/snapshotImport:SnapshotImport": snapshotImport(account),
  "aws:ec2/ami:Ami": ami(account),
  "aws:ssm/parameter:Parameter": parameter(account),
});
