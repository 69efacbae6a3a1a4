import { describe, expect, test } from "@jest/globals";
import { endpointCandidates } from "../../../provider/qemu/address";

describe("addresses of a machine", () => {
  test("are the same every time for one id", () => {
    expect(endpointCandidates("a")).toEqual(endpointCandidates("a"));
  });

  test("differ between a thousand ids", () => {
    const first = Array.from({ length: 1000 }, (_, index) => endpointCandidates(`test-ci-${index}`)[0]?.address);
    expect(new Set(first).size).toBe(1000);
  });

  test("are usable loopback addresses outside of 127.0 and 127.1", () => {
    for (let index = 0; index < 500; index++)
      for (const { address } of endpointCandidates(`m${index}`)) {
        const [a, b, c, d] = address.split(".").map(Number);
        expect(a).toBe(127);
        expect(b).toBeGreaterThanOrEqual(2);
        expect(b).toBeLessThanOrEqual(254);
        expect(c).toBeLessThanOrEqual(255);
        expect(d).toBeGreaterThanOrEqual(1);
        expect(d).toBeLessThanOrEqual(254);
      }
  });

  test("use port 2222 first, and other ports for when that one is taken everywhere", () => {
    const ports = endpointCandidates("a").map(({ port }) => port);
    expect(ports.slice(0, 6)).toEqual([2222, 2222, 2222, 2222, 2222, 2222]);
    expect(new Set(ports.slice(6)).size).toBeGreaterThan(1);
    expect(ports.slice(6)).not.toContain(2222);
  });
});
