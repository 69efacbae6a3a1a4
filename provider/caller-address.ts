import { BlockList, isIPv4 } from "node:net";
import { UserError, messageOf } from "../lib/errors";
import { timeLimit } from "../lib/time-limit";
import type { ResourceType } from "../plugin/resource";
import { checkRules } from "./checks";

/** Each answers with the caller's IPv4 address as plain text. The first is Amazon's, the second Ipify's (ipify.org). */
const services = ["https://checkip.amazonaws.com", "https://api.ipify.org"];

const timeoutMs = 5000;

/** Blocks that nobody on the internet has: www.iana.org/assignments/iana-ipv4-special-registry. */
const notPublic = new BlockList();
for (const [address, prefix] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
  ["224.0.0.0", 3],
] as const)
  notPublic.addSubnet(address, prefix);

/** The answer of a service as `192.0.2.1/32`. Pure. */
export function cidrOf(answer: string): string {
  const address = answer.trim();
  if (!isIPv4(address)) throw new Error(`answered ${JSON.stringify(address.slice(0, 60))}, which is no IPv4 address`);
  if (notPublic.check(address)) throw new Error(`answered ${address}, which is no public address`);
  return `${address}/32`;
}

/** @returns what the service at `url` says, as text */
export type Ask = (url: string, signal: AbortSignal) => Promise<string>;

const askByHttps: Ask = async (url, signal) => {
  const answer = await fetch(url, { signal: timeLimit(timeoutMs, signal) });
  if (!answer.ok) throw new Error(`answered ${answer.status}`);
  return answer.text();
};

/** The first service that gives an answer; with none of them, what each of them did. */
async function lookUp(ask: Ask, signal: AbortSignal): Promise<string> {
  const failures: string[] = [];
  for (const url of services)
    try {
      return cidrOf(await ask(url, signal));
    } catch (error) {
      signal.throwIfAborted();
      failures.push(`${url}: ${messageOf(error)}`);
    }
  throw new UserError(
    `this host's address on the internet cannot be found: ${failures.join("; ")}`,
    "give it: --set callerCidr=192.0.2.1/32",
  );
}

/** kmvm:index:CallerAddress: found at its creation, and kept: another address later is no change of the machine. */
export function callerAddress(ask: Ask = askByHttps): ResourceType {
  return {
    check: (news) => checkRules({}, news),
    create: async (_inputs, { signal }) => {
      const cidr = await lookUp(ask, signal);
      return { id: cidr, properties: { cidr } };
    },
  };
}
