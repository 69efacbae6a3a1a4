import { createHash } from "node:crypto";
import type { ResourceType } from "../plugin/resource";
import { checkRules, text } from "./checks";

const anything = text(/^.{1,2000}$/, "1 to 2000 characters");

/** kmvm:index:Pinned: `value` is what `current` was at its creation, until `subject` is another one. */
export const pinned: ResourceType = {
  computed: ["value"],
  check: (news) => checkRules({ subject: anything, current: anything }, news),
  diff: (olds, news) => ({ replaces: olds["subject"] === news["subject"] ? [] : ["subject"], updates: [] }),
  create: (inputs) => {
    const value = String(inputs["current"]);
    return Promise.resolve({
      id: createHash("sha256").update(value).digest("hex").slice(0, 12),
      properties: { ...inputs, value },
    });
  },
};
