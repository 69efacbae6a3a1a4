/**
 * What providers add to the inputs of a resource, by its type, as far as programs read it. A backend whose programs read
 * no more than they give needs no line here.
 */
export const playedOutputs: Readonly<Record<string, Record<string, unknown>>> = {
  "kmvm:index:SshKey": {
    publicKey: "ssh-ed25519 AAAA kmvm",
    privateKey: "CANARY-PRIVATE-KEY",
    fingerprint: "SHA256:x",
  },
  "kmvm:index:Run": {
    runId: "ab12cd34",
    createdAt: "2026-01-01T00:00:00.000Z",
    expiresAt: "2026-01-01T04:00:00.000Z",
    owner: "me@here",
  },
  "kmvm:index:CallerAddress": { cidr: "198.51.100.7/32" },
  "kmvm:index:Pinned": { value: "20260101.1-0123456789ab" },
  "kmvm:index:UploadedDisk": { source: "https://images/L0-base.vhd" },
  "kmvm:local:Machine": {
    address: "127.1.2.3",
    port: 2222,
    user: "kmvm",
    imageVersion: "20260101.1-abc",
    accelerator: "tcg",
    folder: "/m",
    consolePath: "/m/console.log",
  },
  "kmvm:local:Image": { version: "20260101.1-abc", folder: "/images/L0-base/20260101.1-abc" },
  "command:local:Command": { stdout: "/images/L0-base/20260101.1-abc/disk.vmdk", stderr: "" },
  "aws:ec2/launchTemplate:LaunchTemplate": { latestVersion: 1 },
  "aws:ec2/instance:Instance": { publicIp: "203.0.113.9" },
  "azure-native:network:PublicIPAddress": { ipAddress: "203.0.113.9" },
};

/** Input that is a resource's own name, where programs read that; elsewhere it is the one in the program. */
export const playedNames: Readonly<Record<string, string>> = {
  "azure-native:resources:ResourceGroup": "resourceGroupName",
};

/** What providers answer when a program asks, by the function's token. */
export const playedAnswers: Readonly<Record<string, (inputs: Record<string, unknown>) => Record<string, unknown>>> = {
  "aws:ssm/getParameter:getParameter": ({ name }) => ({
    name,
    value: String(name).endsWith("/promoted") ? "20260101.1-abc" : "ami-0000000000000000a",
  }),
  "aws:ec2/getSubnet:getSubnet": () => ({ vpcId: "vpc-1" }),
  "azure-native:compute:getGalleryImage": () => ({ tags: { "kmvm-promoted": "20260101.1-0123456789ab" } }),
};
