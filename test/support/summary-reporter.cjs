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

/** Levels that were asked for and ran nothing. A pattern for files or names narrows on purpose. */
function emptyLevels(argv, ranLevels) {
  const narrowed = argv.some((argument) => /^(-t|--testNamePattern|--testPathPatterns?|--shard)/.test(argument));
  return narrowed ? [] : optionValues(argv, "--selectProjects").filter((level) => !ranLevels.has(level));
}

function summary(results, argv) {
  const skipped = results.testResults.flatMap((file) =>
    file.testResults.filter(({ status }) => status === "pending" || status === "todo").map(({ fullName }) => fullName),
  );
  const levels = new Set(
    results.testResults
      .filter((file) => file.testResults.some(({ status }) => status === "passed" || status === "failed"))
      .map((file) => file.displayName?.name),
  );
  const empty = emptyLevels(argv, levels);
  const ran = results.numPassedTests + results.numFailedTests > 0;
  const problems = [
    ...empty.map((level) => `no test of level ${level} was run`),
    ...(ran || results.numRuntimeErrorTestSuites > 0 ? [] : ["no test was run"]),
  ];
  const failed = results.numFailedTests + results.numRuntimeErrorTestSuites + problems.length;
  return { skipped, problems, passed: results.numPassedTests, failed };
}

class SummaryReporter {
  onRunComplete(_contexts, results) {
    const { skipped, problems, passed, failed } = summary(results, process.argv);
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
