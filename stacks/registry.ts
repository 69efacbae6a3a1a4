import type * as pulumi from "@pulumi/pulumi";
import type { Backend } from "../components/backends/backend";
import type { Kind } from "./name";
import type { Settings } from "./settings";

export interface StackContext {
  readonly settings: Settings;
  readonly backend: Backend;
  /** Hash of the URL of the state; empty where PULUMI_BACKEND_URL does not say it. */
  readonly backendHash: string;
}

/** Declares the resources of one kind of stack and returns the stack's outputs. */
export type StackProgram = (context: StackContext) => Record<string, pulumi.Input<unknown>>;

const programs: Record<Kind, () => Promise<StackProgram>> = {
  test: async () => (await import("./test")).test,
  vm: async () => (await import("./vm")).vm,
  l0: async () => (await import("./l0")).l0,
};

export function loadProgram(kind: Kind): Promise<StackProgram> {
  return programs[kind]();
}
