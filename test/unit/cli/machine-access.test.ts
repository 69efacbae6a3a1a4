import { expect, test } from "@jest/globals";
import { accessIn } from "../../../cli/machine-access";

const secret = (value: unknown) => ({
  "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
  plaintext: JSON.stringify(value),
});
const machine = { id: "m", address: "127.2.3.4", port: 2222, user: "kmvm", hostKey: "ssh-ed25519 A", expiresAt: "E" };
const component = (outputs: Record<string, unknown>) => ({
  resources: [{ urn: "u", type: "kmvm:index:TestVm", outputs }],
  pending: [],
});

test("the way in is what the component says, with its secret opened", () => {
  expect(accessIn(component({ machine, privateKey: secret("KEY") }))).toEqual({
    id: "m",
    expiresAt: "E",
    target: { address: "127.2.3.4", port: 2222, user: "kmvm", hostKey: "ssh-ed25519 A", privateKey: "KEY" },
  });
});

test("a machine that is wholly secret is opened, too", () => {
  expect(accessIn(component({ machine: secret(machine), privateKey: secret("KEY") }))?.id).toBe("m");
});

test("a stack whose machine was not made has none", () => {
  expect(accessIn(component({}))).toBeUndefined();
  expect(accessIn({ resources: [], pending: [] })).toBeUndefined();
});
