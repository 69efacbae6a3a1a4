import * as pulumi from "@pulumi/pulumi";
import { local } from "@pulumi/command";
import { Provider } from "@pulumi/command/provider";
import { runnerSeconds } from "../lib/run-limits";
import type { RunRequest } from "../lib/run-request";
import { shownSettings } from "../stacks/shown-settings";
import type { Settings } from "../stacks/settings";
import type { Backend } from "./backends/backend";
import { runnerCommand, verdictCommand } from "./runner-command";
import type { TestVm } from "./test-vm";

export interface TestRunArgs {
  readonly settings: Settings;
  readonly vm: TestVm;
  readonly backend: Backend;
}

function requestOf(args: TestRunArgs): pulumi.Output<RunRequest> {
  const { settings, vm } = args;
  const { machine } = vm;
  const { address, port, user, imageVersion, accelerator, consolePath, folder, console } = machine;
  return pulumi
    .output({
      place: {
        ...{ id: machine.id, address, port, user, imageVersion, accelerator },
        ...{ consolePath, qemuFolder: folder, console },
      },
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
      isolate: settings.isolate,
      jobs: settings.jobs,
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
    // Its plugin starts while the machine does, not after it; but not before the one that makes the machine.
    const provider = new Provider(`${name}-command`, {}, { parent: this, dependsOn: vm.run });
    const gone = { parent: this, provider, deletedWith: vm.machine.resource };
    const seconds = runnerSeconds(settings.limits);
    const kmTest = new local.Command(
      `${name}-km-test`,
      {
        create: runnerCommand(args.backend.capabilities.environmentPrefixes),
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
        create: verdictCommand,
        stdin: this.result,
        logging: local.Logging.Stderr,
        addPreviousOutputInEnv: false,
      },
      { ...gone, dependsOn: kmTest },
    );
    this.registerOutputs({ result: this.result });
  }
}
