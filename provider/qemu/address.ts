import { createHash } from "node:crypto";

export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

const port = 2222;
/** Tried last, for a host where something listens on `port` of every address. */
const otherPorts = { from: 20000, count: 10000 };
const candidateCount = 12;

/**
 * Loopback addresses for a machine, best first. The same id always gives the same ones; two ids practically never
 * share one; that an address is free is decided by binding it, not here.
 *
 * All of 127.0.0.0/8 is bound to lo (RFC 1122 3.2.1.3). 127.0.x.y and 127.1.x.y are left to others: that is where
 * resolvers and people put their services.
 */
export function endpointCandidates(id: string): Endpoint[] {
  return Array.from({ length: candidateCount }, (_, index) => {
    const hash = createHash("sha256").update(`${id}/${index}`).digest();
    const octet = (at: number, from: number, to: number) => from + (hash.readUInt16BE(at) % (to - from + 1));
    return {
      address: `127.${octet(0, 2, 254)}.${octet(2, 0, 255)}.${octet(4, 1, 254)}`,
      port: index < candidateCount / 2 ? port : octet(6, otherPorts.from, otherPorts.from + otherPorts.count - 1),
    };
  });
}
