/** Where whoever runs the rehearsal seems to come from: an address of the documentation's (RFC 5737). */
export const callerAddress = "203.0.113.7";

const toNumber = (address: string): number =>
  address.split(".").reduce((number, octet) => number * 256 + Number(octet), 0);

/** Whether an address is in a network in CIDR form. */
export function isIn(address: string, cidr: string): boolean {
  const [network = "", length = "32"] = cidr.split("/");
  const size = 2 ** (32 - Number(length));
  return Math.floor(toNumber(address) / size) === Math.floor(toNumber(network) / size);
}
