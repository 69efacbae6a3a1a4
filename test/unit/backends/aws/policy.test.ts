import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { probedPermissions } from "../../../../components/backends/aws/permission-probes";
import { providerCalls } from "../../../clouds/aws/faults";

const root = join(__dirname, "../../../..");
const folder = join(root, "components/backends/aws");
const list = z.union([z.string().transform((one) => [one]), z.array(z.string())]);
const statement = z.strictObject({
  Sid: z.string(),
  Effect: z.literal("Allow"),
  Action: list,
  Resource: list,
  Condition: z.unknown().optional(),
});
const read = (file: string) => {
  const text = readFileSync(join(root, "docs", file), "utf8");
  const policy = z.object({ Version: z.literal("2012-10-17"), Statement: z.array(statement) }).parse(JSON.parse(text));
  return { text, statements: policy.Statement };
};
/** Of whoever runs tests, and of whoever publishes, beside it. */
const policies = { tests: read("aws-policy.json"), publishing: read("aws-publish-policy.json") };
const statements = Object.values(policies).flatMap((policy) => policy.statements);
const given = new Set(statements.flatMap(({ Action }) => Action));

const prefixes: Record<string, string> = {
  "client-ec2": "ec2",
  "client-ssm": "ssm",
  "client-scheduler": "scheduler",
  "client-service-quotas": "servicequotas",
  "client-s3": "s3",
};

/** Calls that have another name as a permission (docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html). */
const permissions: Record<string, string> = {
  "s3:ListObjectsV2": "s3:ListBucket",
  "s3:HeadBucket": "s3:ListBucket",
  "s3:ListMultipartUploads": "s3:ListBucketMultipartUploads",
  "s3:HeadObject": "s3:GetObject",
  "s3:ListObjectVersions": "s3:ListBucketVersions",
};

/** What the sources import of a client of the SDK, as actions. */
function actionsIn(source: string): string[] {
  return [...source.matchAll(/import (?:type )?\{([^}]*)\} from "@aws-sdk\/([\w-]+)"/g)].flatMap(
    ([, names = "", client = ""]) => {
      const prefix = prefixes[client];
      const calls = [...names.matchAll(/\b(?:paginate(\w+)|(\w+)Command)\b/g)].map(
        ([, page, command]) => page ?? command ?? "",
      );
      return prefix === undefined ? [] : calls.map((call) => permissions[`${prefix}:${call}`] ?? `${prefix}:${call}`);
    },
  );
}

const called = readdirSync(folder).flatMap((file) => actionsIn(readFileSync(join(folder, file), "utf8")));

describe("the policies in the documentation", () => {
  test("allow every call that the verbs make", () => {
    expect(called.length).toBeGreaterThan(25);
    expect([...new Set(called)].filter((action) => !given.has(action))).toEqual([]);
  });

  test("allow what the provider plugin is known to call", () => {
    const actions = providerCalls.map((call) => {
      const [service = "", name = ""] = call.split(" ");
      const action = `${service.toLowerCase()}:${name}`;
      return permissions[action] ?? action;
    });
    expect(actions).toContain("ec2:CancelSpotInstanceRequests");
    expect(actions.filter((action) => !given.has(action))).toEqual([]);
  });

  test("allow what doctor asks for", () => {
    expect(probedPermissions.filter((permission) => !given.has(permission))).toEqual([]);
  });

  test("pass a role to the scheduler, and one to EC2, and to nobody else", () => {
    const passing = statements.filter(({ Action }) => Action.includes("iam:PassRole"));
    const to = (service: string) => ({ StringEquals: { "iam:PassedToService": service } });
    expect(passing.map(({ Resource, Condition }) => [Resource, Condition])).toEqual([
      [["arn:aws:iam::*:role/kmvm-expiry"], to("scheduler.amazonaws.com")],
      [["arn:aws:iam::*:role/kmvm-pull"], to("ec2.amazonaws.com")],
    ]);
  });

  test("have no wildcard among its actions", () => {
    expect([...given].filter((action) => action.includes("*"))).toEqual([]);
  });

  test("change nothing on all resources without a condition, but what makes an image", () => {
    const unbound = statements.filter(({ Resource, Condition }) => Resource.includes("*") && Condition === undefined);
    const changing = unbound.flatMap(({ Action }) => Action).filter((action) => !/:(Describe|Get|List)/.test(action));
    expect(changing.sort()).toEqual(["ec2:ImportSnapshot", "ec2:RegisterImage"]);
  });

  // Whoever may tag any snapshot as ours may then remove it.
  test("give a tag to what is there already only to whoever publishes", () => {
    const tagging = policies.tests.statements.filter(({ Action }) => Action.includes("ec2:CreateTags"));
    expect(tagging.map(({ Condition }) => Condition)).toEqual([
      { StringEquals: { "ec2:CreateAction": expect.any(Array) } },
    ]);
  });

  test("fit managed policies: 6144 characters each without white space", () => {
    for (const { text } of Object.values(policies)) expect(text.replace(/\s/g, "").length).toBeLessThanOrEqual(6144);
  });
});

test("the expiry's role may terminate our machines and do nothing else", () => {
  const role = readFileSync(join(root, "docs/aws-expiry-role.json"), "utf8");
  const parsed = z
    .object({ Policy: z.object({ Statement: z.array(z.object({ Action: z.string(), Condition: z.unknown() })) }) })
    .parse(JSON.parse(role));
  expect(parsed.Policy.Statement).toEqual([
    {
      Action: "ec2:TerminateInstances",
      Condition: { StringEquals: { "aws:ResourceTag/kmvm-project": "kmvm" } },
    },
  ]);
});
