import type { CloudFacts } from "./run-scenario";

/** What a guest finds itself in, played or real. */
export const cloudFacts = {
  aws: {
    name: "AWS",
    backend: "aws",
    vendor: "Amazon EC2",
    dataSource: "aws",
    machine: "aws:ec2/instance:Instance",
    besideRun: "aws:scheduler/schedule:Schedule",
    // Without a token; the header keeps others than programs of the machine from being led there.
    carelessQuestion: { url: "http://169.254.169.254/latest/user-data", status: "401" },
  },
  azure: {
    name: "Azure",
    backend: "azure",
    vendor: "Microsoft Corporation",
    dataSource: "azure",
    machine: "azure-native:compute:VirtualMachine",
    // Without the header Metadata: true.
    carelessQuestion: { url: "http://169.254.169.254/metadata/instance?api-version=2021-08-01", status: "400" },
  },
} as const satisfies Record<string, CloudFacts>;
