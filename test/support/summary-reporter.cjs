// Ends a test run by what a reader wants to know: which tests were not run and why, what failed, and the totals, in the
// form that .ci/run adds up. A run that was asked for a level and found no test of it has failed.
"use strict";
const fs = require("node:fs");

const optionValues = (argv, option) => {
  const from = argv.indexOf(option);
  if (from < 0) return [];
  const values = argv.slice(from + 1);
  const end = values.findIndex((value) => value.startsWith("-"));
  return end < 0 ? values : values.slice(0, end);
};

/** Levels that were asked for and ran nothing. */
const emptyLevels = (argv, ranLevels) =>
  optionValues(argv, "--selectProjects").filter((level) => !ranLevels.has(level));

/** @param narrowed only some files or names were asked for, so that a level may well have none of them */
function summary(results, argv, narrowed) {
  const skipped = results.testResults.flatMap((file) =>
    file.testResults.filter(({ status }) => status === "pending" || status === "todo").map(({ fullName }) => fullName),
  );
  const levels = new Set(
    results.testResults
      .filter((file) => file.testResults.some(({ status }) => status === "passed" || status === "failed"))
      .map((file) => file.displayName?.name),
  );
  const empty = narrowed ? [] : emptyLevels(argv, levels);
  const ran = results.numPassedTests + results.numFailedTests > 0;
  const problems = [
    ...empty.map((level) => `no test of level ${level} was run`),
    ...(ran || results.numRuntimeErrorTestSuites > 0 ? [] : ["no test was run"]),
  ];
  const failed = results.numFailedTests + results.numRuntimeErrorTestSuites + problems.length;
  return { skipped, problems, passed: results.numPassedTests, failed };
}

class SummaryReporter {
  constructor({ testNamePattern, testPathPatterns }) {
    this.narrowed = Boolean(testNamePattern) || testPathPatterns.patterns.length > 0;
  }

  onRunComplete(_contexts, results) {
    const { skipped, problems, passed, failed } = summary(results, process.argv, this.narrowed);
    const lines = [
      "",
      skipped.length === 0 ? "Nothing was skipped." : `Skipped, ${skipped.length}:`,
      ...skipped.map((name) => `  ${name}`),
      ...problems.map((problem) => `FAILED: ${problem}`),
      `${passed} passed, ${failed} failed`,
    ];
    // After jest's own summary, which comes later than this.
    process.once("exit", () => fs.writeSync(2, `${lines.join("\n")}\n`));
    if (problems.length > 0) this.error = new Error(problems.join("; "));
  }

  getLastError() {
    return this.error;
  }
}

module.exports = SummaryReporter;
module.exports.summary = summary;
