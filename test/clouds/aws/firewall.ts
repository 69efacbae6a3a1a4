import type { Thing } from "../lib/store";
import { callerAddress, isIn } from "../lib/networks";
import type { Account } from "./account";
import { networkInterfaces, type Instance, type NetworkInterface } from "./instance-model";
import { securityGroupRules, type SecurityGroupRule } from "./security-group-rule";

/**
 * Whether a caller reaches port 22 of an instance: some rule of some group of its network interface lets it in.
 * @see https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html
 */
export function admitsSsh({ store }: Account, instance: Instance): boolean {
  const groups = store.get<NetworkInterface>(networkInterfaces, instance.networkInterfaceId)?.groups ?? [];
  const from = store.get<Thing & { address: string }>("policy", "caller")?.address ?? callerAddress;
  return store.list<SecurityGroupRule>(securityGroupRules).some((rule) => {
    const { direction, securityGroupId, ipProtocol, fromPort = 0, toPort = 65535, cidrIpv4 } = rule;
    const rightPort = ipProtocol === "-1" || (ipProtocol === "tcp" && fromPort <= 22 && toPort >= 22);
    const here = direction === "ingress" && groups.includes(securityGroupId);
    return here && rightPort && cidrIpv4 !== undefined && isIn(from, cidrIpv4);
  });
}
