import type { RunRequest } from "../lib/run-request";

/** Every secret of a run, for the redactor. */
export function secretsOf(request: RunRequest): (string | undefined)[] {
  const urls = [request.source, request.kkmSource].flatMap((source) =>
    source?.kind === "repository" && URL.canParse(source.url) ? [new URL(source.url).password] : [],
  );
  return [request.machine.privateKey, request.registry?.password, request.githubToken, ...urls];
}
