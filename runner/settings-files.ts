import { UserError } from "../lib/errors";
import type { RunRequest } from "../lib/run-request";

/** A file that is sent to the guest. */
export interface GuestFile {
  /** Relative to the guest's root. */
  readonly path: string;
  readonly mode: number;
  readonly content: string | Buffer;
}

/** A value for a file that a shell of the guest reads as KEY='value'. */
const quote = (value: string) => `'${value.replaceAll("'", "'\\''")}'`;

function checkLine(what: string, value: string): string {
  if (/[\n\r\0]/.test(value)) throw new UserError(`${what} has a line break in it: ${JSON.stringify(value)}`);
  return value;
}

/** What the scripts of scripts/guest/test read; see there. On a tmpfs, for root alone. */
export function settingsFiles(request: RunRequest): GuestFile[] {
  const { registry } = request;
  const settings: [string, string | number | undefined][] = [
    ["RUN_ID", request.runId],
    ["ATTEMPT", request.attempt],
    ["PHASE", request.phase ?? "all"],
    ["TARGET", request.target],
    ["HYPERVISOR_DEVICE", request.device],
    ["IMAGE_VERSION", request.imageVersion],
    ["RUNTIME", request.runtime],
    ["REGISTRY_HOST", registry?.host],
    ["REGISTRY_USERNAME", registry?.username],
    ["REGISTRY_INSECURE", registry?.insecure ? 1 : undefined],
    ["TIMEOUT", Math.ceil(request.limits.run)],
  ];
  const shell = settings.map(([key, value]) => `${key}=${quote(checkLine(key, String(value ?? "")))}\n`);
  const environment = Object.entries(request.environment).map(([key, value]) => {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(key)) throw new UserError(`"${key}" is no name of an environment variable`);
    return `${key}=${checkLine(key, value)}\n`;
  });
  const directories = request.directories.map((directory) => `${checkLine("a directory", directory)}\n`);
  const file = (name: string, content: string) => ({ path: `run/kmvm/${name}`, mode: 0o600, content });
  return [
    file("settings.env", shell.join("")),
    file("directories", directories.join("")),
    file("environment", environment.join("")),
    ...(registry?.password ? [file("registry-password", registry.password)] : []),
  ];
}
