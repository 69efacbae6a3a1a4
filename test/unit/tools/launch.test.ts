import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { repositoryRoot } from "../../../lib/paths";

const folders = ["bench", "cli", "components", "lib", "plugin", "provider", "runner", "stacks"];

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "kmvm-launch-"));
  for (const folder of folders) mkdirSync(join(root, folder));
  cpSync(join(repositoryRoot(), "tools"), join(root, "tools"), { recursive: true });
  symlinkSync(join(repositoryRoot(), "node_modules"), join(root, "node_modules"));
  for (const file of ["package-lock.json", "index.ts"]) writeFileSync(join(root, file), "");
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

const write = (file: string, text: string) => {
  writeFileSync(join(root, file), text);
};

function launch(...args: string[]): string {
  const command = `require("./tools/launch.cjs").launch("cli/main.ts")`;
  const { stdout, stderr } = spawnSync("node", ["-e", command, "--", ...args], { cwd: root, encoding: "utf8" });
  return stdout + stderr;
}

const built = (ending: string) =>
  readdirSync(join(root, ".kmvm", "build"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(ending))
    .map((file) => join(root, ".kmvm", "build", file));

describe("a program started from its sources", () => {
  test("says that the checkout is not set up where its packages are missing", () => {
    rmSync(join(root, "node_modules"));
    write("cli/main.ts", `console.log("started");`);
    expect(launch()).toBe("kmvm: this checkout is not set up yet\n  set it up: scripts/setup, or npm start\n");
  });

  test("is what the sources say now, whatever was built before", () => {
    write("lib/word.ts", `export const word: string = "one";`);
    write("cli/main.ts", `import { word } from "../lib/word"; console.log(word);`);
    expect(launch()).toBe("one\n");
    write("lib/word.ts", `export const word: string = "two";`);
    expect(launch()).toBe("two\n");
  });

  test("does the same when it is started from its compiled form", () => {
    write(
      "cli/main.ts",
      `import { basename } from "node:path"; console.log(basename(__filename), process.argv.at(-1));`,
    );
    expect(launch("first")).toBe("main.js first\n");
    expect(built(".cache")).toHaveLength(1);
    expect(launch("second")).toBe("main.js second\n");
  });

  test.each<[string, (whole: Buffer) => Buffer]>([
    ["empty", () => Buffer.alloc(0)],
    ["something else", () => Buffer.from("not what V8 has written")],
    ["cut off", (whole) => whole.subarray(0, whole.length / 2)],
  ])("does not believe a compiled form that is %s", (_how, damage) => {
    write("cli/main.ts", `console.log("sound")`);
    launch();
    const [cache = ""] = built(".cache");
    writeFileSync(cache, damage(readFileSync(cache)));
    expect(launch()).toBe("sound\n");
  });

  test("tells a mistake in the sources by file and line, and leaves no program", () => {
    write("cli/main.ts", `const = 1;`);
    expect(launch()).toMatch(/cli\/main\.ts:1:6: ERROR/);
    expect(built(".js")).toEqual([]);
  });
});
