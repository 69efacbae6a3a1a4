import { tagNames } from "../../../lib/tags";
import { valuesAt, type CloudPolicies, type Made } from "./policy";

const instance = "aws:ec2/instance:Instance";
const schedule = "aws:scheduler/schedule:Schedule";

const ofType = (made: readonly Made[], type: string): readonly Made[] => made.filter((one) => one.type === type);
const first = (inputs: unknown, path: string): string => String(valuesAt(inputs, path)[0] ?? "");

export const awsPolicies: CloudPolicies = {
  prefixes: ["aws:"],
  types: {
    "aws:ec2/securityGroup:SecurityGroup": {
      ...{ of: "machine", tags: ["tags"] },
      // Rules of its own would not be seen as the two kinds below.
      never: ["ingress", "egress"],
    },
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": {
      ...{ of: "machine", tags: ["tags"] },
      must: { cidrIpv4: { is: "caller" }, ipProtocol: "tcp", fromPort: 22, toPort: 22 },
      never: ["cidrIpv6", "prefixListId", "referencedSecurityGroupId"],
    },
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": {
      ...{ of: "machine", tags: ["tags"] },
      must: { ipProtocol: "tcp" },
    },
    "aws:ec2/launchTemplate:LaunchTemplate": {
      ...{ of: "machine", tags: ["tags", "tagSpecifications[*].tags"] },
      must: { instanceInitiatedShutdownBehavior: "terminate" },
      never: ["userData", "iamInstanceProfile", "keyName"],
    },
    [instance]: {
      ...{ of: "machine", tags: ["tags", "volumeTags"] },
      must: {
        "rootBlockDevice.encrypted": true,
        "rootBlockDevice.deleteOnTermination": true,
        "metadataOptions.httpTokens": "required",
        "metadataOptions.httpPutResponseHopLimit": 1,
        userData: /kmvm-expiry\.timer/,
      },
      // The last one is said by the launch template: here it would be a call that nobody is allowed.
      never: ["keyName", "iamInstanceProfile", "disableApiTermination", "instanceInitiatedShutdownBehavior"],
      userData: { path: "userData", encoding: "plain" },
    },
    [schedule]: {
      // EventBridge Scheduler has tags of groups only: docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-group.html
      ...{ of: "machine", tags: [] },
      must: {
        description: new RegExp(`"${tagNames.project}":"kmvm".*"${tagNames.expiresAt}":"`),
        actionAfterCompletion: "DELETE",
        "target.arn": "arn:aws:scheduler:::aws-sdk:ec2:terminateInstances",
      },
    },
    "aws:s3/bucketObjectv2:BucketObjectv2": {
      ...{ of: "image", tags: ["tags"] },
      must: { serverSideEncryption: "AES256", key: /^kmvm\// },
      never: ["acl"],
    },
    "aws:ebs/snapshotImport:SnapshotImport": { ...{ of: "image", tags: ["tags"] }, must: { encrypted: true } },
    "aws:ec2/ami:Ami": {
      ...{ of: "image", tags: ["tags"] },
      must: { imdsSupport: "v2.0", bootMode: "uefi", "ebsBlockDevices[*].deleteOnTermination": true },
    },
    "aws:ssm/parameter:Parameter": {
      // Tags would be a second call, which the first is not ready for: components/backends/aws/image.ts.
      ...{ of: "image", tags: [] },
      must: { dataType: "aws:ec2:image", value: /./ },
      never: ["tags"],
    },
  },
  together: [
    {
      what: "every instance is terminated at its expiry, by a schedule",
      broken: (made) => {
        const ends = ofType(made, schedule).map(({ inputs }) =>
          Date.parse(`${first(inputs, "scheduleExpression").slice("at(".length, -1)}Z`),
        );
        return ofType(made, instance)
          .map(({ inputs }) => first(valuesAt(inputs, "tags")[0], tagNames.expiresAt))
          .filter((expiry) => {
            // A schedule knows whole seconds only; not before its time.
            const late = ends.map((end) => end - Date.parse(expiry));
            return !late.some((milliseconds) => milliseconds >= 0 && milliseconds <= 1000);
          })
          .map((expiry) => `no schedule is at ${expiry}`);
      },
    },
    {
      what: "what goes out is said",
      broken: (made) => {
        const ports = ofType(made, "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule").map(({ inputs }) =>
          valuesAt(inputs, "toPort").join(),
        );
        return ofType(made, instance).length === 0 || ports.includes("443") ? [] : [`only ${ports.join(", ")}`];
      },
    },
  ],
};
