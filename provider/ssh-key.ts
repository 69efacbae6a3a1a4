import type { ResourceType } from "../plugin/resource";
import { checkRules, text } from "./checks";
import { generateKeyPair } from "./ssh-key-format";

const defaultComment = "kmvm";

/** kmvm:index:SshKey: a key pair that lives in the state only. Another comment is another key. */
export const sshKey: ResourceType = {
  check: (news) =>
    checkRules(
      { comment: text(/^[\w.@-]{1,64}$/, "1 to 64 letters, digits and . @ _ -") },
      { ...news, comment: news["comment"] ?? defaultComment },
    ),

  create: (inputs) => {
    const pair = generateKeyPair(String(inputs["comment"]));
    return Promise.resolve({ id: pair.fingerprint, properties: { ...inputs, ...pair } });
  },
};
