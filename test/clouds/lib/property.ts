import { unknownValue } from "../../../plugin/values";

interface Common {
  readonly required?: true;
  /** Whether another value needs another resource. */
  readonly replaces?: true;
}

/** What a property may be. */
export type Property =
  | (Common & { readonly kind: "text"; readonly pattern?: RegExp; readonly allowed?: string })
  | (Common & { readonly kind: "choice"; readonly of: readonly string[] })
  | (Common & { readonly kind: "number"; readonly min?: number; readonly max?: number })
  | (Common & { readonly kind: "flag" })
  | (Common & { readonly kind: "texts"; readonly min?: number; readonly max?: number })
  | (Common & { readonly kind: "tags" })
  | (Common & { readonly kind: "file" })
  | (Common & { readonly kind: "map" })
  | (Common & { readonly kind: "object"; readonly of: Table })
  | (Common & { readonly kind: "objects"; readonly of: Table });

/** Name of a property -> what it may be. What is not in it is refused. */
export type Table = Readonly<Record<string, Property>>;

/** A table of properties that `Args` has: the compiler refuses a name that the cloud's SDK does not know. */
export type TableOf<Args> = { readonly [Name in keyof Args]?: Property };

/** @returns the same table; `Args` is the SDK's type of it */
export function tableOf<Args>(table: TableOf<Args>): Table {
  return table as Table;
}

export interface Mistake {
  /** `rootBlockDevice.volumeType` */
  readonly path: string;
  readonly reason: string;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === "object" && !Array.isArray(value);

/** For each kind: undefined, or what it should be. */
type Judge<Kind> = (property: Extract<Property, { kind: Kind }>, value: unknown) => string | undefined;

const judges: { readonly [Kind in Property["kind"]]: Judge<Kind> } = {
  text: ({ pattern, allowed }, value) =>
    typeof value === "string" && (pattern?.test(value) ?? true) ? undefined : (allowed ?? "a text"),
  choice: ({ of }, value) =>
    typeof value === "string" && of.includes(value) ? undefined : `expected one of ${of.join(", ")}`,
  number: ({ min = -Infinity, max = Infinity }, value) =>
    typeof value === "number" && value >= min && value <= max ? undefined : `a number from ${min} to ${max}`,
  flag: (_, value) => (typeof value === "boolean" ? undefined : "true or false"),
  texts: ({ min = 0, max = Infinity }, value) =>
    Array.isArray(value) && value.length >= min && value.length <= max && value.every((one) => typeof one === "string")
      ? undefined
      : `a list of ${min} to ${max} texts`,
  tags: (_, value) =>
    isRecord(value) && Object.values(value).every((one) => typeof one === "string") ? undefined : "a map of texts",
  map: (_, value) => (isRecord(value) ? undefined : "an object of any names"),
  file: (_, value) => (isRecord(value) && typeof value["path"] === "string" ? undefined : "a file asset"),
  object: (_, value) => (isRecord(value) ? undefined : "an object"),
  objects: (_, value) => (Array.isArray(value) && value.every(isRecord) ? undefined : "a list of objects"),
};

function judge(property: Property, value: unknown): string | undefined {
  return (judges[property.kind] as Judge<Property["kind"]>)(property as never, value);
}

function inside(property: Property, value: unknown, path: string): Mistake[] {
  if (property.kind === "object") return mistakesIn(property.of, value as Record<string, unknown>, path);
  if (property.kind === "objects")
    return (value as Record<string, unknown>[]).flatMap((one, index) =>
      mistakesIn(property.of, one, `${path}[${index}]`),
    );
  return [];
}

/** Everything that is not as the table says. Values that are not known yet are as good as any. */
export function mistakesIn(table: Table, values: Readonly<Record<string, unknown>>, prefix = ""): Mistake[] {
  const at = (name: string): string => (prefix === "" ? name : `${prefix}.${name}`);
  const unexpected = Object.keys(values)
    .filter((name) => !(name in table) && values[name] !== undefined)
    .map((name) => ({ path: at(name), reason: `unexpected property "${at(name)}"` }));
  const wrong = Object.entries(table).flatMap(([name, property]): Mistake[] => {
    const value = values[name];
    if (value === unknownValue) return [];
    if (value === undefined || value === null)
      return property.required ? [{ path: at(name), reason: `missing required property "${at(name)}"` }] : [];
    // A value in it that is not known yet makes a list of texts or a map neither right nor wrong.
    if (Array.isArray(value) && value.includes(unknownValue)) return [];
    const expected = judge(property, value);
    return expected === undefined
      ? inside(property, value, at(name))
      : [{ path: at(name), reason: `"${at(name)}": ${expected}, got ${JSON.stringify(value)}` }];
  });
  return [...unexpected, ...wrong];
}

export interface Change {
  readonly path: string;
  readonly replaces: boolean;
}

/** What differs, by the longest paths that are still in a table. A property in one that replaces replaces too. */
export function changesIn(
  table: Table,
  olds: Readonly<Record<string, unknown>>,
  news: Readonly<Record<string, unknown>>,
  prefix = "",
  within = false,
): Change[] {
  const names = new Set([...Object.keys(olds), ...Object.keys(news)]);
  return [...names].flatMap((name): Change[] => {
    const [before, after] = [olds[name], news[name]];
    if (JSON.stringify(before) === JSON.stringify(after)) return [];
    const property = table[name];
    const path = prefix === "" ? name : `${prefix}.${name}`;
    const replaces = within || property?.replaces === true;
    if (property?.kind === "object" && isRecord(before) && isRecord(after))
      return changesIn(property.of, before, after, path, replaces);
    return [{ path, replaces }];
  });
}
