import { UserError } from "../lib/errors";
import { explain } from "../plugin/grpc";
import type { ResourceType } from "../plugin/resource";
import type { Properties } from "../plugin/values";
import { hasUnknown } from "../plugin/values";
import { checkRules, text } from "./checks";

export interface BuiltImage {
  readonly name: string;
  readonly version: string;
  /** Hash of everything that it was made from. */
  readonly key: string;
  readonly folder: string;
}

export interface ImageDependencies {
  /** Hash of everything that the recipe's image would be made from now. @throws UserError when there is no such recipe */
  readonly recipeKey: (recipe: string) => Promise<string>;
  /** Builds, smoke-tests and promotes, unless the promoted version has the recipe's key already. */
  readonly buildAndPromote: (
    recipe: string,
    options: { readonly log: (line: string) => void; readonly signal: AbortSignal },
  ) => Promise<BuiltImage>;
  /** @returns undefined when that version is not in the store */
  readonly findVersion: (name: string, version: string) => Promise<BuiltImage | undefined>;
}

function outputsOf(inputs: Properties, { version, key, folder }: BuiltImage): Properties {
  return { ...inputs, version, key, folder };
}

/**
 * kmvm:local:Image: the image of a recipe, in the local store. The recipe's key is worked out in `check`, so that a
 * preview shows an update exactly when something that the image is made from has changed. Versions are immutable and
 * may be in use by other stacks: deleting the resource leaves them, `kmvm image prune` removes them.
 */
export function image({ recipeKey, buildAndPromote, findVersion }: ImageDependencies): ResourceType {
  return {
    computed: ["version", "folder"],

    async check(news) {
      const { inputs, failures } = checkRules(
        { recipe: text(/^[a-zA-Z0-9][\w-]*$/, "the name of a recipe") },
        { recipe: news["recipe"] },
      );
      const { recipe } = inputs;
      if (failures.length > 0 || typeof recipe !== "string" || hasUnknown(recipe)) return { inputs, failures };
      try {
        return { inputs: { ...inputs, key: await recipeKey(recipe) }, failures };
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        return { inputs, failures: [{ property: "recipe", reason: explain(error) }] };
      }
    },

    diff: (olds, news) => ({
      replaces: olds["recipe"] === news["recipe"] ? [] : ["recipe"],
      updates: olds["key"] === news["key"] ? [] : ["key"],
    }),

    async create(inputs, context) {
      const built = await build(inputs, context);
      return { id: built.name, properties: outputsOf(inputs, built) };
    },

    async update(_id, _olds, news, context) {
      return outputsOf(news, await build(news, context));
    },

    async read(id, outputs, inputs) {
      const found = await findVersion(id, String(outputs["version"]));
      return found && { outputs: outputsOf({ ...outputs, ...inputs }, found), inputs };
    },

    delete(_id, _outputs, context) {
      context.log("info", "the image's versions stay in the store; kmvm image prune removes those that nothing uses");
      return Promise.resolve();
    },
  };

  function build(inputs: Properties, { log, signal }: Parameters<ResourceType["create"]>[1]): Promise<BuiltImage> {
    return buildAndPromote(String(inputs["recipe"]), {
      signal,
      log: (line) => {
        log("info", line);
      },
    });
  }
}
