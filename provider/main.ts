import { readFileSync } from "node:fs";
import { join } from "node:path";
import { kmvmHome, repositoryRoot } from "../lib/paths";
import { serve } from "../plugin/server";
import { image } from "./image";
import { buildAndPromote, recipeKey } from "./images/pipeline";
import { findVersion, resolveImage } from "./images/store";
import { warmImage } from "./images/warm";
import { machine } from "./machine";
import { run } from "./run";
import { sshKey } from "./ssh-key";

const root = repositoryRoot();
const home = kmvmHome();
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };

serve({
  name: "kmvm",
  version,
  types: {
    "kmvm:index:SshKey": sshKey,
    "kmvm:index:Run": run,
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
