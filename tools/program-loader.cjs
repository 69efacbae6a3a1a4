// Lets the engine run index.ts from the sources that lie here: `node --require ./tools/program-loader.cjs`, see
// Pulumi.yaml. A program that is transpiled module by module starts a second later, most of it spent on packages that
// are JavaScript already.
"use strict";
const fs = require("node:fs");
const Module = require("node:module");
const path = require("node:path");
const { bundle, standIns } = require("./launch.cjs");

const root = path.resolve(__dirname, "..");

// The SDK comes from node_modules here, with all that bundles leave out of it: a third of the program's start.
const inSdk = /[\\/]node_modules[\\/]@pulumi[\\/]pulumi[\\/]/;
const load = Module._load;
Module._load = function (request, parent, ...rest) {
  const standIn = inSdk.test(parent?.filename ?? "") ? standIns[request] : undefined;
  return load.call(this, standIn === undefined ? request : path.join(root, standIn), parent, ...rest);
};

// The SDK is left out of the bundle: the process that runs the program has loaded it, and there must be only one.
require.extensions[".ts"] = (module, file) => {
  const code = fs.readFileSync(bundle(path.relative(root, file), ["@pulumi/*"]), "utf8");
  module._compile(code, file);
};
