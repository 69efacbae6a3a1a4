import {
  CancelImportTaskCommand,
  CreateTagsCommand,
  DeleteSnapshotCommand,
  DeregisterImageCommand,
  EC2Client,
} from "@aws-sdk/client-ec2";
import { retryUntil, systemClock, type Clock } from "../../../lib/retry";
import { clientOf } from "./clients";
import { calling, failureOf, isGone } from "./errors";
import type { Ec2Kind, ImageResource } from "./image-resources";
import type { AwsSettings } from "./settings";

/** An import that has come to its end meanwhile has left a snapshot, which is found as that. */
const isOver = (error: unknown) =>
  failureOf(error).codes.some((code) => /^(InvalidConversionTaskId|IncorrectState)/.test(code));

/**
 * For a moment after its AMI was deregistered EC2 can still take a snapshot for one that is in use
 * (docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html).
 */
function deleteSnapshot(client: EC2Client, SnapshotId: string, clock: Clock): Promise<unknown> {
  const attempt = async () => {
    try {
      return await client.send(new DeleteSnapshotCommand({ SnapshotId }));
    } catch (error) {
      if (failureOf(error).codes.includes("InvalidSnapshot.InUse")) return undefined;
      throw error;
    }
  };
  return retryUntil({ what: "its image to let go of it", timeoutMs: 60_000, intervalMs: 5000, attempt }, clock);
}

type Remover = (client: EC2Client, id: string, clock: Clock) => Promise<unknown>;

const removers: Readonly<Record<Ec2Kind, Remover>> = {
  import: (client, id) => client.send(new CancelImportTaskCommand({ ImportTaskId: id })),
  snapshot: deleteSnapshot,
  image: (client, id) => client.send(new DeregisterImageCommand({ ImageId: id })),
};

/**
 * One thing, not what it is made of: another image, or a state, may still want that. What has no tags yet is given them
 * first: we may remove only what bears them (docs/aws-publish-policy.json). Idempotent.
 */
export function removeImageResource(
  own: AwsSettings,
  { kind, id, missingTags }: Pick<ImageResource<Ec2Kind>, "kind" | "id" | "missingTags">,
  clock: Clock = systemClock,
): Promise<void> {
  return calling(`could not remove ${kind} ${id}`, async () => {
    const client = new EC2Client(clientOf(own));
    try {
      if (missingTags) {
        const Tags = Object.entries(missingTags).map(([Key, Value]) => ({ Key, Value }));
        await client.send(new CreateTagsCommand({ Resources: [id], Tags }));
      }
      await removers[kind](client, id, clock);
    } catch (error) {
      if (!isGone(error) && !(kind === "import" && isOver(error))) throw error;
    } finally {
      client.destroy();
    }
  });
}
