// Stands in for @npmcli/arborist, npm's reader of installed packages: a fifth of the time in which the SDK loads. The SDK
// wants it where no-compiler.cjs says it wants the compiler.
"use strict";
module.exports = {
  // So that whoever imports all of it does not ask for each part.
  __esModule: true,
  get Arborist() {
    throw new Error("npm's package reader is left out of the programs of kmvm");
  },
};
