import { z } from "zod";

/** Settings that only the backend qemu has. */
export const qemuSettings = z.strictObject({
  /** direct: QEMU loads the kernel; uefi: the firmware does, from the disk. */
  boot: z.enum(["direct", "uefi"]).default("direct"),
});
export type QemuSettings = z.output<typeof qemuSettings>;
