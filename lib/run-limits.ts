import type { RunRequest } from "./run-request";

/** Seconds that a runner has at most: boot, run, the evidence of a hang, and time to bring it home. */
export const runnerSeconds = ({ boot, run, hang }: RunRequest["limits"]): number => boot + run + hang + 600;
