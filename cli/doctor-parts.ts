import { existsSync, readFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { execa } from "execa";
import semver from "semver";
import { parse } from "yaml";
import { engineEnvironment, engineVersion } from "../lib/engine-env";
import { messageOf, UserError } from "../lib/errors";
import { resolveImage } from "../provider/images/store";
import { profiles } from "../stacks/name";
import type { CliContext } from "./context";
import { fail, ok, warn, type Check, type Diagnosis } from "./doctor-check";
import { findProgram } from "./doctor-host";
import { gatherFacts } from "./gc-gather";
import { planGc, type Finding } from "./gc-plan";
import { unreachableText, type Unreachable } from "./configured-backends";
import { listStacks } from "./stack-state";
import { backendUrl, openEngine } from "./workspace";

const setUp = "run scripts/setup";

/** Pure: whether an engine of this version can be used. */
export function judgeEngineVersion(version: string | undefined): Diagnosis {
  const range = `>=${engineVersion} <${semver.major(engineVersion) + 1}`;
  if (version === undefined) return fail("does not start", setUp);
  return semver.satisfies(version, range) ? ok(version) : fail(`${version}, needed is ${range}`, setUp);
}

async function engine(context: CliContext): Promise<Diagnosis[]> {
  const { command, env } = engineEnvironment(context.root, context.home, context.environment);
  if (!existsSync(command)) return [fail(`there is no ${command}`, setUp)];
  const version = await execa(command, ["version"], { env, stdin: "ignore", reject: false });
  const found = judgeEngineVersion(semver.clean(version.stdout) ?? undefined);
  const path = `${dirname(command)}:${context.environment["PATH"] ?? ""}`;
  const host = findProgram("pulumi-language-nodejs", path);
  const plugins = join({ ...context.environment, ...env }["PULUMI_HOME"] ?? "", "plugins");
  const installed = existsSync(plugins) ? await readdir(plugins) : [];
  const commandPlugin = installed.some((one) => one.startsWith("resource-command-v"));
  return [
    found,
    host ? ok(`language host ${host}`) : fail("no pulumi-language-nodejs beside it or on PATH", setUp),
    commandPlugin ? ok("the command plugin is installed") : fail(`no command plugin in ${plugins}`, setUp),
  ];
}

async function image({ home }: CliContext): Promise<Diagnosis> {
  try {
    const { version } = await resolveImage(home, "L0-base");
    return ok(`L0-base ${version} is promoted`);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return fail(error.message, error.hint ?? setUp);
  }
}

async function states(context: CliContext): Promise<Diagnosis> {
  const opened = openEngine(context);
  const passphrase =
    opened.environment["PULUMI_CONFIG_PASSPHRASE_FILE"] ?? process.env["PULUMI_CONFIG_PASSPHRASE_FILE"];
  if (passphrase !== undefined && !existsSync(passphrase))
    return fail(`there is no passphrase file ${passphrase}`, "unset PULUMI_CONFIG_PASSPHRASE_FILE, or bring it back");
  const stacks = await listStacks(context, opened);
  return ok(`${stacks.length} stacks in ${backendUrl(opened) || "the engine's own backend"}`);
}

/** Registries that the profiles name. */
function configuredRegistries(root: string): string[] {
  const found = profiles.map((profile) => {
    const { config } = (parse(readFileSync(join(root, `Pulumi.${profile}.yaml`), "utf8")) ?? {}) as {
      config?: Record<string, unknown>;
    };
    return config?.["kmvm:registry"];
  });
  return [...new Set(found.filter((host) => typeof host === "string"))];
}

/** Pure: what a registry's answer to GET /v2/ means; see the OCI distribution specification. */
export function judgeRegistry(host: string, status: number): Diagnosis {
  if (status === 200 || status === 401) return ok(`${host} answers`);
  return warn(`${host} answers GET /v2/ with ${status}`, "see that kmvm:registry names a container registry");
}

async function registry({ root }: CliContext): Promise<Diagnosis[]> {
  const hosts = configuredRegistries(root);
  if (hosts.length === 0) return [ok("none is configured: login and pull are skipped")];
  return Promise.all(
    hosts.map(async (host) => {
      const scheme = /^(localhost|127\.)/.test(host) ? "http" : "https";
      try {
        const { status } = await fetch(`${scheme}://${host}/v2/`, { signal: AbortSignal.timeout(5000) });
        return judgeRegistry(host, status);
      } catch (error) {
        return warn(`${host} cannot be reached: ${messageOf(error)}`, "see that kmvm:registry is right");
      }
    }),
  );
}

/** Pure: what is left behind, and where one could not look. */
export function judgeLeftovers(
  findings: readonly Pick<Finding, "what" | "why">[],
  unreachable: readonly Unreachable[],
): Diagnosis {
  const told = [...findings.map(({ what, why }) => `${what} (${why})`), ...unreachable.map(unreachableText)];
  const [first] = unreachable;
  if (told.length === 0) return ok("nothing is left behind");
  return warn(
    told.join(", "),
    findings.length === 0 && first ? `kmvm doctor --backend ${first.backend}` : "kmvm gc --yes --now",
  );
}

async function leftovers(context: CliContext): Promise<Diagnosis> {
  const { facts, unreachable } = await gatherFacts(context, openEngine(context));
  const { findings } = planGc(facts, Date.now());
  return judgeLeftovers(findings, unreachable);
}

export const partChecks: readonly Check[] = [
  { name: "engine", look: engine },
  { name: "image", look: image },
  { name: "state", look: states },
  { name: "registry", look: registry },
  { name: "leftovers", look: leftovers },
];
