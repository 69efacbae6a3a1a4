import { existsSync, mkdirSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { createOnce } from "./create-once";
import { checkoutFolders, homeFolders } from "./paths";
import { removeTornAttributes } from "./torn-attributes";

/** The engine that everything here is written for; scripts/setup takes newer ones of the same major version too. */
export const engineVersion = "3.246.0";

/** The engine that scripts/setup resolved, and what it is started with. */
export interface EngineEnvironment {
  /** Path of `pulumi`; that it exists is scripts/setup's work. */
  readonly command: string;
  /** Folder of it, and of the language host where that comes with it. */
  readonly binDir: string;
  /** To be added to the environment: only what `env` does not say already. */
  readonly env: Record<string, string>;
}

/** Names that say how the state's secrets are encrypted; whoever sets one of them has decided. */
const passphraseNames = ["PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"];

/**
 * Defaults of this repository for the engine.
 * @param root the checkout
 * @param home $KMVM_HOME
 * @param env the user's environment: its own values win
 */
export function engineEnvironment(root: string, home: string, env: NodeJS.ProcessEnv): EngineEnvironment {
  const folder = join(homeFolders.engine(home), engineVersion);
  const binDir = join(folder, "bin");
  const defaults: Record<string, string> = {
    PULUMI_HOME: homeFolders.pulumi(home),
    PULUMI_BACKEND_URL: pathToFileURL(checkoutFolders.state(root)).href,
    PULUMI_SKIP_UPDATE_CHECK: "true",
  };
  if (!passphraseNames.some((name) => name in env)) defaults["PULUMI_CONFIG_PASSPHRASE_FILE"] = passphraseFile(root);
  // Nothing can be downloaded where the kit had to be built; trying would only cost time at every start.
  if (existsSync(join(folder, "kit"))) defaults["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] = "true";
  const added = Object.entries(defaults).filter(([name]) => env[name] === undefined || env[name] === "");
  // Which checkout's programs the kit starts is never inherited: another checkout's `kmvm` may have started this one.
  return { command: join(binDir, "pulumi"), binDir, env: { ...Object.fromEntries(added), KMVM_CHECKOUT: root } };
}

export const passphraseFile = (root: string): string => join(root, ".kmvm", "passphrase");

/** Makes what the defaults name, and mends it after a kill: the state's folder, and a passphrase that nobody but the user can read. */
export function prepareEngineState(root: string): void {
  mkdirSync(checkoutFolders.state(root), { recursive: true });
  removeTornAttributes(checkoutFolders.state(root));
  const file = passphraseFile(root);
  if (!existsSync(file)) createOnce(file, `${randomBytes(32).toString("hex")}\n`);
}
