import { execa } from "execa";
import { z } from "zod";
import { ExitCode, UserError } from "../lib/errors";
import { stateHash } from "../lib/state-hash";
import { signatureKey } from "../plugin/secrets";
import type { CliContext } from "./context";
import { backendUrl, type Engine } from "./workspace";

/** What the engine's states say, asked of the engine itself: the same for every backend of states. */

const resourceSchema = z.object({
  urn: z.string(),
  type: z.string(),
  id: z.string().optional(),
  outputs: z.record(z.string(), z.unknown()).optional(),
});
const exportSchema = z.object({
  /** null: nothing was done with the stack yet. */
  deployment: z
    .object({
      resources: z.array(resourceSchema).optional(),
      pending_operations: z.array(z.object({ resource: resourceSchema, type: z.string() })).optional(),
    })
    .nullable(),
});

export interface StackState {
  readonly resources: readonly z.infer<typeof resourceSchema>[];
  /** What the engine had begun and not ended when it was killed, or is at work on: `creating kmvm:local:Machine`. */
  readonly pending: readonly string[];
}

export const missingStack = /no stack named/;

/** The value with every secret in it in clear, as `pulumi stack export --show-secrets` has it. */
export function reveal(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reveal);
  if (value === null || typeof value !== "object") return value;
  if (signatureKey in value && "plaintext" in value && typeof value.plaintext === "string")
    return JSON.parse(value.plaintext) as unknown;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, reveal(inner)]));
}

/** Hash of the state that this command works on, as the tags of its machines have it. */
export function ownBackendHash(engine: Engine): string {
  return stateHash(backendUrl(engine));
}

/** @throws UserError with what the engine says */
async function ask(context: CliContext, engine: Engine, args: string[]): Promise<string> {
  const options = { cwd: context.root, env: engine.environment, stdin: "ignore" } as const;
  const { stdout, stderr, failed, shortMessage } = await execa(engine.command.command, [...args, "--non-interactive"], {
    ...options,
    reject: false,
  });
  if (failed)
    throw new UserError(
      `the engine could not tell: ${stderr.trim() || (shortMessage ?? "")}`,
      "the same question by hand: scripts/pulumi stack ls",
      ExitCode.Infrastructure,
    );
  return stdout;
}

/** Names of all stacks of this project. */
export async function listStacks(context: CliContext, engine: Engine): Promise<string[]> {
  const rows = z
    .array(z.object({ name: z.string() }))
    .parse(JSON.parse(await ask(context, engine, ["stack", "ls", "--json"])));
  return rows.map(({ name }) => name.split("/").at(-1) ?? name);
}

/** What `pulumi stack export` says. Pure. */
export function stateIn(exported: string): StackState {
  const { deployment } = exportSchema.parse(JSON.parse(exported));
  return {
    resources: deployment?.resources ?? [],
    pending: (deployment?.pending_operations ?? []).map(({ type, resource }) => `${type} ${resource.type}`),
  };
}

/**
 * @param secrets whether secret outputs are shown in clear
 * @throws what matches `missingStack`
 */
export async function readState(
  context: CliContext,
  engine: Engine,
  stack: string,
  secrets: "hidden" | "shown",
): Promise<StackState> {
  const args = ["stack", "export", "--stack", stack, ...(secrets === "shown" ? ["--show-secrets"] : [])];
  return stateIn(await ask(context, engine, args));
}
