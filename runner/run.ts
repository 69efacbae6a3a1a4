import type { RunRequest } from "../lib/run-request";
import type { RunResult } from "../lib/run-result";
import type { RunSurroundings } from "./context";
import { runIsolated } from "./isolated";
import { runInMachine } from "./run-in-machine";

/** One run from its request to its result, with the evidence on disk. Fails only where there can be no evidence. */
export async function run(request: RunRequest, surroundings: RunSurroundings): Promise<RunResult> {
  if (request.isolate === "directory") return runIsolated(request, surroundings);
  return (await runInMachine(request, surroundings)).result;
}
