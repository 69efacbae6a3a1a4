import type * as aws from "@pulumi/aws/ec2";
import type { Mistake } from "../lib/property";
import { tableOf } from "../lib/property";
import type { RehearsedType } from "../lib/rehearsed";
import type { Thing } from "../lib/store";
import { arn, newId, refuseBadTags, type Account, type Tags } from "./account";
import { ApiError } from "./api-error";
import { accountId, vpcId as defaultVpc } from "./facts";
import { providerCall } from "./provider-call";

export interface SecurityGroup extends Thing {
  readonly name: string;
  readonly description: string;
  readonly vpcId: string;
  readonly tags: Tags;
}

export const securityGroups = "security-group";

/** @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html GroupName, GroupDescription */
const allowedText = /^[a-zA-Z0-9 ._\-:/()#,@[\]+=&;{}!$*]{1,255}$/;

const inputs = tableOf<aws.SecurityGroupArgs>({
  // Neither has an API to change it.
  name: {
    kind: "text",
    replaces: true,
    pattern: allowedText,
    allowed: "1 to 255 of a-z A-Z 0-9 space ._-:/()#,@[]+=&;{}!$*",
  },
  description: { kind: "text", replaces: true, pattern: allowedText, allowed: "1 to 255 of the same characters" },
  vpcId: { kind: "text", replaces: true, pattern: /^vpc-/ },
  tags: { kind: "tags" },
  revokeRulesOnDelete: { kind: "flag" },
  region: { kind: "text", replaces: true },
});

/** @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html "cannot start with sg-" */
function rules({ name }: Readonly<Record<string, unknown>>): Mistake[] {
  return typeof name === "string" && name.startsWith("sg-")
    ? [{ path: "name", reason: `"name": cannot begin with sg-` }]
    : [];
}

const doing = "Security Group";

export function securityGroup(account: Account): RehearsedType {
  const { store } = account;
  const outputs = (group: SecurityGroup) => ({
    ...group,
    arn: arn("ec2", `security-group/${group.id}`),
    ownerId: accountId,
    tagsAll: group.tags,
    revokeRulesOnDelete: false,
    namePrefix: "",
  });
  return {
    inputs,
    autoname: "name",
    rules,
    async create(given) {
      const vpcId = String(given["vpcId"] ?? defaultVpc);
      const tags = (given["tags"] ?? {}) as Tags;
      const name = String(given["name"]);
      const operation = { service: "EC2", name: "CreateSecurityGroup" };
      const group = await providerCall(account, `creating ${doing} (${name})`, operation, () => {
        refuseBadTags(tags);
        if (vpcId !== defaultVpc) throw new ApiError("InvalidVpcID.NotFound", `The vpc ID '${vpcId}' does not exist`);
        if (store.list<SecurityGroup>(securityGroups).some((one) => one.name === name && one.vpcId === vpcId))
          // https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html InvalidGroup.Duplicate
          throw new ApiError(
            "InvalidGroup.Duplicate",
            `The security group '${name}' already exists for VPC '${vpcId}'`,
          );
        const made: SecurityGroup = {
          id: newId("sg"),
          name,
          description: String(given["description"] ?? "Managed by Pulumi"),
          vpcId,
          tags,
        };
        store.put(securityGroups, made);
        return made;
      });
      // A new group lets everything out; the provider takes that away:
      // https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/security_group "removes the default ALLOW ALL egress rule"
      account.call("ec2:RevokeSecurityGroupEgress");
      return { id: group.id, properties: outputs(group) };
    },
    read(id) {
      account.call("ec2:DescribeSecurityGroups");
      const group = store.get<SecurityGroup>(securityGroups, id);
      return Promise.resolve(group && outputs(group));
    },
    update(id, _olds, news) {
      const tags = (news["tags"] ?? {}) as Tags;
      return providerCall(account, `updating ${doing} (${id})`, { service: "EC2", name: "CreateTags" }, () => {
        refuseBadTags(tags);
        const group = store.get<SecurityGroup>(securityGroups, id);
        if (!group) throw new ApiError("InvalidGroup.NotFound", `The security group '${id}' does not exist`);
        store.put(securityGroups, { ...group, tags } as SecurityGroup);
        return outputs({ ...group, tags });
      });
    },
    delete: (id) =>
      providerCall(account, `deleting ${doing} (${id})`, { service: "EC2", name: "DeleteSecurityGroup" }, () => {
        deleteSecurityGroup(account, id);
      }).catch((error: unknown) => {
        // The provider takes a group that is gone for deleted.
        if (!String(error).includes("InvalidGroup.NotFound")) throw error;
      }),
  };
}

/** @throws ApiError */
export function deleteSecurityGroup({ store }: Account, id: string): void {
  if (!store.get(securityGroups, id))
    throw new ApiError("InvalidGroup.NotFound", `The security group '${id}' does not exist`);
  // https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteSecurityGroup.html: fails with DependencyViolation
  // while it is associated with a network interface, or another group's rule names it.
  const used = store.list<Thing & { groups: string[] }>("network-interface").some(({ groups }) => groups.includes(id));
  if (used) throw new ApiError("DependencyViolation", `resource ${id} has a dependent object`);
  store.remove(securityGroups, id);
  for (const rule of store.list<Thing & { securityGroupId: string }>("security-group-rule"))
    if (rule.securityGroupId === id) store.remove("security-group-rule", rule.id);
}
