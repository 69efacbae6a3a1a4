import type { Publishing } from "../components/backends/facets";
import { backendNames, loadFacets } from "../components/backends/load";
import { UserError } from "../lib/errors";
import type { Properties } from "../plugin/values";
import { text, type Rule } from "./checks";

/** @returns the powers of a backend to publish, by the properties `backend` and `configuration` of a resource */
export type FindPublishing = (inputs: Properties) => Promise<Publishing>;

export const findPublishing: FindPublishing = async ({ backend, configuration }) => {
  const name = backendNames.find((one) => one === backend);
  const publishing = name && (await loadFacets(name, configuration)).publishing;
  if (!publishing) throw new UserError(`backend ${String(backend)} publishes nothing by itself`);
  return publishing;
};

const isObject: Rule = { allowed: "an object", test: (value) => typeof value === "object" && value !== null };

/** Of what is published, whatever it is. */
export const publishingRules = {
  backend: text(/^[a-z]+$/, "the name of a backend"),
  configuration: isObject,
  image: text(/^[A-Za-z0-9][\w.-]{0,40}$/, "the name of an image"),
  version: text(/^[\w.-]{1,60}$/, "a version of it"),
};

export const tagRule = isObject;

/** Properties that make it another one. */
export function changedIdentity(olds: Properties, news: Properties): string[] {
  return Object.keys(publishingRules).filter((key) => JSON.stringify(olds[key]) !== JSON.stringify(news[key]));
}
