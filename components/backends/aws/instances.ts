import { EC2Client, paginateDescribeInstances, type Filter, type Instance } from "@aws-sdk/client-ec2";
import { ourProject, tagNames } from "../../../lib/tags";
import { clientOf, collect } from "./clients";
import { calling } from "./errors";
import type { AwsSettings } from "./settings";

/** What bears this tag is ours, or claims to be: `fromTags` decides. */
export const oursOnly: Filter = { Name: `tag:${tagNames.project}`, Values: [ourProject] };

/** A filter takes so many values at most: docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html. */
export const mostValues = 200;

/** All states but terminated, in which an instance is still listed for an hour when it is gone. */
export const thereStates = ["pending", "running", "stopping", "stopped", "shutting-down"];

/** Instances that are there, page by page: 1000 is the most of one answer, which is slow to come. */
export async function describeInstances(own: AwsSettings, filters: Filter[]): Promise<Instance[]> {
  const client = new EC2Client(clientOf(own));
  try {
    return await calling(`could not list the machines in ${own.region}`, () =>
      collect(
        paginateDescribeInstances(
          { client, pageSize: 500 },
          { Filters: [{ Name: "instance-state-name", Values: thereStates }, ...filters] },
        ),
        ({ Reservations }) => Reservations?.flatMap(({ Instances }) => Instances ?? []),
      ),
    );
  } finally {
    client.destroy();
  }
}
