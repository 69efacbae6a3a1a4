// Lets the engine run index.ts from the sources that lie here: `node --require ./tools/program-loader.cjs`, see
// Pulumi.yaml. A program that is transpiled module by module starts a second later, most of it spent on packages that
// are JavaScript already.
"use strict";
const fs = require("node:fs");
const path = require("node:path");
const { bundle } = require("./launch.cjs");

const root = path.resolve(__dirname, "..");

// The SDK is left out of the bundle: the process that runs the program has loaded it, and there must be only one.
require.extensions[".ts"] = (module, file) => {
  const code = fs.readFileSync(bundle(path.relative(root, file), ["@pulumi/*"]), "utf8");
  module._compile(code, file);
};
