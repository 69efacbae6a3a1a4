import * as pulumi from "@pulumi/pulumi";
import { local } from "@pulumi/command";
import type { RunRequest } from "../lib/run-request";
import { shownSettings } from "../stacks/parse-settings";
import type { Settings } from "../stacks/settings";
import type { TestVm } from "./test-vm";

export interface TestRunArgs {
  readonly settings: Settings;
  readonly vm: TestVm;
}

/**
 * The runner is started with nothing but what it needs: what the user has in the environment, tokens among it, is none
 * of its business. The path is relative to the project, so that a checkout that has moved is no change of the command.
 */
const runner =
  'exec env -i PATH="$PATH" HOME="$HOME" KMVM_HOME="${KMVM_HOME-}" TMPDIR="${TMPDIR-/tmp}" bin/kmvm-runner';

function requestOf(args: TestRunArgs): pulumi.Output<RunRequest> {
  const { settings, vm } = args;
  const { machine } = vm;
  const { address, port, user, imageVersion, accelerator, consolePath, folder } = machine;
  return pulumi
    .output({
      place: { id: machine.id, address, port, user, imageVersion, accelerator, consolePath, qemuFolder: folder },
      access: { hostKey: vm.hostKey, privateKey: vm.privateKey, expiresAt: vm.run.expiresAt },
      runId: vm.run.runId,
    })
    .apply(({ place, access, runId }) => ({
      stack: settings.stack.full,
      runId,
      attempt: settings.attempt,
      machine: { ...place, ...access },
      source: settings.source,
      directories: [...settings.directories],
      target: settings.target,
      device: settings.device,
      imageVersion: settings.imageVersion,
      runtime: settings.runtime,
      environment: settings.environment,
      registry: settings.registry,
      kkmSource: settings.kkmSource,
      githubToken: settings.githubToken,
      limits: settings.limits,
      shownSettings: shownSettings(settings),
    }));
}

/** One run of the tests in a machine. The run itself always succeeds; `verdict` fails unless the tests passed. */
export class TestRun extends pulumi.ComponentResource {
  /** The RunResult, as JSON. */
  readonly result: pulumi.Output<string>;

  constructor(name: string, args: TestRunArgs, opts?: pulumi.ComponentResourceOptions) {
    super("kmvm:index:TestRun", name, {}, opts);
    const { settings, vm } = args;
    const gone = { parent: this, deletedWith: vm.machine.resource };
    // Boot, run, the evidence of a hang, and time to bring it home.
    const seconds = settings.limits.boot + settings.limits.run + settings.limits.hang + 600;
    const kmTest = new local.Command(
      `${name}-km-test`,
      {
        create: runner,
        stdin: pulumi.secret(requestOf(args).apply((request) => JSON.stringify(request))),
        logging: local.Logging.Stderr,
        addPreviousOutputInEnv: false,
        triggers: [vm.machine.id],
      },
      { ...gone, customTimeouts: { create: `${seconds}s`, update: `${seconds}s` }, deleteBeforeReplace: true },
    );
    // Nothing secret is in a result: what the runner prints has passed its redactor.
    this.result = pulumi.unsecret(kmTest.stdout);
    new local.Command(
      `${name}-verdict`,
      {
        create: `${runner} --verdict`,
        stdin: this.result,
        logging: local.Logging.Stderr,
        addPreviousOutputInEnv: false,
      },
      { ...gone, dependsOn: kmTest },
    );
    this.registerOutputs({ result: this.result });
  }
}
