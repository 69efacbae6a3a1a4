import { describe, expect, test } from "@jest/globals";
import type { Context } from "../../../plugin/resource";
import { callerAddress, cidrOf } from "../../../provider/caller-address";

const context = (signal = new AbortController().signal): Context => ({
  log: () => undefined,
  status: () => undefined,
  signal,
  urn: "",
});

describe("the caller's address", () => {
  test("is what the first service that answers says", async () => {
    const asked: string[] = [];
    const type = callerAddress((url) => {
      asked.push(url);
      return asked.length === 1 ? Promise.reject(new Error("no route")) : Promise.resolve("203.0.113.9\n");
    });
    expect(await type.create({}, context())).toEqual({ id: "203.0.113.9/32", properties: { cidr: "203.0.113.9/32" } });
    expect(asked).toHaveLength(2);
    expect(asked.every((url) => url.startsWith("https://"))).toBe(true);
  });

  test("that nobody tells is an error with what each service did, and the way around", async () => {
    const type = callerAddress(() => Promise.reject(new Error("no route")));
    await expect(type.create({}, context())).rejects.toMatchObject({
      message: expect.stringMatching(/(no route.*){2}/),
      hint: expect.stringContaining("callerCidr"),
    });
  });

  test.each([
    "",
    "<html>",
    "2001:db8::1",
    "0.0.0.0",
    "10.1.2.3",
    "127.0.0.1",
    "172.20.0.1",
    "192.168.1.1",
    "1.2.3.4/0",
  ])("is not %j", (answer) => {
    expect(() => cidrOf(answer)).toThrow(/answered/);
  });

  test("is not asked for any longer when the engine has cancelled", async () => {
    const controller = new AbortController();
    const asked: string[] = [];
    const type = callerAddress((url) => {
      asked.push(url);
      controller.abort();
      return Promise.reject(new Error("aborted"));
    });
    await expect(type.create({}, context(controller.signal))).rejects.toThrow(/abort/);
    expect(asked).toHaveLength(1);
  });
});
