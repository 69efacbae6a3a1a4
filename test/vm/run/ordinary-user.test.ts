import { afterAll, beforeAll, expect } from "@jest/globals";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { engineEnvironment } from "../../../lib/engine-env";
import { kmvmHome, repositoryRoot } from "../../../lib/paths";
import { testUnless } from "../../support/needs";
import { missingForKmvm } from "../../support/own-checkout";

/** "nobody", who is in every /etc/passwd and may do nothing in particular. */
const uid = 65534;

let scratch: string;

beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), "kmvm-user-"));
});

afterAll(() => {
  rmSync(scratch, { recursive: true, force: true });
});

function run(command: string, args: readonly string[], options: object = {}): void {
  const { status, stderr } = spawnSync(command, args, { encoding: "utf8", ...options });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}: ${stderr}`);
}

/** A copy that another user can read: what root has may lie where nobody else may look. Links, so it takes no room. */
function link(from: string, to: string): void {
  run("cp", ["--archive", "--dereference", "--link", from, to]);
}

testUnless(missingForKmvm())(
  "an ordinary user runs the main job",
  () => {
    const root = repositoryRoot();
    const home = kmvmHome();
    const checkout = join(scratch, "checkout");
    const ownHome = join(scratch, "home");
    for (const folder of [checkout, join(ownHome, "images"), join(ownHome, "engine")])
      mkdirSync(folder, { recursive: true });
    const files = spawnSync("git", ["-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]).stdout;
    run(
      "cp",
      [
        "--archive",
        "--parents",
        ...files
          .toString("utf8")
          .split("\0")
          .filter((file) => file && existsSync(join(root, file))),
        checkout,
      ],
      { cwd: root },
    );
    run("cp", ["--archive", "--link", join(root, "node_modules"), checkout]);
    run("cp", ["--archive", "--link", join(home, "images", "L0-base"), join(ownHome, "images")]);
    link(join(engineEnvironment(root, home, {}).binDir, ".."), join(ownHome, "engine", "3.246.0"));
    link(join(home, "pulumi"), join(ownHome, "pulumi"));
    // Folders and copies; a link's owner is that of what it links to.
    run("find", [scratch, "(", "-type", "d", "-o", "-links", "1", ")", "-exec", "chown", "-h", String(uid), "{}", "+"]);
    const user =
      process.getuid?.() === 0 ? ["setpriv", `--reuid=${uid}`, `--regid=${uid}`, "--clear-groups", "--"] : [];
    const [program = "", ...args] = [
      ...user,
      join(checkout, "bin", "kmvm"),
      "test",
      "samples/km-hello",
      "--id",
      "user",
    ];
    const { status, stderr } = spawnSync(program, args, {
      cwd: checkout,
      encoding: "utf8",
      env: { PATH: process.env["PATH"], HOME: scratch, KMVM_HOME: ownHome },
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: expect.stringContaining("PASS") });
    expect(readdirSync(join(ownHome, "machines"))).toEqual([]);
  },
  900_000,
);
