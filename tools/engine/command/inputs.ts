import { z } from "zod";
import { unknownValue } from "../../../plugin/values";

/** Inputs of `command:local:Command` 1.2.1 that the stand-in knows. */
const properties = {
  create: z.string(),
  update: z.string(),
  delete: z.string(),
  /** Any change of them replaces. */
  triggers: z.array(z.unknown()),
  stdin: z.string(),
  environment: z.record(z.string(), z.string()),
  dir: z.string(),
  /** Program and first arguments; the command is the last argument. */
  interpreter: z.array(z.string()),
  /** Which output is shown while the command runs. */
  logging: z.enum(["stdout", "stderr", "stdoutAndStderr", "none"]),
  addPreviousOutputInEnv: z.boolean(),
} as const;

const known = z.object(properties).partial();

/** Inputs, all known. */
export type CommandInputs = z.infer<typeof known>;

/** @param values inputs, or outputs, which hold them too */
export function parseInputs(values: unknown): CommandInputs {
  return known.parse(values);
}

const maybe = <T extends z.ZodType>(schema: T) => z.union([z.literal(unknownValue), schema]);

/** The same before everything is known: any value, or an element of one, may be `unknownValue`. */
const checked = z
  .strictObject({
    create: z.string(),
    update: z.string(),
    delete: z.string(),
    triggers: maybe(properties.triggers),
    stdin: z.string(),
    environment: maybe(properties.environment),
    dir: z.string(),
    interpreter: maybe(properties.interpreter),
    logging: maybe(properties.logging),
    addPreviousOutputInEnv: maybe(properties.addPreviousOutputInEnv),
  })
  .partial();

/** Every mistake in the inputs, by property. */
export function inputProblems(values: unknown): { property: string; reason: string }[] {
  const { error } = checked.safeParse(values);
  return (error?.issues ?? []).flatMap((issue) =>
    issue.code === "unrecognized_keys"
      ? issue.keys.map((property) => ({
          property,
          reason: `not known to the stand-in for the command plugin; it has ${Object.keys(properties).join(", ")}`,
        }))
      : [{ property: String(issue.path[0] ?? ""), reason: issue.message }],
  );
}
