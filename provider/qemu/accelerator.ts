import { constants } from "node:fs";
import { access, readFile } from "node:fs/promises";
import { codeOf, messageOf } from "../../lib/errors";
import { probeKvm } from "./kvm-probe";

export interface Accelerator {
  readonly name: "kvm" | "tcg";
  /** Value of -accel. */
  readonly accel: string;
  /** The same for a machine that runs beside as many others as the host has processors. */
  readonly accelSideBySide: string;
  /** Value of -cpu. */
  readonly cpu: string;
  /** Whether its guests have a /dev/kvm. */
  readonly nested: boolean;
  /** One sentence for a person: what and why. */
  readonly reason: string;
}

/** What was seen of the host. */
export interface HostFacts {
  /** vmx or svm, from /proc/cpuinfo. */
  readonly flag: "vmx" | "svm" | undefined;
  /** Code of the error with which /dev/kvm cannot be opened: `ENOENT`, `EACCES`. */
  readonly deviceProblem: string | undefined;
  /** Why no guest ran on it. */
  readonly probeProblem: string | undefined;
  /** Parameter `nested` of kvm_intel or kvm_amd: whether a guest gets a /dev/kvm. */
  readonly nested: boolean;
}

/** The guest's CPU has SVM, which TCG can nest, so that there is a /dev/kvm in the guest all the same. */
const tcg = {
  name: "tcg",
  accel: "tcg,thread=multi",
  // Threads of a guest's processors would wait for those that the host's other machines keep from running
  // (docs/architecture.md, isolated directories).
  accelSideBySide: "tcg,thread=single",
  cpu: "EPYC,+svm",
  nested: true,
} as const;

/** What helps against a problem with the device. @param module of the kernel */
const deviceHelp = (problem: string, module: string): string =>
  problem === "EACCES" || problem === "EPERM"
    ? 'join the group kvm and log in anew; in CI: docs/operations.md, "In CI"'
    : `load ${module}, or, in a container, pass it: --device /dev/kvm`;

const software = "so the guest runs in software emulation (tcg), which is several times slower";

/** Pure: facts -> choice. A device node proves nothing; the CPU flag and a guest that ran do. */
export function chooseAccelerator({ flag, deviceProblem, probeProblem, nested }: HostFacts): Accelerator {
  if (!flag) return { ...tcg, reason: `no vmx or svm flag in /proc/cpuinfo (is it off in the firmware?), ${software}` };
  const module = `kvm_${flag === "vmx" ? "intel" : "amd"}`;
  if (deviceProblem)
    return {
      ...tcg,
      reason: `the CPU has ${flag} but /dev/kvm cannot be used (${deviceProblem}), ${software}; ${deviceHelp(deviceProblem, module)}`,
    };
  if (probeProblem)
    return { ...tcg, reason: `/dev/kvm opens but a probe guest did not run (${probeProblem}), ${software}` };
  return {
    name: "kvm",
    accel: "kvm",
    accelSideBySide: "kvm",
    cpu: "host",
    nested,
    reason: nested
      ? `${flag} in /proc/cpuinfo and a probe guest ran on /dev/kvm`
      : `${flag} in /proc/cpuinfo and a probe guest ran on /dev/kvm; nested virtualisation is off on this host, so there is no /dev/kvm in the guest: put "options ${module} nested=1" into /etc/modprobe.d/kvm.conf, and load ${module} anew`,
  };
}

/** Looks at this host. Without the CPU flag nothing is started. */
export async function lookAtHost(): Promise<HostFacts> {
  const flag = /^flags\s*:.*\b(vmx|svm)\b/m.exec(await readFile("/proc/cpuinfo", "utf8"))?.[1];
  if (flag !== "vmx" && flag !== "svm")
    return { flag: undefined, deviceProblem: undefined, probeProblem: undefined, nested: false };
  const deviceProblem = await access("/dev/kvm", constants.R_OK | constants.W_OK).then(
    () => undefined,
    (error: unknown) => codeOf(error) ?? messageOf(error),
  );
  const nestedParameter = `/sys/module/kvm_${flag === "vmx" ? "intel" : "amd"}/parameters/nested`;
  const nested = await readFile(nestedParameter, "utf8").then(
    (value) => /^[Y1]/.test(value),
    () => false,
  );
  return { flag, deviceProblem, probeProblem: deviceProblem ? undefined : await probeKvm("kvm"), nested };
}

let found: Promise<Accelerator> | undefined;

/** The accelerator of this host; looked for once a process. */
export function findAccelerator(): Promise<Accelerator> {
  return (found ??= lookAtHost().then(chooseAccelerator));
}
