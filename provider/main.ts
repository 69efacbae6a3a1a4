import { readFileSync } from "node:fs";
import { join } from "node:path";
import { kmvmHome, repositoryRoot } from "../lib/paths";
import { serve } from "../plugin/server";
import { machine } from "./machine";
import { run } from "./run";
import { sshKey } from "./ssh-key";
import { resolveImage } from "./images/store";

const { version } = JSON.parse(readFileSync(join(repositoryRoot(), "package.json"), "utf8")) as { version: string };
const home = kmvmHome();

serve({
  name: "kmvm",
  version,
  types: {
    "kmvm:index:SshKey": sshKey,
    "kmvm:index:Run": run,
    "kmvm:local:Machine": machine({ home, resolveImage: (ref) => resolveImage(home, ref) }),
  },
});
