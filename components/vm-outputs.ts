import * as pulumi from "@pulumi/pulumi";
import type { ConsolePlace, Offer } from "./backends/backend";
import type { TestVm } from "./test-vm";

/** A machine as a stack's outputs tell of it; `kmvm` finds there how to get into it, and what it costs. */
export interface MachineOutputs {
  readonly id: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly hostKey: string;
  readonly consolePath?: string | undefined;
  readonly folder?: string | undefined;
  readonly imageVersion: string;
  readonly accelerator: string;
  readonly expiresAt: string;
  /** How the console is read where it is no file; only where a provider has the machine, as `offer`. */
  readonly console?: ConsolePlace | undefined;
  readonly offer?: Offer | undefined;
}

export function vmOutputs(vm: TestVm): { machine: pulumi.Output<MachineOutputs>; privateKey: pulumi.Output<string> } {
  const { id, address, port, user, consolePath, folder, imageVersion, accelerator, console, offer } = vm.machine;
  const { hostKey, run } = vm;
  return {
    machine: pulumi.output({
      id,
      address,
      port,
      user,
      hostKey,
      consolePath,
      folder,
      imageVersion,
      accelerator,
      expiresAt: run.expiresAt,
      ...(console ? { console } : {}),
      ...(offer ? { offer } : {}),
    }),
    privateKey: pulumi.secret(vm.privateKey),
  };
}
