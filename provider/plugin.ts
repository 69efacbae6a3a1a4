import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "../plugin/server";
import { callerAddress } from "./caller-address";
import { image } from "./image";
import { imageVersion } from "./image-version";
import { buildAndPromote, recipeKey } from "./images/pipeline";
import { findVersion, resolveImage } from "./images/store";
import { warmImage } from "./images/warm";
import { machine } from "./machine";
import { pinned } from "./pinned";
import { run } from "./run";
import { sshKey } from "./ssh-key";
import { uploadedDisk } from "./uploaded-disk";

const versionOf = (root: string) =>
  (JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string }).version;

/** The resource plugin kmvm: all types that its programs use beside those of a cloud. */
export const kmvmPlugin = (root: string, home: string): Plugin => ({
  name: "kmvm",
  version: versionOf(root),
  types: {
    "kmvm:index:SshKey": sshKey,
    "kmvm:index:Pinned": pinned,
    "kmvm:index:Run": run,
    "kmvm:index:CallerAddress": callerAddress(),
    "kmvm:index:ImageVersion": imageVersion(),
    "kmvm:index:UploadedDisk": uploadedDisk(),
    "kmvm:local:Image": image({
      recipeKey: (recipe) => recipeKey(root, recipe),
      buildAndPromote: (recipe, options) => buildAndPromote(home, root, recipe, options),
      findVersion: (name, wanted) => findVersion(home, name, wanted),
    }),
    "kmvm:local:Machine": machine({
      home,
      resolveImage: (ref) => resolveImage(home, ref),
      warmImage: (image, spec, options) => warmImage(home, image, spec, options),
    }),
  },
});
