import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../stacks/settings";
import { vmOutputs } from "./vm-outputs";
import type { Backend, MachineHandle } from "./backends/backend";
import { Run } from "./kmvm/run";
import { SshKey } from "./kmvm/ssh-key";

export interface TestVmArgs {
  readonly backend: Backend;
  readonly settings: Settings;
  /** Hash of the URL of the state; see `MachineArgs`. */
  readonly backendHash: string;
}

/** A fresh machine with keys of its own: the user's, and the machine's host key, known before it boots. */
export class TestVm extends pulumi.ComponentResource {
  readonly run: Run;
  readonly machine: MachineHandle;
  /** OpenSSH private key of the machine's user. Secret. */
  readonly privateKey: pulumi.Output<string>;
  /** The machine's host key, one OpenSSH public key line. */
  readonly hostKey: pulumi.Output<string>;

  constructor(name: string, args: TestVmArgs, opts?: pulumi.ComponentResourceOptions) {
    super("kmvm:index:TestVm", name, {}, opts);
    const { backend, settings, backendHash } = args;
    const parent = { parent: this };
    this.run = new Run(`${name}-run`, { stack: settings.stack.full, ttl: settings.ttl }, parent);
    const userKey = new SshKey(`${name}-user-key`, {}, parent);
    const hostKey = new SshKey(`${name}-host-key`, {}, parent);
    const { runId, createdAt, expiresAt, owner } = this.run;
    this.machine = backend.machine(
      `${name}-machine`,
      { settings, runId, createdAt, expiresAt, owner, backendHash, authorizedKey: userKey.publicKey, hostKey },
      parent,
    );
    this.privateKey = userKey.privateKey;
    this.hostKey = hostKey.publicKey;
    // In the state as soon as the machine is made, also when what comes after it fails: it is how one gets in then.
    this.registerOutputs({ ...vmOutputs(this) });
  }
}
