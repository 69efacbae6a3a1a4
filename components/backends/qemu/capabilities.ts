import type { Capabilities } from "../backend";

/**
 * /dev/kvm by nested virtualisation: of the host's own where it has it, else of the AMD processor that QEMU emulates.
 * /dev/kkm needs no hardware.
 */
export const capabilities: Capabilities = {
  devices: ["/dev/kvm", "/dev/kkm"],
};
