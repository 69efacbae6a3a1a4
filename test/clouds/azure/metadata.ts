import type { IncomingMessage, ServerResponse } from "node:http";
import { location, subscriptionId } from "./subscription";

/** What a machine is told of itself. */
export interface MetadataFacts {
  readonly name: string;
  readonly group: string;
  readonly size: string;
  readonly computerName: string;
  readonly adminUsername: string;
  readonly publicKeys: readonly { readonly path: string; readonly keyData: string }[];
  readonly mac: string;
  readonly publicAddress: string;
}

/** @see https://learn.microsoft.com/azure/virtual-machines/instance-metadata-service#instance-metadata */
const instance = (facts: MetadataFacts): object => ({
  compute: {
    azEnvironment: "AzurePublicCloud",
    location,
    name: facts.name,
    osProfile: {
      adminUsername: facts.adminUsername,
      computerName: facts.computerName,
      disablePasswordAuthentication: "true",
    },
    osType: "Linux",
    publicKeys: facts.publicKeys,
    resourceGroupName: facts.group,
    subscriptionId,
    userData: "",
    vmId: "00000000-0000-4000-8000-000000000000",
    vmSize: facts.size,
    zone: "",
  },
  network: {
    interface: [
      {
        ipv4: {
          ipAddress: [{ privateIpAddress: "168.63.0.15", publicIpAddress: facts.publicAddress }],
          subnet: [{ address: "168.0.0.0", prefix: "7" }],
        },
        ipv6: { ipAddress: [] },
        macAddress: facts.mac.replaceAll(":", "").toUpperCase(),
      },
    ],
  },
});

/** @see cloudinit/sources/helpers/azure.py GoalState: what it requires */
const goalState = `<?xml version="1.0" encoding="utf-8"?>
<GoalState><Version>2012-11-30</Version><Incarnation>1</Incarnation><Container><ContainerId>container</ContainerId>
<RoleInstanceList><RoleInstance><InstanceId>instance</InstanceId></RoleInstance></RoleInstanceList></Container></GoalState>`;

/**
 * The instance metadata service, and the wire server, which have two addresses and one implementation here.
 * @param ready called when the guest says so
 */
export function metadataService(facts: () => MetadataFacts, ready: () => void) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    const say = (status: number, type = "text/plain", body = ""): void => {
      response.writeHead(status, { "content-type": type, connection: "close" }).end(body);
    };
    const url = new URL(request.url ?? "/", "http://metadata");
    const part = url.searchParams.get("comp");
    if (url.pathname === "/metadata/instance") {
      // The header keeps others from being led there.
      if (request.headers["metadata"] !== "true" || request.headers["x-forwarded-for"] !== undefined) say(400);
      else if (!url.searchParams.has("api-version")) say(400);
      else say(200, "application/json", JSON.stringify(instance(facts())));
    } else if (/^\/machine\/?$/.test(url.pathname) && part === "goalstate") say(200, "text/xml", goalState);
    else if (/^\/machine\/?$/.test(url.pathname) && part === "health" && request.method === "POST") {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        if (Buffer.concat(chunks).toString().includes("<State>Ready</State>")) ready();
        say(200);
      });
    } else say(404);
  };
}
