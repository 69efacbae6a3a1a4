import { createHmac, randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { accountId, region } from "./facts";
import type { Instance } from "./instance-model";

/** What an instance is told of itself. */
export interface MetadataFacts {
  readonly instance: Instance;
  readonly mac: string;
  readonly groupNames: readonly string[];
}

/** A leaf, or a folder of them. */
type Tree = { readonly [name: string]: Tree | string };

/**
 * Categories of instance metadata, those that are there.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-metadata.html#instancedata-data-categories
 */
function metadataTree({ instance, mac, groupNames }: MetadataFacts): Tree {
  const hostname = `ip-${instance.privateIp.replaceAll(".", "-")}.${region}.compute.internal`;
  const publicAddress = instance.publicIp === undefined ? {} : { "public-ipv4": instance.publicIp };
  return {
    "ami-id": instance.imageId,
    "ami-launch-index": "0",
    hostname,
    "instance-action": "none",
    "instance-id": instance.id,
    "instance-life-cycle": instance.spot ? "spot" : "on-demand",
    "instance-type": instance.instanceType,
    "local-hostname": hostname,
    "local-ipv4": instance.privateIp,
    mac,
    network: {
      interfaces: {
        macs: {
          [mac]: {
            "device-number": "0",
            "interface-id": instance.networkInterfaceId,
            "local-hostname": hostname,
            "local-ipv4s": instance.privateIp,
            mac,
            "owner-id": accountId,
            "subnet-id": instance.subnetId,
            "subnet-ipv4-cidr-block": "169.254.0.0/16",
            ...(instance.publicIp === undefined ? {} : { "public-ipv4s": instance.publicIp }),
          },
        },
      },
    },
    placement: { "availability-zone": instance.zone, region },
    ...publicAddress,
    "reservation-id": `r-${instance.id.slice(2)}`,
    "security-groups": groupNames.join("\n"),
  };
}

/** undefined: there is no such thing. A folder is listed, its folders with a slash. */
function look(tree: Tree, path: readonly string[]): string | undefined {
  const [name, ...rest] = path;
  if (name === undefined || name === "")
    return Object.entries(tree)
      .map(([key, value]) => (typeof value === "string" ? key : `${key}/`))
      .join("\n");
  const found = Object.hasOwn(tree, name) ? tree[name] : undefined;
  if (found === undefined) return undefined;
  if (typeof found === "string") return rest.filter((part) => part !== "").length === 0 ? found : undefined;
  return look(found, rest);
}

/** @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-identity-documents.html; unsigned here */
const dynamicTree = ({ instance }: MetadataFacts): Tree => ({
  "instance-identity": {
    document: JSON.stringify({
      accountId,
      architecture: "x86_64",
      availabilityZone: instance.zone,
      imageId: instance.imageId,
      instanceId: instance.id,
      instanceType: instance.instanceType,
      pendingTime: instance.launchTime,
      privateIp: instance.privateIp,
      region,
      version: "2017-09-30",
    }),
  },
});

/**
 * The metadata service as an instance sees it: version 2, with a session token.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-v2-how-it-works.html
 */
export function metadataService(facts: () => MetadataFacts) {
  const secret = randomBytes(16);
  const tokenFor = (ttl: string): string => `${ttl}.${createHmac("sha256", secret).update(ttl).digest("base64url")}`;
  const isToken = (token: unknown): boolean =>
    typeof token === "string" && token === tokenFor(token.split(".")[0] ?? "");

  return (request: IncomingMessage, response: ServerResponse): void => {
    const say = (status: number, body = "", headers: Record<string, string> = {}): void => {
      response.writeHead(status, { "content-type": "text/plain", connection: "close", ...headers }).end(body);
    };
    const path = (request.url ?? "/").split("?")[0]?.split("/").slice(1) ?? [];
    if (request.method === "PUT") {
      const ttl = request.headers["x-aws-ec2-metadata-token-ttl-seconds"];
      if (path.join("/") !== "latest/api/token") say(403);
      // 1 second to 6 hours
      else if (typeof ttl !== "string" || !/^\d{1,5}$/.test(ttl) || +ttl < 1 || +ttl > 21600) say(400);
      else if (request.headers["x-forwarded-for"] !== undefined) say(403);
      else say(200, tokenFor(ttl), { "x-aws-ec2-metadata-token-ttl-seconds": ttl });
      return;
    }
    const { instance } = facts();
    const token = request.headers["x-aws-ec2-metadata-token"];
    if (token === undefined ? instance.metadata.tokens === "required" : !isToken(token)) {
      say(401);
      return;
    }
    const tree: Tree = {
      "meta-data": metadataTree(facts()),
      dynamic: dynamicTree(facts()),
      ...(instance.userData === "" ? {} : { "user-data": instance.userData }),
    };
    // The first part is a version: `latest`, or a date.
    const answer = look(tree, path.slice(1));
    if (answer === undefined) say(404);
    else say(200, answer);
  };
}
