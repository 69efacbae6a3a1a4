import { DescribeSubnetsCommand, DescribeVpcsCommand, EC2Client } from "@aws-sdk/client-ec2";
import { HeadBucketCommand, S3Client, S3ServiceException } from "@aws-sdk/client-s3";
import type { Finding } from "../facets";
import { clientOf } from "./clients";
import { calling } from "./errors";
import type { AwsSettings } from "./settings";

/** Whether there is a network for machines: the subnet that the settings name, else the default one of the region. */
export async function networkFinding(own: AwsSettings): Promise<Finding> {
  const { region, subnetId, zones } = own;
  const name = "network";
  const client = new EC2Client(clientOf(own));
  try {
    return await calling("could not look at the network", async () => {
      if (subnetId !== undefined) {
        const { Subnets } = await client.send(new DescribeSubnetsCommand({ SubnetIds: [subnetId] }));
        const zone = Subnets?.[0]?.AvailabilityZone ?? region;
        return { name, level: "ok", text: `subnet ${subnetId} in ${zone}` };
      }
      const Filters = [{ Name: "is-default", Values: ["true"] }];
      const { Vpcs } = await client.send(new DescribeVpcsCommand({ Filters }));
      const id = Vpcs?.[0]?.VpcId;
      const fix = "name a subnet: subnetId of kmvm:aws";
      if (id === undefined) return { name, level: "fail", text: `${region} has no default VPC`, fix };
      const { Subnets = [] } = await client.send(
        new DescribeSubnetsCommand({
          Filters: [
            { Name: "vpc-id", Values: [id] },
            { Name: "default-for-az", Values: ["true"] },
            ...(zones === undefined ? [] : [{ Name: "availability-zone", Values: [...zones] }]),
          ],
        }),
      );
      // EC2 chooses among them, and a machine is reached at the public address that they give.
      if (Subnets.length > 0 && Subnets.every(({ MapPublicIpOnLaunch }) => MapPublicIpOnLaunch))
        return { name, level: "ok", text: `default VPC ${id}` };
      const text =
        Subnets.length === 0
          ? `the default VPC ${id} has no default subnet${zones ? ` in ${zones.join(", ")}` : ""}`
          : `default subnets of ${id} give no public addresses`;
      return { name, level: "fail", text, fix };
    });
  } finally {
    client.destroy();
  }
}

/**
 * Whether the bucket through which images are published is there. HEAD has no text: S3 says it all by the status
 * (docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html).
 */
export async function bucketFinding(own: AwsSettings): Promise<Finding> {
  const { region, bucket } = own;
  const name = "bucket";
  if (bucket === undefined)
    return { name, level: "ok", text: "none is given: images can be used here, and not published" };
  const client = new S3Client(clientOf(own));
  const answers: Record<number, Finding> = {
    301: { name, level: "fail", text: `${bucket} is in another region than ${region}`, fix: "give one of this region" },
    403: { name, level: "warn", text: `${bucket} may not be looked at: publishing needs that, running tests does not` },
    404: {
      name,
      level: "fail",
      text: `there is no bucket ${bucket}`,
      fix: "make it, see docs/aws.md, or give another",
    },
  };
  try {
    await client.send(new HeadBucketCommand({ Bucket: bucket }));
    return { name, level: "ok", text: bucket };
  } catch (error) {
    const status = error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;
    return (
      answers[status ?? 0] ??
      (await calling(`could not look at bucket ${bucket}`, () => {
        throw error;
      }))
    );
  } finally {
    client.destroy();
  }
}
