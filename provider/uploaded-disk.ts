import type { ResourceType } from "../plugin/resource";
import { checkRules, text } from "./checks";
import { changedIdentity, findPublishing, publishingRules, type FindPublishing } from "./publishing";

/**
 * kmvm:index:UploadedDisk: where the file is does not matter afterwards. The disk outlives the resource: versions of
 * images may be copied from it still. `kmvm image prune --backend …` removes it with its version.
 */
export function uploadedDisk(find: FindPublishing = findPublishing): ResourceType {
  return {
    computed: ["source"],
    check: (news) => checkRules({ ...publishingRules, file: text(/^\/.+$/, "an absolute path") }, news),
    diff: (olds, news) => ({ replaces: changedIdentity(olds, news), updates: [] }),
    async create(inputs, { signal, status }) {
      const publishing = await find(inputs);
      let shown = -1;
      const onProgress = (part: number) => {
        const percent = Math.floor(part * 100);
        if (percent !== shown) status(`uploaded ${percent} %`);
        shown = percent;
      };
      const [file, image, version] = [inputs["file"], inputs["image"], inputs["version"]].map(String) as [
        string,
        string,
        string,
      ];
      const source = await publishing.upload({ file, image, version }, { signal, onProgress });
      return { id: source, properties: { ...inputs, source } };
    },
    async read(_id, outputs, inputs) {
      const [image, version] = [String(inputs["image"]), String(inputs["version"])];
      return (await (await find(inputs)).hasUpload(image, version)) ? { outputs, inputs } : undefined;
    },
    delete(_id, _outputs, context) {
      context.log("info", "the disk stays: versions of images may be copied from it");
      return Promise.resolve();
    },
  };
}
