import { XMLParser } from "fast-xml-parser";
import { z } from "zod";
import type { TestCase } from "./run-result";
import { makeCase, mostCases } from "./test-cases";
import { decodeXml, escapeXml } from "./xml-text";

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: "@",
  textNodeName: "#text",
  parseTagValue: false,
  parseAttributeValue: false,
  // A document could define entities that grow without bound; the five of XML are resolved by `decodeXml`.
  processEntities: false,
  isArray: (name) => ["testsuite", "testcase", "failure", "error", "skipped"].includes(name),
});

const nodeSchema = z.record(z.string(), z.unknown());
type Node = z.infer<typeof nodeSchema>;

const children = (node: Node, name: string): unknown[] => {
  const value = node[name];
  return Array.isArray(value) ? value : [];
};

const asNode = (value: unknown): Node => nodeSchema.safeParse(value).data ?? {};

const attribute = (node: Node, name: string): string => {
  const value = node[`@${name}`];
  return typeof value === "string" ? decodeXml(value) : "";
};

/** What is written in an element: its message attribute, then its text. */
function textOf(value: unknown): string {
  if (typeof value === "string") return decodeXml(value);
  const node = asNode(value);
  const text = node["#text"];
  return [attribute(node, "message"), typeof text === "string" ? decodeXml(text) : ""].filter(Boolean).join("\n");
}

function caseOf(node: Node, suite: string): TestCase {
  const problems = [...children(node, "failure"), ...children(node, "error")];
  const skipped = children(node, "skipped");
  const outcome = problems.length > 0 ? "failed" : skipped.length > 0 ? "skipped" : "passed";
  const className = attribute(node, "classname");
  const name = attribute(node, "name") || "(no name)";
  return makeCase({
    suite,
    name: className && !suite.endsWith(className) ? `${className}: ${name}` : name,
    outcome,
    seconds: Number.parseFloat(attribute(node, "time")),
    message: [...problems, ...skipped].map(textOf).join("\n"),
  });
}

const deepest = 16;

function collect(node: Node, suite: string, into: TestCase[], depth: number): void {
  if (depth > deepest) return;
  for (const value of children(node, "testcase")) {
    if (into.length >= mostCases) return;
    into.push(caseOf(asNode(value), suite));
  }
  for (const value of children(node, "testsuite")) {
    const inner = asNode(value);
    const name = attribute(inner, "name");
    collect(inner, name ? `${suite}: ${name}` : suite, into, depth + 1);
  }
}

/**
 * The cases of a JUnit file.
 * @param suite name of what the file is about; suites of the file are named within it
 * @throws when it is no XML, or XML without test suites
 */
export function parseJunit(xml: string, suite: string): TestCase[] {
  const document = asNode(parser.parse(xml, true));
  const roots = [...children(document, "testsuite"), document["testsuites"]].filter((root) => root !== undefined);
  if (roots.length === 0) throw new Error("there is no <testsuite> in it");
  const cases: TestCase[] = [];
  collect({ testsuite: children(document, "testsuite") }, suite, cases, 0);
  collect(asNode(document["testsuites"]), suite, cases, 0);
  return cases;
}

const elementOf: Record<TestCase["outcome"], string> = { passed: "", failed: "failure", skipped: "skipped" };

function caseXml({ suite, name, outcome, seconds, message }: TestCase): string {
  const time = seconds === undefined ? "" : ` time="${seconds}"`;
  const open = `    <testcase classname="${escapeXml(suite)}" name="${escapeXml(name)}"${time}`;
  const element = elementOf[outcome];
  if (!element) return `${open}/>`;
  const first = escapeXml(message?.split("\n")[0] ?? "");
  return `${open}><${element} message="${first}">${escapeXml(message ?? "")}</${element}></testcase>`;
}

const count = (cases: readonly TestCase[], outcome: TestCase["outcome"]) =>
  cases.filter((one) => one.outcome === outcome).length;

const counts = (cases: readonly TestCase[]) =>
  `tests="${cases.length}" failures="${count(cases, "failed")}" errors="0" skipped="${count(cases, "skipped")}"`;

/** A JUnit file of cases, one suite for each name of a suite, in the order of their first case. */
export function junitXml(cases: readonly TestCase[]): string {
  const suites = new Map<string, TestCase[]>();
  for (const one of cases) suites.set(one.suite, [...(suites.get(one.suite) ?? []), one]);
  const seconds = (of: readonly TestCase[]) => of.reduce((sum, one) => sum + (one.seconds ?? 0), 0).toFixed(3);
  const body = [...suites].flatMap(([name, of]) => [
    `  <testsuite name="${escapeXml(name)}" ${counts(of)} time="${seconds(of)}">`,
    ...of.map(caseXml),
    "  </testsuite>",
  ]);
  return ['<?xml version="1.0" encoding="UTF-8"?>', `<testsuites ${counts(cases)}>`, ...body, "</testsuites>", ""].join(
    "\n",
  );
}
