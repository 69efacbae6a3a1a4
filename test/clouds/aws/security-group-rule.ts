import type * as vpc from "@pulumi/aws/vpc";
import type { Properties } from "../../../plugin/values";
import { unknownValue } from "../../../plugin/values";
import { tableOf, type Mistake, type Table } from "../lib/property";
import type { RehearsedType } from "../lib/rehearsed";
import type { Thing } from "../lib/store";
import { arn, newId, refuseBadTags, type Account, type Tags } from "./account";
import { ApiError } from "./api-error";
import { providerCall } from "./provider-call";
import { securityGroups } from "./security-group";

export interface SecurityGroupRule extends Thing {
  readonly direction: "ingress" | "egress";
  readonly securityGroupId: string;
  readonly ipProtocol: string;
  readonly fromPort: number | undefined;
  readonly toPort: number | undefined;
  readonly cidrIpv4: string | undefined;
  readonly tags: Tags;
}

export const securityGroupRules = "security-group-rule";

const table: Table = {
  securityGroupId: { kind: "text", required: true, replaces: true },
  ipProtocol: { kind: "text", required: true, pattern: /^(-1|tcp|udp|icmp|icmpv6|\d+)$/ },
  fromPort: { kind: "number", min: -1, max: 65535 },
  toPort: { kind: "number", min: -1, max: 65535 },
  cidrIpv4: { kind: "text" },
  cidrIpv6: { kind: "text" },
  description: { kind: "text", pattern: /^[a-zA-Z0-9 ._\-:/()#,@[\]+=&;{}!$*]{0,255}$/ },
  tags: { kind: "tags" },
  region: { kind: "text", replaces: true },
};

const ingressInputs = tableOf<vpc.SecurityGroupIngressRuleArgs>(table);
const egressInputs = tableOf<vpc.SecurityGroupEgressRuleArgs>(table);

/** A network in CIDR form whose address has no bit set outside of its prefix. */
function isCanonical(cidr: string): boolean {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(cidr);
  if (!match) return false;
  const [a = 256, b = 256, c = 256, d = 256, length = 33] = match.slice(1).map(Number);
  if ([a, b, c, d].some((octet) => octet > 255) || length > 32) return false;
  const address = ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
  return length === 32 || (address & (2 ** (32 - length) - 1)) === 0;
}

/**
 * Exactly one source; ports unless all protocols are meant.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html
 * @see https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/vpc_security_group_ingress_rule
 */
function rules(inputs: Properties): Mistake[] {
  const { cidrIpv4, cidrIpv6, ipProtocol, fromPort, toPort } = inputs;
  const sources = [cidrIpv4, cidrIpv6].filter((one) => one !== undefined);
  const mistakes: Mistake[] = [];
  if (sources.length !== 1)
    mistakes.push({
      path: "cidrIpv4",
      reason: "exactly one of cidrIpv4, cidrIpv6, prefixListId, referencedSecurityGroupId",
    });
  if (typeof cidrIpv4 === "string" && cidrIpv4 !== unknownValue && !isCanonical(cidrIpv4))
    mistakes.push({ path: "cidrIpv4", reason: `"cidrIpv4": "${cidrIpv4}" is not a canonical network in CIDR form` });
  if (ipProtocol === "-1" && (fromPort !== undefined || toPort !== undefined))
    mistakes.push({ path: "fromPort", reason: "no ports may be given for all protocols (-1)" });
  if ((ipProtocol === "tcp" || ipProtocol === "udp") && (fromPort === undefined || toPort === undefined))
    mistakes.push({ path: "fromPort", reason: `fromPort and toPort must be given for ${ipProtocol}` });
  return mistakes;
}

const doings = {
  ingress: {
    text: "VPC Security Group Ingress Rule",
    make: "AuthorizeSecurityGroupIngress",
    take: "RevokeSecurityGroupIngress",
  },
  egress: {
    text: "VPC Security Group Egress Rule",
    make: "AuthorizeSecurityGroupEgress",
    take: "RevokeSecurityGroupEgress",
  },
} as const;

export function securityGroupRule(account: Account, direction: SecurityGroupRule["direction"]): RehearsedType {
  const { store } = account;
  const { text, make, take } = doings[direction];
  const outputs = (rule: SecurityGroupRule) => ({
    ...rule,
    arn: arn("ec2", `security-group-rule/${rule.id}`),
    securityGroupRuleId: rule.id,
    tagsAll: rule.tags,
  });
  return {
    inputs: direction === "ingress" ? ingressInputs : egressInputs,
    rules,
    async create(given) {
      const tags = (given["tags"] ?? {}) as Tags;
      const made = await providerCall(account, `creating ${text}`, { service: "EC2", name: make }, () => {
        refuseBadTags(tags);
        const rule = { id: newId("sgr"), direction, ...given, tags } as unknown as SecurityGroupRule;
        if (!store.get(securityGroups, rule.securityGroupId))
          throw new ApiError("InvalidGroup.NotFound", `The security group '${rule.securityGroupId}' does not exist`);
        const others = store
          .list<SecurityGroupRule>(securityGroupRules)
          .filter((one) => one.securityGroupId === rule.securityGroupId && one.direction === direction);
        const same = ({ ipProtocol, fromPort, toPort, cidrIpv4 }: SecurityGroupRule) =>
          JSON.stringify([ipProtocol, fromPort, toPort, cidrIpv4]);
        // https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html InvalidPermission.Duplicate
        if (others.some((one) => same(one) === same(rule)))
          throw new ApiError("InvalidPermission.Duplicate", "the specified rule already exists");
        // https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html#vpc-limits-security-groups
        if (others.length >= 60)
          throw new ApiError(
            "RulesPerSecurityGroupLimitExceeded",
            "The maximum number of rules per security group has been reached.",
          );
        store.put(securityGroupRules, rule);
        return rule;
      });
      return { id: made.id, properties: outputs(made) };
    },
    read(id) {
      account.call("ec2:DescribeSecurityGroupRules");
      const rule = store.get<SecurityGroupRule>(securityGroupRules, id);
      return Promise.resolve(rule && outputs(rule));
    },
    update: (id, _olds, news) =>
      providerCall(account, `updating ${text} (${id})`, { service: "EC2", name: "ModifySecurityGroupRules" }, () => {
        const rule = store.get<SecurityGroupRule>(securityGroupRules, id);
        if (!rule)
          throw new ApiError(
            "InvalidSecurityGroupRuleId.NotFound",
            `The security group rule ID '${id}' does not exist`,
          );
        const changed = { ...rule, ...news, tags: (news["tags"] ?? {}) as Tags } as SecurityGroupRule;
        store.put(securityGroupRules, changed);
        return outputs(changed);
      }),
    delete: (id) =>
      providerCall(account, `deleting ${text} (${id})`, { service: "EC2", name: take }, () => {
        store.remove(securityGroupRules, id);
      }),
  };
}
