import {
  CancelImportTaskCommand,
  CreateTagsCommand,
  DeleteSnapshotCommand,
  DeregisterImageCommand,
  EC2Client,
} from "@aws-sdk/client-ec2";
import { clientOf } from "./clients";
import { calling, failureOf, isGone } from "./errors";
import type { Ec2Kind, ImageResource } from "./image-resources";
import type { AwsSettings } from "./settings";

/** An import that has come to its end meanwhile has left a snapshot, which is found as that. */
const isOver = (error: unknown) =>
  failureOf(error).codes.some((code) => /^(InvalidConversionTaskId|IncorrectState)/.test(code));

const removers: { readonly [K in Ec2Kind]: (client: EC2Client, id: string) => Promise<unknown> } = {
  import: (client, id) => client.send(new CancelImportTaskCommand({ ImportTaskId: id })),
  snapshot: (client, id) => client.send(new DeleteSnapshotCommand({ SnapshotId: id })),
  image: (client, id) => client.send(new DeregisterImageCommand({ ImageId: id })),
};

/**
 * One thing, not what it is made of: another image, or a state, may still want that. What has no tags yet is given them
 * first: we may remove only what bears them (docs/aws-policy.json). Idempotent.
 */
export function removeImageResource(
  own: AwsSettings,
  { kind, id, missingTags }: Pick<ImageResource<Ec2Kind>, "kind" | "id" | "missingTags">,
): Promise<void> {
  return calling(`could not remove ${kind} ${id}`, async () => {
    const client = new EC2Client(clientOf(own));
    try {
      if (missingTags) {
        const Tags = Object.entries(missingTags).map(([Key, Value]) => ({ Key, Value }));
        await client.send(new CreateTagsCommand({ Resources: [id], Tags }));
      }
      await removers[kind](client, id);
    } catch (error) {
      if (!isGone(error) && !(kind === "import" && isOver(error))) throw error;
    } finally {
      client.destroy();
    }
  });
}
