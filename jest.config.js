const path = require("node:path");

// The transpiler unpacks itself into ~/.cache unless it is told where else.
process.env.SWC_NATIVE_BINDING_CACHE ??= path.join(__dirname, ".kmvm", "swc");

// One project a level of test, cheapest first; see docs/TESTING.md.
const level = (name) => ({
  displayName: name,
  testMatch: [`<rootDir>/test/${name}/**/*.test.ts`],
  transform: {
    "\\.[cm]?[jt]s$": [
      "@swc/jest",
      { jsc: { target: "es2022", parser: { syntax: "typescript" } }, module: { type: "commonjs" } },
    ],
  },
  // Packages that come as ES modules only; jest runs CommonJS.
  transformIgnorePatterns: [
    "/node_modules/(?!(execa|@sec-ant|@sindresorhus|figures|get-stream|human-signals|is-plain-obj|is-stream|is-unicode-supported|npm-run-path|parse-ms|path-key|pretty-ms|strip-final-newline|unicorn-magic|yoctocolors)/)",
  ],
  // It exports to importers only, and jest requires.
  moduleNameMapper: { "^unicorn-magic$": "<rootDir>/node_modules/unicorn-magic/node.js" },
  modulePathIgnorePatterns: ["<rootDir>/.kmvm/", "<rootDir>/runs/"],
  // What the SDKs hold is still in use for a moment when the last test has ended; jest would warn of it.
  testEnvironmentOptions: { globalsCleanup: "off" },
});

module.exports = {
  reporters: ["default", "<rootDir>/test/support/summary-reporter.cjs"],
  projects: ["unit", "component", "guest", "engine", "clouds", "live", "vm", "torture"].map(level),
};
