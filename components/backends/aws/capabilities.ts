import type { Capabilities } from "../backend";

/** /dev/kvm where the instance type gives nested virtualisation; /dev/kkm needs no hardware. */
export const capabilities: Capabilities = {
  devices: ["/dev/kvm", "/dev/kkm"],
  environmentPrefixes: ["AWS_"],
};
