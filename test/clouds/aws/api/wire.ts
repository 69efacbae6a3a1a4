import { escapeXml } from "../../../../lib/xml-text";

/** What an answer is made of: a list becomes `<item>`s, as the EC2 query protocol has them. */
export type Value = string | number | boolean | undefined | readonly Value[] | { readonly [name: string]: Value };

/** Fields that are undefined are left out. */
export function xml(name: string, value: Value): string {
  if (value === undefined) return "";
  if (Array.isArray(value)) return `<${name}>${value.map((one: Value) => xml("item", one)).join("")}</${name}>`;
  if (typeof value === "object")
    return `<${name}>${Object.entries(value)
      .map(([key, inner]) => xml(key, inner))
      .join("")}</${name}>`;
  return `<${name}>${escapeXml(String(value))}</${name}>`;
}

/** Parameters of a request in the query protocol: `InstanceId.1`, `Filter.2.Value.1`. */
export class Query {
  constructor(private readonly form: URLSearchParams) {}

  text(name: string): string | undefined {
    return this.form.get(name) ?? undefined;
  }

  /** Values of `name.1`, `name.2`, … */
  list(name: string): string[] {
    return this.indexed(name);
  }

  /** Values of `name.1.field`, `name.2.field`, … */
  indexed(name: string, field?: string): string[] {
    const values: string[] = [];
    for (let index = 1; ; index++) {
      const value = this.form.get([name, index, ...(field === undefined ? [] : [field])].join("."));
      if (value === null) return values;
      values.push(value);
    }
  }

  filters(): { readonly name: string; readonly values: readonly string[] }[] {
    const filters = [];
    for (let index = 1; ; index++) {
      const name = this.form.get(`Filter.${index}.Name`);
      if (name === null) return filters;
      filters.push({ name, values: this.list(`Filter.${index}.Value`) });
    }
  }
}
