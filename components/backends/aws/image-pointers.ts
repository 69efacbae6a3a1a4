import {
  DeleteParameterCommand,
  GetParameterCommand,
  PutParameterCommand,
  SSMClient,
  paginateGetParameterHistory,
  paginateGetParametersByPath,
} from "@aws-sdk/client-ssm";
import { clientOf, collect } from "./clients";
import { calling, isGone } from "./errors";
import { imageParameters } from "./image-names";
import type { AwsSettings } from "./settings";

/** A version as its parameter tells it. */
export interface VersionParameter {
  readonly image: string;
  readonly version: string;
  readonly ami: string;
}

async function withSsm<T>(own: AwsSettings, doing: string, work: (client: SSMClient) => Promise<T>): Promise<T> {
  const client = new SSMClient(clientOf(own));
  try {
    return await calling(doing, () => work(client));
  } finally {
    client.destroy();
  }
}

/** @param image all of them where it is absent */
export function readVersions(own: AwsSettings, image?: string): Promise<VersionParameter[]> {
  const path = image === undefined ? own.parameterPrefix : imageParameters.versions(own, image);
  return withSsm(own, `could not read the parameters below ${path}`, async (client) => {
    const parameters = await collect(
      // 10 is the most of one answer.
      paginateGetParametersByPath({ client, pageSize: 10 }, { Path: path, Recursive: true }),
      (page) => page.Parameters,
    );
    return parameters.flatMap(({ Name = "", Value = "" }) => {
      const [name, folder, version, ...rest] = Name.slice(own.parameterPrefix.length + 1).split("/");
      if (name === undefined || folder !== "versions" || version === undefined || rest.length > 0) return [];
      return [{ image: name, version, ami: Value }];
    });
  });
}

/** Version that is promoted; undefined: none. */
export function readPromoted(own: AwsSettings, image: string): Promise<string | undefined> {
  return withSsm(own, `could not read which ${image} is promoted`, async (client) => {
    try {
      const { Parameter } = await client.send(new GetParameterCommand({ Name: imageParameters.promoted(own, image) }));
      return Parameter?.Value;
    } catch (error) {
      if (isGone(error)) return undefined;
      throw error;
    }
  });
}

/** Every version that was promoted, as often as it was, the last one last. Systems Manager keeps a hundred. */
export function readPromotions(own: AwsSettings, image: string): Promise<string[]> {
  return withSsm(own, `could not read which ${image} were promoted`, async (client) => {
    try {
      const entries = await collect(
        paginateGetParameterHistory({ client }, { Name: imageParameters.promoted(own, image) }),
        (page) => page.Parameters,
      );
      return entries.sort((a, b) => (a.Version ?? 0) - (b.Version ?? 0)).flatMap(({ Value }) => Value ?? []);
    } catch (error) {
      if (isGone(error)) return [];
      throw error;
    }
  });
}

/** One call: whoever reads meanwhile gets the old value or this one. */
export function writePromoted(own: AwsSettings, image: string, version: string): Promise<void> {
  return withSsm(own, `could not promote ${image}@${version}`, async (client) => {
    const Name = imageParameters.promoted(own, image);
    await client.send(new PutParameterCommand({ Name, Value: version, Type: "String", Overwrite: true }));
  });
}

/** Idempotent. */
export function removeVersion(own: AwsSettings, image: string, version: string): Promise<void> {
  return withSsm(own, `could not remove ${image}@${version}`, async (client) => {
    try {
      await client.send(new DeleteParameterCommand({ Name: imageParameters.version(own, image, version) }));
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  });
}
