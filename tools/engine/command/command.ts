import { randomBytes } from "node:crypto";
import type { Context, ResourceType } from "../../../plugin/resource";
import { changedProperties } from "../../../plugin/server";
import type { Properties } from "../../../plugin/values";
import { inputProblems, parseInputs } from "./inputs";
import { runCommand, type Output } from "./run";

const nameOf = (urn: string): string => urn.split("::").at(-1) ?? "command";

function previousOutput({ stdout, stderr }: Properties): Output {
  return { stdout: typeof stdout === "string" ? stdout : "", stderr: typeof stderr === "string" ? stderr : "" };
}

/** Runs what is to be run, if anything is; outputs are the inputs and what the command said. */
async function apply(
  command: string | undefined,
  inputs: Properties,
  previous: Output,
  context: Context,
): Promise<Properties> {
  const output = command === undefined ? previous : await runCommand(command, parseInputs(inputs), previous, context);
  return { ...inputs, ...output };
}

/**
 * `command:local:Command` as pulumi-command 1.2.1 has it (provider/pkg/provider/local at that tag), without assetPaths
 * and archivePaths.
 */
export const command: ResourceType = {
  computed: ["stdout", "stderr"],
  // There every output depends on every input.
  secretsSpread: true,
  check: (news) => ({ inputs: news, failures: inputProblems(news) }),
  diff: (olds, news) => {
    const changes = changedProperties(olds, news);
    return {
      replaces: changes.filter((property) => property === "triggers"),
      updates: changes.filter((property) => property !== "triggers"),
    };
  },
  create: async (inputs, context) => ({
    id: `${nameOf(context.urn)}${randomBytes(4).toString("hex")}`,
    properties: await apply(parseInputs(inputs).create, inputs, { stdout: "", stderr: "" }, context),
  }),
  update: (_id, olds, news, context) => {
    const { update, create } = parseInputs(news);
    return apply(update ?? create, news, previousOutput(olds), context);
  },
  delete: async (_id, outputs, context) => {
    await apply(parseInputs(outputs).delete, outputs, previousOutput(outputs), context);
  },
};
