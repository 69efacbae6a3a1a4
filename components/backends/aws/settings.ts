import { z } from "zod";

const region = z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/);

/** Settings that only the backend aws has: where in the account machines and images are. Nothing secret. */
export const awsSettings = z
  .strictObject({
    region,
    /** Availability zones that may be used, in the order in which they are tried. @default all of the region */
    zones: z
      .array(z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d[a-z]$/))
      .min(1)
      .optional(),
    /** Subnet of the machines. @default the default subnet of the zone */
    subnetId: z
      .string()
      .regex(/^subnet-[0-9a-f]{8,17}$/)
      .optional(),
    /** S3 bucket through which images are published. */
    bucket: z
      .string()
      .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/)
      .optional(),
    /** Name of the instance profile of machines that fetch from a registry. @default machines have none */
    instanceProfile: z
      .string()
      .regex(/^[\w+=,.@-]{1,128}$/)
      .optional(),
    /** Role that EventBridge Scheduler assumes to terminate a machine at its expiry. */
    scheduleRoleArn: z.string().regex(/^arn:aws[\w-]*:iam::\d{12}:role\/[\w+=,.@/-]{1,512}$/),
    /** SSM parameters that say which image is promoted are below it. */
    parameterPrefix: z
      .string()
      .regex(/^(\/[A-Za-z0-9_.-]+){1,10}$/)
      .default("/kmvm/images"),
  })
  .meta({
    examples: [
      {
        region: "us-west-2",
        scheduleRoleArn: "arn:aws:iam::123456789012:role/kmvm-expiry",
        bucket: "kmvm-images",
        parameterPrefix: "/kmvm/images",
      },
    ],
  });
export type AwsSettings = z.output<typeof awsSettings>;
