import type { ResourceType } from "../plugin/resource";
import type { Properties } from "../plugin/values";
import { checkRules, text } from "./checks";
import { changedIdentity, findPublishing, publishingRules, tagRule, type FindPublishing } from "./publishing";

/**
 * kmvm:index:ImageVersion: versions are immutable and others may use them: deleting the resource leaves them,
 * `kmvm image prune --backend …` removes them.
 */
export function imageVersion(find: FindPublishing = findPublishing): ResourceType {
  const nameOf = (inputs: Properties) => ({ image: String(inputs["image"]), version: String(inputs["version"]) });
  return {
    check: (news) =>
      checkRules({ ...publishingRules, source: text(/^.{1,500}$/, "where the disk is"), tags: tagRule }, news),
    diff: (olds, news) => ({ replaces: changedIdentity(olds, news), updates: [] }),

    async create(inputs, { signal, status }) {
      const { image, version } = nameOf(inputs);
      status(`${image}@${version} is copied by the provider, which takes a while`);
      // The rules have been kept: `check` comes first.
      const tags = inputs["tags"] as Readonly<Record<string, string>>;
      const publishing = await find(inputs);
      const id = await publishing.makeVersion({ image, version, source: String(inputs["source"]), tags }, { signal });
      return { id, properties: inputs };
    },

    async read(_id, outputs, inputs) {
      const { image, version } = nameOf(inputs);
      return (await (await find(inputs)).hasVersion(image, version)) ? { outputs, inputs } : undefined;
    },

    delete(_id, _outputs, context) {
      context.log("info", "the version stays; kmvm image prune removes those that nothing uses");
      return Promise.resolve();
    },
  };
}
