// Stands in for the TypeScript compiler in our bundles. The SDK wants it only to serialize functions for the cloud
// (`pulumi.dynamic`, lambdas), which nothing here does; tools/launch.cjs has the reason.
"use strict";
module.exports = new Proxy(
  {},
  {
    get(_target, name) {
      throw new Error(`the TypeScript compiler is not part of the bundles of kmvm (asked for its ${String(name)})`);
    },
  },
);
