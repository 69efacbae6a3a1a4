import { randomInt } from "node:crypto";
import { hostname } from "node:os";
import { userName } from "../lib/user-name";
import type { ResourceType } from "../plugin/resource";
import { checkRules, integer, text } from "./checks";

const alphabet = "abcdefghijklmnopqrstuvwxyz0123456789";
const runIdLength = 8;
const week = 7 * 24 * 3600;

function newRunId(): string {
  return Array.from({ length: runIdLength }, () => alphabet[randomInt(alphabet.length)]).join("");
}

/** kmvm:index:Run: identity and lifetime of one run. Any changed input is another run. */
export const run: ResourceType = {
  check: (news) =>
    checkRules(
      {
        stack: text(/^[A-Za-z0-9_.-]{1,100}$/, "the name of a stack"),
        ttl: integer(1, week, "seconds"),
      },
      news,
    ),

  create: (inputs) => {
    const runId = newRunId();
    const created = Date.now();
    return Promise.resolve({
      id: runId,
      properties: {
        ...inputs,
        runId,
        createdAt: new Date(created).toISOString(),
        expiresAt: new Date(created + Number(inputs["ttl"]) * 1000).toISOString(),
        owner: `${userName()}@${hostname()}`,
      },
    });
  },
};
