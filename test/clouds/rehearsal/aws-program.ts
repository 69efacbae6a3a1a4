import { givenThings } from "./aws";

/**
 * A program with everything that a run registers of Amazon's, and nothing else. settings.json changes it: `userData`,
 * and `instance`, which is laid over the instance's arguments.
 */
export const awsProgram = `
const pulumi = require("@pulumi/pulumi");
const ec2 = require("@pulumi/aws/ec2");
const vpc = require("@pulumi/aws/vpc");
const ssm = require("@pulumi/aws/ssm");
const scheduler = require("@pulumi/aws/scheduler");
const settings = require("./settings.json");

const promoted = ssm.getParameterOutput({ name: "${givenThings.imagePrefix}/promoted" });
const image = ssm.getParameterOutput({ name: pulumi.interpolate\`${givenThings.imagePrefix}/versions/\${promoted.value}\` });
const tags = { Name: "run", "kmvm-run": "r1" };
const group = new ec2.SecurityGroup("run", { description: "run", tags });
new vpc.SecurityGroupIngressRule("run", {
  securityGroupId: group.id, ipProtocol: "tcp", fromPort: 22, toPort: 22, cidrIpv4: settings.caller, tags,
});
new vpc.SecurityGroupEgressRule("run", { securityGroupId: group.id, ipProtocol: "-1", cidrIpv4: "0.0.0.0/0", tags });
const instance = new ec2.Instance("run", {
  ami: image.value, instanceType: "m8i.large", vpcSecurityGroupIds: [group.id], associatePublicIpAddress: true,
  userData: settings.userData, userDataReplaceOnChange: true,
  cpuOptions: { nestedVirtualization: "enabled" },
  metadataOptions: { httpTokens: "required", httpPutResponseHopLimit: 1, httpEndpoint: "enabled" },
  rootBlockDevice: { volumeType: "gp3", volumeSize: 8, encrypted: true, deleteOnTermination: true },
  tags, volumeTags: tags,
  ...settings.instance,
});
new scheduler.Schedule("run", {
  scheduleExpression: "at(2030-01-01T00:00:00)", flexibleTimeWindow: { mode: "OFF" }, actionAfterCompletion: "DELETE",
  target: {
    arn: "arn:aws:scheduler:::aws-sdk:ec2:terminateInstances", roleArn: "${givenThings.schedulerRole}",
    input: pulumi.jsonStringify({ InstanceIds: [instance.id] }),
  },
});
exports.address = instance.publicIp;
exports.id = instance.id;
`;
