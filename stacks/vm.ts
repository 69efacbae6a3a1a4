import { TestVm } from "../components/test-vm";
import type { StackProgram } from "./registry";
import { vmOutputs } from "../components/vm-outputs";

/** A fresh machine for a person. */
export const vm: StackProgram = ({ settings, backend, backendHash }) =>
  vmOutputs(new TestVm("vm", { backend, settings, backendHash }));
