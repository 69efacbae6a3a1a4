import type { Properties } from "../../../plugin/values";
import { arn, type Account } from "./account";
import { ApiError, providerText } from "./api-error";
import { accountId, instanceTypes, quotas, region, subnets, vpcId, zones, type QuotaCode } from "./facts";
import { images, type Image } from "./image-model";
import { parameters, type Parameter } from "./parameter";
import { quotaValue } from "./run-instance";

type Answer = (args: Properties) => Properties;
interface Filter {
  readonly name: string;
  readonly values: readonly string[];
}

/** Whether a thing has one of the values of every filter. A filter that is not played is a mistake of the caller's. */
function matches(facts: Readonly<Record<string, string>>, filters: readonly Filter[]): boolean {
  return filters.every(({ name, values }) => {
    const fact = facts[name];
    if (fact === undefined) throw new Error(`the rehearsal does not play the filter ${name}`);
    return values.includes(fact);
  });
}

const filtersOf = (args: Properties): readonly Filter[] => (args["filters"] ?? []) as Filter[];

/** Refuses arguments that are not played. */
function only(args: Properties, ...names: readonly string[]): void {
  const others = Object.keys(args).filter((name) => args[name] !== undefined && !names.includes(name));
  if (others.length > 0) throw new Error(`the rehearsal does not play the arguments ${others.join(", ")}`);
}

/** Functions of the provider that programs call. */
export function functions(account: Account): Readonly<Record<string, Answer>> {
  const { store } = account;
  const all: Record<string, readonly [action: string, answer: Answer]> = {
    "aws:index/getCallerIdentity:getCallerIdentity": [
      "sts:GetCallerIdentity",
      () => ({ id: accountId, accountId, arn: `arn:aws:iam::${accountId}:user/rehearsal`, userId: "AIDAEXAMPLE" }),
    ],
    "aws:index/getRegion:getRegion": ["", () => ({ id: region, name: region, region, description: region })],
    "aws:ssm/getParameter:getParameter": [
      "ssm:GetParameter",
      (args) => {
        only(args, "name", "withDecryption", "region");
        const name = String(args["name"]);
        const found = store.get<Parameter>(parameters, name);
        if (!found)
          throw new Error(
            providerText(
              `reading SSM Parameter (${name})`,
              { service: "SSM", name: "GetParameter" },
              new ApiError("ParameterNotFound", ""),
            ),
          );
        const { value, version, type } = found;
        return {
          id: name,
          name,
          arn: arn("ssm", `parameter${name}`),
          value,
          insecureValue: value,
          version,
          type,
          region,
        };
      },
    ],
    "aws:ec2/getVpc:getVpc": [
      "ec2:DescribeVpcs",
      (args) => {
        only(args, "default", "id", "filters", "region");
        if (args["id"] !== undefined && args["id"] !== vpcId) throw new Error("no matching EC2 VPC found");
        return {
          id: vpcId,
          default: true,
          cidrBlock: "172.31.0.0/16",
          arn: arn("ec2", `vpc/${vpcId}`),
          state: "available",
        };
      },
    ],
    "aws:ec2/getSubnets:getSubnets": [
      "ec2:DescribeSubnets",
      (args) => {
        only(args, "filters", "region");
        const found = subnets.filter(({ zone, id }) =>
          matches(
            {
              "vpc-id": vpcId,
              "availability-zone": zone,
              "default-for-az": "true",
              "subnet-id": id,
              state: "available",
            },
            filtersOf(args),
          ),
        );
        return { id: region, ids: found.map(({ id }) => id) };
      },
    ],
    "aws:ec2/getSubnet:getSubnet": [
      "ec2:DescribeSubnets",
      (args) => {
        only(args, "id", "availabilityZone", "defaultForAz", "vpcId", "filters", "region");
        const found = subnets.filter(
          ({ id, zone }) => (args["id"] ?? id) === id && (args["availabilityZone"] ?? zone) === zone,
        );
        const [subnet, ...more] = found;
        if (!subnet) throw new Error("no matching EC2 Subnet found");
        if (more.length > 0)
          throw new Error(
            "multiple EC2 Subnets matched; use additional constraints to reduce matches to a single EC2 Subnet",
          );
        return {
          id: subnet.id,
          availabilityZone: subnet.zone,
          vpcId,
          cidrBlock: subnet.cidrBlock,
          defaultForAz: true,
          mapPublicIpOnLaunch: true,
          arn: arn("ec2", `subnet/${subnet.id}`),
          state: "available",
        };
      },
    ],
    "aws:index/getAvailabilityZones:getAvailabilityZones": [
      "ec2:DescribeAvailabilityZones",
      () => ({ id: region, names: [...zones], zoneIds: ["usw2-az1", "usw2-az2", "usw2-az3"], groupNames: [region] }),
    ],
    "aws:ec2/getInstanceTypes:getInstanceTypes": [
      "ec2:DescribeInstanceTypes",
      (args) => {
        only(args, "filters", "region");
        const types = Object.entries(instanceTypes)
          .filter(([name, type]) =>
            matches(
              {
                "instance-type": name,
                "bare-metal": String(type.bareMetal),
                "processor-info.supported-architecture": "x86_64",
                "processor-info.supported-features": type.nested ? "nested-virtualization" : "",
                "vcpu-info.default-vcpus": String(type.vcpus),
                "memory-info.size-in-mib": String(type.memoryMiB),
              },
              filtersOf(args),
            ),
          )
          .map(([name]) => name);
        return { id: region, instanceTypes: types };
      },
    ],
    "aws:ec2/getInstanceTypeOfferings:getInstanceTypeOfferings": [
      "ec2:DescribeInstanceTypeOfferings",
      (args) => {
        only(args, "filters", "locationType", "region");
        const locations: readonly string[] = args["locationType"] === "availability-zone" ? zones : [region];
        const found = locations
          .flatMap((location) => Object.keys(instanceTypes).map((type) => ({ location, type })))
          .filter(({ location, type }) => matches({ location, "instance-type": type }, filtersOf(args)));
        return {
          id: region,
          instanceTypes: found.map(({ type }) => type),
          locations: found.map(({ location }) => location),
          locationTypes: found.map(() => args["locationType"] ?? "region"),
        };
      },
    ],
    "aws:servicequotas/getServiceQuota:getServiceQuota": [
      "servicequotas:GetServiceQuota",
      (args) => {
        const code = String(args["quotaCode"]) as QuotaCode;
        if (!(code in quotas)) throw new Error(`the rehearsal does not play the quota ${code}`);
        return { id: code, quotaCode: code, serviceCode: "ec2", value: quotaValue(account, code) };
      },
    ],
    "aws:ec2/getAmi:getAmi": [
      "ec2:DescribeImages",
      (args) => {
        only(args, "filters", "owners", "mostRecent", "region", "includeDeprecated");
        // https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/ami: whose image it is must be said.
        if (args["mostRecent"] === true && args["owners"] === undefined)
          throw new Error("`mostRecent` without `owners` lets anybody's image be taken");
        const found = store
          .list<Image>(images)
          .filter(({ id, name }) =>
            matches({ name, "image-id": id, "owner-id": accountId, state: "available" }, filtersOf(args)),
          )
          .sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
        const [image] = found;
        if (!image)
          throw new Error("Your query returned no results. Please change your search criteria and try again.");
        return { id: image.id, imageId: image.id, name: image.name, tags: image.tags, ownerId: accountId };
      },
    ],
  };
  return Object.fromEntries(
    Object.entries(all).map(([token, [action, answer]]) => [
      token,
      (args: Properties) => {
        if (action) account.call(action);
        return answer(args);
      },
    ]),
  );
}
