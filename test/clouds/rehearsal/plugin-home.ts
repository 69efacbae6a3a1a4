import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface InstalledPlugin {
  /** `aws`; its bundle is bin/<name>.js in the folder. */
  readonly name: string;
  readonly version: string;
  /** Environment variable by which it is told the folder. */
  readonly variable: string;
  readonly folder: string;
}

/** Puts a plugin where the engine looks for one of this name and version. */
export function installPlugin(pulumiHome: string, { name, version, variable, folder }: InstalledPlugin): void {
  const plugin = join(pulumiHome, "plugins", `resource-${name}-v${version}`);
  mkdirSync(plugin, { recursive: true });
  const bundle = join(folder, "bin", `${name}.js`);
  const script = `#!/bin/sh\n${variable}='${folder}' exec '${process.execPath}' '${bundle}' "$@"\n`;
  writeFileSync(join(plugin, `pulumi-resource-${name}`), script, { mode: 0o755 });
}

/** The engine kit's own command plugin, of a checkout. */
export function installCommandPlugin(pulumiHome: string, checkout: string): void {
  const plugin = join(pulumiHome, "plugins", "resource-command-v1.2.1");
  mkdirSync(plugin, { recursive: true });
  symlinkSync(join(checkout, "tools", "engine", "pulumi-resource-command"), join(plugin, "pulumi-resource-command"));
}
