import { tagNames } from "../../../lib/tags";

/** A resource as a program registers it, or as a provider's plugin received it. */
export interface Made {
  readonly type: string;
  readonly inputs: Readonly<Record<string, unknown>>;
}

/** What is known of those who made them. */
export interface Situation {
  /** CIDR of the only address that may come in. */
  readonly caller: string;
  /** The value of the owner's tag: the only place where a person may be named. */
  readonly owner: string;
  /** The machine's own host key, which only its user data may hold. Absent: there is no machine. */
  readonly hostKey?: string;
  /** What must not be in anything. */
  readonly secrets: readonly string[];
  /** Names and folders of whoever runs this. */
  readonly persons: readonly string[];
}

/** What a value must be; `caller` stands for the situation's. */
export type Expectation = string | number | boolean | RegExp | { readonly is: "caller" };

/** What holds for each resource of a type. Paths are as `tagSpecifications[*].tags`. */
export interface TypePolicy {
  /** Where its tags are, all of them. None: it cannot carry any. */
  readonly tags: readonly string[];
  /** What it belongs to, which decides the tags. */
  readonly of: "machine" | "image";
  readonly must?: Readonly<Record<string, Expectation>>;
  readonly never?: readonly string[];
  /** Where user data are, and how they are written. */
  readonly userData?: { readonly path: string; readonly encoding: "plain" | "base64" };
}

/** What holds for all that is made together. */
export interface SetPolicy {
  readonly what: string;
  /** @returns what is wrong */
  broken(made: readonly Made[]): readonly string[];
}

/** The rows of one cloud. */
export interface CloudPolicies {
  /** How tokens of what is made in the cloud begin: a type without a row is a violation. */
  readonly prefixes: readonly string[];
  readonly types: Readonly<Record<string, TypePolicy>>;
  readonly together: readonly SetPolicy[];
}

const requiredTags: Readonly<Record<TypePolicy["of"], readonly string[]>> = {
  machine: Object.values(tagNames),
  image: [tagNames.project, tagNames.backendHash, tagNames.stack, "kmvm-image", "kmvm-image-version"],
};

/** Key that the engine's protocol marks a special value with. */
const mark = "4dabf18193072939515e22adb298388d";

/** The same without the marks of secrets. */
export function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== "object") return value;
  if (mark in value && "value" in value) return plain(value.value);
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner)]));
}

/** All values at a path; those that are absent are none. */
export function valuesAt(inputs: unknown, path: string): unknown[] {
  return path.split(".").reduce<unknown[]>(
    (values, part) => {
      const [name = "", list] = part.split("[*]");
      const inner = values.flatMap((value) => {
        const one = (value as Record<string, unknown> | null | undefined)?.[name];
        return one === undefined ? [] : [one];
      });
      return list === undefined ? inner : inner.flatMap((one) => (Array.isArray(one) ? (one as unknown[]) : []));
    },
    [inputs],
  );
}

const show = (value: unknown): string => JSON.stringify(value) ?? "nothing";

function meets(value: unknown, expected: Expectation, { caller }: Situation): boolean {
  if (expected instanceof RegExp) return typeof value === "string" && expected.test(value);
  if (typeof expected === "object") return value === caller;
  return value === expected;
}

function tagProblems(inputs: unknown, { tags, of }: TypePolicy): string[] {
  return tags.flatMap((path) => {
    const found = valuesAt(inputs, path) as Record<string, unknown>[];
    if (found.length === 0) return [`has no ${path}`];
    return found.flatMap((record) =>
      requiredTags[of].filter((name) => !record[name]).map((name) => `${path} lacks ${name}`),
    );
  });
}

function valueProblems(inputs: unknown, { must = {}, never = [] }: TypePolicy, situation: Situation): string[] {
  return [
    ...Object.entries(must).flatMap(([path, expected]) => {
      const found = valuesAt(inputs, path);
      if (found.length > 0 && found.every((value) => meets(value, expected, situation))) return [];
      return [`${path} is ${found.map(show).join(", ") || "absent"}, must be ${String(expected)}`];
    }),
    ...never.filter((path) => valuesAt(inputs, path).length > 0).map((path) => `${path} must not be given`),
  ];
}

function textProblems(inputs: unknown, policy: TypePolicy, situation: Situation): string[] {
  const { userData } = policy;
  const { secrets, persons, hostKey, owner } = situation;
  const text = show(inputs);
  const data = userData ? String(valuesAt(inputs, userData.path)[0] ?? "") : "";
  const told = userDataOf(inputs, policy);
  const anywhere = `${text}\n${told}`.replaceAll(owner, "");
  const others = text.replace(show(data).slice(1, -1), "");
  return [
    ...secrets.filter((one) => anywhere.includes(one)).map((one) => `holds the secret ${one.slice(0, 12)}…`),
    ...persons.filter((one) => anywhere.includes(one)).map((one) => `names ${one}`),
    ...(hostKey !== undefined && others.includes(hostKey) ? ["holds the host key outside its user data"] : []),
    ...(userData && hostKey !== undefined && told.split(hostKey).length !== 2
      ? ["does not hold its host key once in its user data"]
      : []),
    ...(told.split("PRIVATE KEY-----").length > 3 ? ["holds more than one private key"] : []),
  ];
}

/** Whether it is made in that cloud. */
export const isOf = ({ prefixes }: CloudPolicies, { type }: Made): boolean =>
  prefixes.some((prefix) => type.startsWith(prefix));

/** The user data of a resource as its guest reads them; empty where it has none. */
export function userDataOf(inputs: unknown, { userData }: TypePolicy): string {
  const data = userData ? String(valuesAt(inputs, userData.path)[0] ?? "") : "";
  return userData?.encoding === "base64" ? Buffer.from(data, "base64").toString("utf8") : data;
}

/** Everything that breaks a policy. */
export function violations(all: readonly Made[], policies: CloudPolicies, situation: Situation): string[] {
  const ofCloud = all
    .filter((one) => isOf(policies, one))
    .map(({ type, inputs }) => ({ type, inputs: plain(inputs) as Made["inputs"] }));
  return [
    ...ofCloud.flatMap(({ type, inputs }) => {
      const policy = policies.types[type];
      if (!policy) return [`${type}: no policy says what it must be`];
      const problems = [
        ...tagProblems(inputs, policy),
        ...valueProblems(inputs, policy, situation),
        ...textProblems(inputs, policy, situation),
      ];
      return problems.map((problem) => `${type}: ${problem}`);
    }),
    ...policies.together.flatMap(({ what, broken }) => broken(ofCloud).map((problem) => `${what}: ${problem}`)),
  ];
}
