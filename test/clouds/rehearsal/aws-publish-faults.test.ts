import { awsPublishing } from "./aws-publishing";
import { describePublishingFaults, type PublishingStep } from "./publish-fault-scenario";

const object = "aws:s3/bucketObjectv2:BucketObjectv2";
const snapshot = "aws:ebs/snapshotImport:SnapshotImport";
const image = "aws:ec2/ami:Ami";
const parameter = "aws:ssm/parameter:Parameter";

const call = ["fail", "throttled", "lost", "stuck-before", "stuck-after"] as const;

/** In the order in which they are done. A call of ours is tried five times before it is given up. */
const steps: readonly PublishingStep[] = [
  { name: "upload", at: `create ${object}`, kinds: call, onlyForGc: true },
  { name: "import", at: `create ${snapshot}`, kinds: [...call, "quota"], onlyForGc: true },
  { name: "import goes on", at: `wait ${snapshot}`, kinds: ["fail", "slow", "stuck-before"] },
  { name: "snapshot's tags", at: `tag ${snapshot}`, kinds: ["fail", "lost", "stuck-before"] },
  { name: "AMI", at: `create ${image}`, kinds: call, onlyForGc: true },
  { name: "AMI's tags", at: `tag ${image}`, kinds: ["fail", "lost", "stuck-before"] },
  { name: "AMI becomes available", at: `wait ${image}`, kinds: ["slow", "stuck-before"] },
  { name: "version", at: `create ${parameter}`, kinds: call },
  { name: "promotion", at: "ssm:PutParameter", kinds: ["fail", "throttled", "lost"], times: 5, retried: true },
  { name: "old version goes", at: "ssm:DeleteParameter", kinds: ["fail", "lost"], times: 5, retried: true },
  { name: "old AMI goes", at: "ec2:DeregisterImage", kinds: ["fail", "lost"], times: 5, retried: true },
  { name: "old snapshot goes", at: "ec2:DeleteSnapshot", kinds: ["fail", "lost"], times: 5, retried: true },
];

describePublishingFaults(awsPublishing, steps);
