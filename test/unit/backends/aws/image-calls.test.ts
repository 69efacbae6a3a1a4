import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { removeImageResource } from "../../../../components/backends/aws/image-removal";
import { deleteVersion, listVersions } from "../../../../components/backends/aws/image-versions";
import { ownSettings } from "../../../../components/backends/aws/own-settings";
import { ec2Error, standIn, type Answer } from "../../../clouds/moto/stand-in";
import { awsStack } from "./settings";

const own = ownSettings(awsStack());
const before = { ...process.env };
const stops: (() => Promise<void>)[] = [];

beforeEach(() => {
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: "x", AWS_SECRET_ACCESS_KEY: "x" });
});

afterEach(async () => {
  process.env = { ...before };
  await Promise.all(stops.splice(0).map((stop) => stop()));
});

/** @returns the calls of the service */
async function answered(service: "EC2" | "SSM", answer: Answer): Promise<string[]> {
  const { url, calls, stop } = await standIn(answer);
  process.env[`AWS_ENDPOINT_URL_${service}`] = url;
  stops.push(stop);
  return calls;
}

const tag = (key: string, value: string) => `<item><key>${key}</key><value>${value}</value></item>`;
const image = `<item><imageId>ami-1</imageId><creationDate>2026-01-01T00:00:00.000Z</creationDate><tagSet>${tag("kmvm-project", "kmvm")}${tag("kmvm-image", "L0-base")}${tag("kmvm-image-version", "1")}</tagSet><blockDeviceMapping><item><ebs><snapshotId>snap-1</snapshotId></ebs></item></blockDeviceMapping></item>`;

describe("of versions", () => {
  let ec2: string[];

  beforeEach(async () => {
    await answered("SSM", (call) =>
      call === "GetParametersByPath"
        ? { status: 200, body: `{"Parameters":[{"Name":"/kmvm/images/L0-base/versions/1","Value":"ami-1"}]}` }
        : call === "DeleteParameter"
          ? { status: 200, body: "{}" }
          : { status: 400, body: `{"__type":"ParameterNotFound"}` },
    );
    // Whoever may not look at imports.
    ec2 = await answered("EC2", (call) =>
      call === "DescribeImportSnapshotTasks"
        ? ec2Error("UnauthorizedOperation")
        : { status: 200, body: `<${call}Response><imagesSet>${image}</imagesSet></${call}Response>` },
    );
  });

  test("a list asks for images and instances alone", async () => {
    expect(await listVersions(own, "L0-base")).toMatchObject([{ version: "1", id: "ami-1", promoted: false }]);
    expect([...ec2].sort()).toEqual(["DescribeImages", "DescribeInstances"]);
  });

  test("a removal does not ask for imports either, and removes the snapshot that no other image is made of", async () => {
    await deleteVersion(own, "L0-base", "1");
    expect(ec2).not.toContain("DescribeImportSnapshotTasks");
    expect(ec2.slice(-2)).toEqual(["DeregisterImage", "DeleteSnapshot"]);
  });
});

describe("a snapshot that EC2 says is in use", () => {
  const clockOf = () => {
    let now = 0;
    return {
      now: () => now,
      sleep: (ms: number) => {
        now += ms;
        return Promise.resolve();
      },
    };
  };

  test("is removed a moment after its image", async () => {
    let refusals = 3;
    const calls = await answered("EC2", (call) =>
      refusals-- > 0
        ? ec2Error("InvalidSnapshot.InUse")
        : { status: 200, body: `<${call}Response><return>true</return></${call}Response>` },
    );
    await removeImageResource(own, { kind: "snapshot", id: "snap-1" }, clockOf());
    expect(calls).toHaveLength(4);
  });

  test("stays when it is so for a minute", async () => {
    await answered("EC2", () => ec2Error("InvalidSnapshot.InUse"));
    await expect(removeImageResource(own, { kind: "snapshot", id: "snap-1" }, clockOf())).rejects.toThrow(
      /could not remove snapshot snap-1.* after 60 s/,
    );
  });
});
