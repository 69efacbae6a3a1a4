import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { retryUntil } from "../../../lib/retry";
import { cloneEnvironment } from "../../../runner/source/clone";
import { listSourceFiles } from "../../../runner/source/list-files";
import { stageSource, type StagedSource } from "../../../runner/source/stage";

let base: string;
let tree: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "source-"));
  tree = join(base, "tree");
  mkdirSync(tree);
});
afterEach(() => {
  rmSync(base, { recursive: true, force: true });
});

function put(path: string, content = path): void {
  mkdirSync(join(tree, path, ".."), { recursive: true });
  writeFileSync(join(tree, path), content);
}

function git(...args: string[]): void {
  const identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main"];
  execFileSync("git", [...identity, ...args], { cwd: tree, stdio: "ignore" });
}

const paths = async (folder = tree) => (await listSourceFiles(folder)).map((file) => file.path);

const stage = (source = tree, prefix = "src"): Promise<StagedSource> =>
  stageSource(
    { kind: "directory", path: source },
    { cache: join(base, "cache"), prefix, root: base, token: undefined },
  );

const contentsOf = ({ archive }: StagedSource) =>
  execFileSync("tar", ["-tvf", archive], { encoding: "utf8" })
    .trim()
    .split("\n")
    .map((line) => line.replace(/^(\S+) +\S+ +\d+ \S+ \S+ /, "$1 "));

describe("the files of a source", () => {
  test("of a git tree: tracked and new ones as they lie there, not ignored nor deleted ones", async () => {
    put(".gitignore", "*.o\nout/\n");
    put("tracked.c");
    put("deleted.c");
    put("dir/with space\nand line.c");
    git("init");
    git("add", ".");
    git("commit", "-m", "x");
    rmSync(join(tree, "deleted.c"));
    put("new.c");
    put("built.o");
    put("out/built");
    expect(await paths()).toEqual([".gitignore", "dir/with space\nand line.c", "new.c", "tracked.c"]);
  });

  test("of a folder inside a git tree: only those below it", async () => {
    put("sub/a");
    put("other/b");
    git("init");
    git("add", ".");
    expect(await paths(join(tree, "sub"))).toEqual(["a"]);
  });

  test("of a submodule are its own", async () => {
    put("main");
    put("module/inner");
    put("module/.gitignore", "junk\n");
    put("module/junk");
    git("init", "module");
    execFileSync("git", ["-C", join(tree, "module"), "add", "."]);
    execFileSync("git", [
      "-C",
      join(tree, "module"),
      "-c",
      "user.name=t",
      "-c",
      "user.email=t@e",
      "commit",
      "-qm",
      "x",
    ]);
    git("init");
    git("add", ".");
    expect(await paths()).toEqual(["main", "module/.gitignore", "module/inner"]);
  });

  test("of a submodule that was not fetched are none", async () => {
    put("main");
    git("init");
    git("add", ".");
    // What `git submodule add` leaves in the index, and a clone without its submodules in the tree.
    git("update-index", "--add", "--cacheinfo", `160000,${"1".repeat(40)},module`);
    mkdirSync(join(tree, "module"));
    expect(await paths()).toEqual(["main"]);
  });

  test("of a folder without git: all, links not followed", async () => {
    put("a");
    put("sub/b");
    symlinkSync("/etc", join(tree, "etc"));
    symlinkSync("nowhere", join(tree, "dangling"));
    expect((await listSourceFiles(tree)).map(({ path, kind }) => `${kind} ${path}`)).toEqual([
      "file a",
      "link dangling",
      "link etc",
      "file sub/b",
    ]);
  });

  test("do not start what the tree's own configuration names", async () => {
    put("a");
    git("init");
    put("evil.sh", `#!/bin/sh\ntouch ${join(base, "started")}\n`);
    chmodSync(join(tree, "evil.sh"), 0o755);
    git("config", "core.fsmonitor", join(tree, "evil.sh"));
    expect(await paths()).toEqual(["a", "evil.sh"]);
    expect(() => readFileSync(join(base, "started"))).toThrow();
  });
});

describe("a staged source", () => {
  test("holds the files below its prefix, with links and modes", async () => {
    put("run.sh");
    chmodSync(join(tree, "run.sh"), 0o700);
    put("empty", "");
    put("large", "x".repeat(3_000_000));
    symlinkSync("../outside", join(tree, "link"));
    const staged = await stage(tree, "var/lib/x");
    expect(contentsOf(staged)).toEqual([
      "-rw-r--r-- var/lib/x/empty",
      "-rw-r--r-- var/lib/x/large",
      "lrw-r--r-- var/lib/x/link -> ../outside",
      "-rwxr-xr-x var/lib/x/run.sh",
    ]);
    expect(execFileSync("tar", ["-xOf", staged.archive, "var/lib/x/large"], { maxBuffer: 1e7 }).length).toBe(3_000_000);
  });

  test("is packed once for a content, and again for another", async () => {
    put("a", "1");
    const first = await stage();
    writeFileSync(first.archive, "not packed again");
    expect((await stage()).archive).toBe(first.archive);
    expect(readFileSync(first.archive, "utf8")).toBe("not packed again");
    put("a", "2");
    expect((await stage()).key).not.toBe(first.key);
  });

  test("is known by what went into it, although a file was saved meanwhile", async () => {
    put("a", "x".repeat(50_000_000));
    put("z", "1");
    const staging = stage();
    await retryUntil({
      what: "that it is being packed",
      timeoutMs: 20_000,
      intervalMs: 1,
      attempt: () =>
        (existsSync(join(base, "cache")) && readdirSync(join(base, "cache")).some((name) => name.endsWith(".part"))) ||
        undefined,
    });
    put("z", "2");
    const { key } = await staging;
    expect((await stage()).key).toBe(key);
    put("z", "1");
    const back = await stage();
    expect(back.key).not.toBe(key);
    expect(execFileSync("tar", ["-xOf", back.archive, "--wildcards", "*/z"], { encoding: "utf8" })).toBe("1");
  });

  test.each([
    ["a name", () => put("b", "1")],
    ["a mode", () => chmodSync(join(tree, "a"), 0o755)],
    ["a link in place of a file", () => (rmSync(join(tree, "a")), symlinkSync("1", join(tree, "a")))],
  ])("has another key with %s changed", async (_what, change) => {
    put("a", "1");
    const before = (await stage()).key;
    change();
    expect((await stage()).key).not.toBe(before);
  });

  test("comes from a branch of a repository, without its history", async () => {
    put("a", "main");
    git("init");
    git("add", ".");
    git("commit", "-m", "x");
    git("checkout", "-b", "topic");
    put("a", "topic");
    put("b");
    git("add", ".");
    git("commit", "-m", "y");
    git("checkout", "main");
    const options = { cache: join(base, "cache"), prefix: "s", root: base, token: undefined };
    const staged = await stageSource({ kind: "repository", url: `file://${tree}`, branch: "topic" }, options);
    expect(contentsOf(staged)).toEqual(["-rw-r--r-- s/a", "-rw-r--r-- s/b"]);
    const main = await stageSource({ kind: "repository", url: `file://${tree}` }, options);
    expect(contentsOf(main)).toEqual(["-rw-r--r-- s/a"]);
  });

  test("that cannot be had says why", async () => {
    await expect(stage(join(base, "nowhere"))).rejects.toThrow(/the source .*nowhere is not a directory/);
    await expect(stage()).rejects.toThrow("there is no file in the source");
    const options = { cache: join(base, "cache"), prefix: "s", root: base, token: undefined };
    await expect(stageSource({ kind: "repository", url: `file://${base}/none`, branch: "b" }, options)).rejects.toThrow(
      /cannot clone branch b of file:.*none: git clone failed/,
    );
    await expect(stageSource({ kind: "repository", url: "ext::sh -c true" }, options)).rejects.toThrow(/not allowed/);
  });
});

describe("a repository that is cloned", () => {
  test("has its token by the environment, which goes to the repository's own host alone", () => {
    expect(cloneEnvironment("https://github.com/a/b.git", "t0ken")).toMatchObject({
      GIT_CONFIG_KEY_0: "http.https://github.com/.extraHeader",
      GIT_CONFIG_VALUE_0: `Authorization: Basic ${Buffer.from("x-access-token:t0ken").toString("base64")}`,
    });
  });

  test.each([
    ["https://github.com/a/b.git", false],
    ["git@github.com:a/b.git", false],
    ["file:///srv/a", true],
  ])("comes with submodules; of %s these may lie on this host: %s", (url, may) => {
    expect(cloneEnvironment(url, undefined)["GIT_ALLOW_PROTOCOL"]?.split(":").includes("file")).toBe(may);
  });

  test.each(["http://github.com/a/b", "git@github.com:a/b.git", "file:///a", "/a/b"])("gives no token to %s", (url) => {
    expect(JSON.stringify(cloneEnvironment(url, "t0ken"))).not.toContain("Authorization");
  });
});
