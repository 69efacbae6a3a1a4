import { describe, expect, test } from "@jest/globals";
import { junitXml, parseJunit } from "../../../lib/junit";
import { parseTap } from "../../../lib/tap";
import type { TestCase } from "../../../lib/run-result";

describe("JUnit files", () => {
  test("of bats: passed, failed with its message, skipped with its reason", () => {
    const xml = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites time="0.1">
<testsuite name="km.bats" tests="3" failures="1" errors="0" skipped="1" time="0.1">
    <testcase classname="km.bats" name="runs &lt;guest&gt; code &amp; exits" time="0.042"/>
    <testcase classname="km.bats" name="fails" time="0.01"><failure type="failure">(in test file km.bats, line 3)
  \`false' failed</failure></testcase>
    <testcase classname="km.bats" name="later" time="0"><skipped>no device</skipped></testcase>
</testsuite>
</testsuites>`;
    expect(parseJunit(xml, "hello")).toEqual([
      { suite: "hello: km.bats", name: "runs <guest> code & exits", outcome: "passed", seconds: 0.042 },
      {
        suite: "hello: km.bats",
        name: "fails",
        outcome: "failed",
        seconds: 0.01,
        message: "(in test file km.bats, line 3)\n  `false' failed",
      },
      { suite: "hello: km.bats", name: "later", outcome: "skipped", seconds: 0, message: "no device" },
    ]);
  });

  test("with one suite at the top, nested suites, errors and class names", () => {
    const xml = `<testsuite name="top"><testsuite name="in"><testcase classname="C" name="n"><error message="m"/></testcase></testsuite></testsuite>`;
    expect(parseJunit(xml, "d")).toEqual([{ suite: "d: top: in", name: "C: n", outcome: "failed", message: "m" }]);
  });

  test("with entities of their own expand nothing", () => {
    const xml = `<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><testsuite><testcase name="&b;"/></testsuite>`;
    expect(parseJunit(xml, "d")[0]?.name).toBe("&b;");
  });

  test("cannot drive a terminal", () => {
    const xml = `<testsuite><testcase name="a&#27;[31mb"><failure>x&#x1b;]0;t&#7;y</failure></testcase></testsuite>`;
    expect(parseJunit(xml, "d")).toEqual([{ suite: "d", name: "ab", outcome: "failed", message: "xy" }]);
  });

  test.each(["", "not xml", "<html></html>", "<testsuite><testcase></testsuite>"])("%j is none", (xml) => {
    expect(() => parseJunit(xml, "d")).toThrow();
  });

  test("nested without end are cut, not followed", () => {
    const xml = "<testsuite>".repeat(60) + "<testcase name='n'/>" + "</testsuite>".repeat(60);
    expect(parseJunit(xml, "d")).toEqual([]);
  });

  test("written by us say the same when they are read again", () => {
    const cases: TestCase[] = [
      { suite: "a", name: 'quotes " and <tags> & more', outcome: "passed", seconds: 1.5 },
      { suite: "a", name: "f", outcome: "failed", message: "first\nsecond ]]> <x>" },
      { suite: "b", name: "s", outcome: "skipped", message: "why" },
    ];
    const xml = junitXml(cases);
    expect(xml).toContain('<testsuites tests="3" failures="1" errors="0" skipped="1">');
    const read = parseJunit(xml, "").map(({ suite, message, ...rest }) => ({
      suite: suite.replace(/^: /, ""),
      ...rest,
      ...(message ? { message: message.replace(/^(first|why)\n\1/, "$1") } : {}),
    }));
    expect(read).toEqual(cases);
  });
});

describe("TAP files", () => {
  test("of bats", () => {
    const tap = `1..4
ok 1 runs
not ok 2 fails
# (in test file km.bats, line 3)
#   \`false' failed
ok 3 later # skip no device
not ok 4 some day # TODO unfinished
`;
    expect(parseTap(tap, "hello")).toEqual([
      { suite: "hello", name: "runs", outcome: "passed" },
      { suite: "hello", name: "fails", outcome: "failed", message: "(in test file km.bats, line 3)\n  `false' failed" },
      { suite: "hello", name: "later", outcome: "skipped", message: "no device" },
      { suite: "hello", name: "some day", outcome: "skipped", message: "unfinished" },
    ]);
  });

  test("with a progress bar, or another end of line than a newline, are read to their end", () => {
    const tap = "1..3\nok 1 a\n# 10%\r20%\r\n# x\u2028y\nok 2 b\r\nnot ok 3 c\r\n";
    expect(parseTap(tap, "d").map(({ name, outcome }) => `${name} ${outcome}`)).toEqual([
      "a passed",
      "b passed",
      "c failed",
    ]);
  });

  test("that end before their plan have a failed case", () => {
    expect(parseTap("1..3\nok 1 a\n", "d")).toEqual([
      { suite: "d", name: "a", outcome: "passed" },
      { suite: "d", name: "tests that did not run", outcome: "failed", message: "2 of the 3 planned tests" },
    ]);
  });

  test("that bail out have a failed case with the reason", () => {
    expect(parseTap("1..3\nok 1 a\nBail out! no device\n", "d")[1]).toMatchObject({
      name: "bail out",
      outcome: "failed",
      message: "no device",
    });
  });

  test("that skip all are one skipped case with the reason", () => {
    const all = { suite: "d", name: "all tests", outcome: "skipped", message: "not here" };
    expect(parseTap("1..0 # skip not here\n", "d")).toEqual([all]);
    expect(parseTap("TAP version 13\n1..0 # Skipped: not here\n", "d")).toEqual([all]);
  });

  test("that plan no test have no case", () => {
    expect(parseTap("1..0\n", "d")).toEqual([]);
  });

  test.each(["", "hello\nworld\n"])("%j is none", (text) => {
    expect(() => parseTap(text, "d")).toThrow();
  });
});
