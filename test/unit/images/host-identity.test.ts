import { expect, test } from "@jest/globals";
import { cpuIdentity, hostIdentity } from "../../../provider/images/host-identity";

const cpuinfo = (flags: string, megahertz: string, processors = 2) =>
  Array.from(
    { length: processors },
    (_, number) =>
      `processor\t: ${number}\nmodel name\t: Some CPU\nmicrocode\t: 0x1\ncpu MHz\t\t: ${megahertz}\nflags\t\t: ${flags}\n`,
  ).join("\n");

test("a processor is the same one at another clock, and where there are more of it", () => {
  expect(cpuIdentity(cpuinfo("fpu vmx", "800.0"))).toBe(cpuIdentity(cpuinfo("fpu vmx", "3100.5", 8)));
});

test("a processor with other features is another one", () => {
  expect(cpuIdentity(cpuinfo("fpu vmx", "800.0"))).not.toBe(cpuIdentity(cpuinfo("fpu vmx avx512f", "800.0")));
});

test("a guest on KVM depends on the host, on whether it nests too; an emulated one does not", async () => {
  const off = await hostIdentity({ name: "kvm", nested: false });
  expect(off).not.toBe("");
  expect(await hostIdentity({ name: "kvm", nested: true })).not.toBe(off);
  expect(await hostIdentity({ name: "tcg", nested: true })).toBe("");
});
