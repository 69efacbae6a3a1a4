import { DescribeInstanceTypesCommand, EC2Client, paginateDescribeInstanceTypeOfferings } from "@aws-sdk/client-ec2";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { messageOf, UserError } from "../../../lib/errors";
import type { Settings } from "../../../stacks/settings";
import type { Finding } from "../facets";
import { clientOf, collect } from "./clients";
import { calling } from "./errors";
import { imageReference } from "../../../lib/image-reference";
import { readPromoted, readVersions } from "./image-pointers";
import { listMachines } from "./inventory";
import { typeOf, wantsNesting } from "./machine-plan";
import { askPermissions, type ProbeContext, type ProbeResult } from "./permission-probes";
import { bucketFinding, networkFinding } from "./place-findings";
import type { AwsSettings } from "./settings";

/** A check that fails is a finding, not the end of the others. */
async function finding(name: string, look: () => Promise<Finding | Finding[]>): Promise<Finding[]> {
  try {
    return [await look()].flat();
  } catch (error) {
    const hint = error instanceof UserError ? error.hint : undefined;
    return [{ name, level: "fail", text: messageOf(error), ...(hint === undefined ? {} : { fix: hint }) }];
  }
}

async function identity(own: AwsSettings): Promise<Finding[]> {
  const client = new STSClient(clientOf(own));
  const { Arn = "", Account = "" } = await calling("could not find out who we are", () =>
    client.send(new GetCallerIdentityCommand({})),
  ).finally(() => {
    client.destroy();
  });
  const roleAccount = own.scheduleRoleArn.split(":")[4];
  const foreign: Finding = {
    name: "schedule role",
    level: "fail",
    text: `${own.scheduleRoleArn} is a role of account ${roleAccount ?? ""}, and we are in ${Account}`,
    fix: "give scheduleRoleArn of this account: machines would not be made without it",
  };
  return [
    { name: "credentials", level: "ok", text: `${Arn}, region ${own.region}` },
    ...(roleAccount === Account ? [] : [foreign]),
  ];
}

/** Pure: what the answers come to, permissions by name. */
export function permissionFindings(results: readonly ProbeResult[]): Finding[] {
  const having = (answer: ProbeResult["answer"]) => results.filter((result) => result.answer === answer);
  const names = (some: readonly ProbeResult[]) => some.map(({ permission }) => permission).join(", ");
  const [refused, undecided] = [having("refused"), having("undecided")];
  const name = "permissions";
  if (refused.length > 0)
    return [
      { name, level: "fail", text: `missing: ${names(refused)}`, fix: "docs/aws-policy.json has all that is needed" },
    ];
  const allowed: Finding = {
    name,
    level: "ok",
    text: `${having("allowed").length} of ${results.length} asked for are given`,
  };
  if (undecided.length === 0) return [allowed];
  const [first] = undecided;
  return [allowed, { name, level: "warn", text: `not known: ${names(undecided)} (${first?.why ?? ""})` }];
}

/** Whether the region, and each zone that is given, has the size, with what the device needs. */
async function sizeFindings(own: AwsSettings, settings: Settings): Promise<Finding> {
  const { name: size } = typeOf(settings);
  const name = "size";
  const client = new EC2Client(clientOf(own));
  try {
    return await calling(`could not find out where ${size} is on offer`, async () => {
      const zones = await collect(
        paginateDescribeInstanceTypeOfferings(
          { client },
          { LocationType: "availability-zone", Filters: [{ Name: "instance-type", Values: [size] }] },
        ),
        ({ InstanceTypeOfferings }) => InstanceTypeOfferings?.map(({ Location = "" }) => Location),
      );
      const shown = zones.sort().join(", ");
      if (zones.length === 0)
        return { name, level: "fail", text: `${own.region} has no ${size}`, fix: "choose another size or region" };
      const without = (own.zones ?? []).filter((zone) => !zones.includes(zone));
      if (without.length > 0)
        return { name, level: "fail", text: `no ${size} in ${without.join(", ")}`, fix: `it is in ${shown}` };
      if (wantsNesting(settings)) {
        const { InstanceTypes } = await client.send(
          new DescribeInstanceTypesCommand({ InstanceTypes: [size as never] }),
        );
        const [found] = InstanceTypes ?? [];
        if (found?.SupportedBootModes && !found.SupportedBootModes.includes("uefi"))
          return {
            name,
            level: "fail",
            text: `${size} has no UEFI boot, which the image needs`,
            fix: "name another size",
          };
        const features: readonly string[] = found?.ProcessorInfo?.SupportedFeatures ?? [];
        if (!features.includes("nested-virtualization"))
          return {
            name,
            level: "fail",
            text: `${size} has no nested virtualisation in ${own.region}`,
            fix: "name another size",
          };
      }
      return { name, level: "ok", text: `${size} is in ${shown}` };
    });
  } finally {
    client.destroy();
  }
}

interface FoundImage {
  readonly finding: Finding;
  readonly ami: string | undefined;
}

async function findImage(own: AwsSettings, ref: string): Promise<FoundImage> {
  const { name: image, version: wanted } = imageReference(ref);
  const version = wanted ?? (await readPromoted(own, image));
  const ami = (await readVersions(own, image)).find((one) => one.version === version)?.ami;
  const fix = `publish and promote one: kmvm image publish ${image} --backend aws`;
  const missing = version === undefined ? `no version of ${image} is promoted` : `there is no ${image}@${version}`;
  return {
    ami,
    finding:
      ami === undefined
        ? { name: "image", level: "fail", text: `${missing} in ${own.region}`, fix }
        : { name: "image", level: "ok", text: `${image}@${version ?? ""} is ${ami}` },
  };
}

/** Creates and changes nothing. */
export async function check(own: AwsSettings, settings: Settings | undefined): Promise<Finding[]> {
  const who = await finding("credentials", () => identity(own));
  // Without credentials every other call would say the same.
  if (who.some(({ name, level }) => name === "credentials" && level === "fail")) return who;
  const reference = settings?.image ?? "L0-base";
  let ami: string | undefined;
  const image = await finding("image", async () => {
    const found = await findImage(own, reference);
    ami = found.ami;
    return found.finding;
  });
  const instance = await listMachines(own).then(
    ([first]) => first?.id,
    () => undefined,
  );
  const context: ProbeContext = {
    size: settings ? typeOf(settings).name : "m8i.large",
    image: imageReference(reference).name,
    ami,
    instance,
  };
  const [permissions, size, network, bucket] = await Promise.all([
    finding("permissions", async () => permissionFindings(await askPermissions(own, context))),
    settings ? finding("size", () => sizeFindings(own, settings)) : [],
    finding("network", () => networkFinding(own)),
    finding("bucket", () => bucketFinding(own)),
  ]);
  return [...who, ...permissions, ...size, ...network, ...bucket, ...image];
}
