import { messageOf } from "../lib/errors";
import type { StartPolicy } from "../lib/start-policy";
import { startMachine, type Machine, type MachineSpec } from "./qemu/machine";
import type { MachineImage, Options, WarmImage } from "./qemu/spec";
import { RestoreFailed } from "./qemu/warm/migration";

export interface StartDependencies {
  readonly home: string;
  /** @throws where there is none and none can be made */
  readonly warmImage: (image: MachineImage, spec: MachineSpec, options: Options) => Promise<WarmImage>;
}

/** The warm image to start from, or why not. */
async function chooseStart(
  { warmImage }: StartDependencies,
  policy: StartPolicy,
  spec: MachineSpec,
  options: Options,
): Promise<WarmImage | string> {
  if (policy === "cold") return "as asked for";
  if (spec.boot !== "direct") return `boot ${spec.boot} is to be seen`;
  try {
    return await warmImage(spec.image, spec, options);
  } catch (error) {
    options.signal?.throwIfAborted();
    if (policy === "warm") throw error;
    return messageOf(error);
  }
}

/**
 * Starts a machine that has never run, warm or cold, and says which and why. What cannot be restored is booted, unless
 * warm was asked for.
 * @throws as `startMachine`; with policy warm also what kept it from starting so
 */
export async function startFresh(
  dependencies: StartDependencies,
  policy: StartPolicy,
  spec: MachineSpec,
  options: Options,
): Promise<Machine> {
  const { home } = dependencies;
  const choice = await chooseStart(dependencies, policy, spec, options);
  if (typeof choice !== "string")
    try {
      const started = Date.now();
      const machine = await startMachine(home, { ...spec, warm: choice }, options);
      options.log?.(`warm start: a clone of a booted machine, in ${((Date.now() - started) / 1000).toFixed(1)} s`);
      return machine;
    } catch (error) {
      if (!(error instanceof RestoreFailed) || policy === "warm") throw error;
      options.log?.(`cold start: the warm image could not be restored: ${error.message}`);
      return startMachine(home, spec, options);
    }
  options.log?.(`cold start: ${choice}`);
  return startMachine(home, spec, options);
}
