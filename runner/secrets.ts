import type { RunRequest } from "../lib/run-request";

/** Every secret of a run, for the redactor. */
export function secretsOf(request: RunRequest): (string | undefined)[] {
  return [request.machine.privateKey, request.registry?.password, request.githubToken];
}
