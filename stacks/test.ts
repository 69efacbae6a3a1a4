import { TestRun } from "../components/test-run";
import { TestVm } from "../components/test-vm";
import type { StackProgram } from "./registry";
import { vmOutputs } from "../components/vm-outputs";

/** A fresh machine, and one run of the tests in it. */
export const test: StackProgram = ({ settings, backend, backendHash }) => {
  const vm = new TestVm("test", { backend, settings, backendHash });
  const run = new TestRun("test", { settings, vm, backend });
  return { ...vmOutputs(vm), result: run.result };
};
