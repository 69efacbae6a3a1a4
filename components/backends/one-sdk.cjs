// There must be one copy of Pulumi's SDK in a process: another one's resources are refused, and an inline program then
// waits for ever. The clouds' SDKs are not in the bundles (tools/launch.cjs) and would look for Pulumi's in
// node_modules, where the bundle's own is not: they are given the bundle's.
"use strict";
const Module = require("node:module");

const shared = {
  "@pulumi/pulumi": () => require("@pulumi/pulumi"),
  "@pulumi/pulumi/runtime": () => require("@pulumi/pulumi/runtime"),
};
const inCloudSdk = /[\\/]node_modules[\\/]@pulumi[\\/](aws|azure-native)[\\/]/;

const load = Module._load;
// Test runners have a loader of their own, and one copy.
if (load)
  Module._load = function (request, parent, ...rest) {
    return request in shared && inCloudSdk.test(parent?.filename ?? "")
      ? shared[request]()
      : load.call(this, request, parent, ...rest);
  };
