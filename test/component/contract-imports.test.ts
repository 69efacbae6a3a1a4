import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, normalize } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { backendNames } from "../../components/backends/load";
import { repositoryRoot } from "../../lib/paths";

const root = repositoryRoot();
const backendsFolder = "components/backends";
const tiers = ["bench", "cli", "components", "lib", "plugin", "provider", "runner", "stacks"];

/** SDKs of providers, by the packages' names. */
const sdk = /^@(aws-sdk|smithy|azure)\/|^@pulumi\/(?!pulumi(\/|$)|command(\/|$))/;

interface Import {
  readonly file: string;
  /** A package, or a path from the root. */
  readonly target: string;
}

const files = tiers.flatMap((tier) =>
  readdirSync(join(root, tier), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => join(tier, file)),
);

const imports: readonly Import[] = files.flatMap((file) =>
  [...readFileSync(join(root, file), "utf8").matchAll(/(?:from|import\(|import) ?"([^"]+)"/g)].map(([, name = ""]) => ({
    file,
    target: name.startsWith(".") ? normalize(join(dirname(file), name)) : name,
  })),
);

const told = (found: readonly Import[]) => found.map(({ file, target }) => `${file}: ${target}`);
const inFolderOf = (name: string, path: string) => path.startsWith(`${backendsFolder}/${name}/`);

describe("the words of one provider", () => {
  test.each(backendNames)("of %s stay in its folder; only the registry leads there", (name) => {
    const others = imports.filter(({ file, target }) => inFolderOf(name, target) && !inFolderOf(name, file));
    const registry = `${backendsFolder}/registry.ts`;
    expect(told(others.filter(({ file }) => file !== registry))).toEqual([]);
    expect(others.length).toBeGreaterThan(0);
  });

  test("come from SDKs that only backends load", () => {
    const used = imports.filter(({ target }) => sdk.test(target));
    const wrong = used.filter(({ file }) => !file.startsWith(`${backendsFolder}/`));
    expect(told(wrong)).toEqual([]);
  });

  test("come from those parts of an SDK that are needed, not from all of it", () => {
    expect(told(imports.filter(({ target }) => target === "@pulumi/azure-native"))).toEqual([]);
  });
});

test("a verb over this host loads no provider's SDK", () => {
  const home = mkdtempSync(join(tmpdir(), "kmvm-test-"));
  const script = `
    process.argv.push("ls");
    process.on("exit", () => console.log(JSON.stringify(Object.keys(require.cache))));
    require("./tools/launch.cjs").launch("cli/main.ts");`;
  try {
    const env = { PATH: process.env["PATH"], HOME: home, KMVM_HOME: home };
    const { stdout, stderr } = spawnSync("node", ["-e", script], { cwd: root, env, encoding: "utf8" });
    expect(stderr).toContain("there are no machines");
    const loaded = JSON.parse(stdout.trim().split("\n").at(-1) ?? "[]") as string[];
    expect(loaded.filter((path) => /node_modules\/@(aws-sdk|smithy|azure|pulumi)\//.test(path))).toEqual([]);
  } finally {
    rmSync(home, { recursive: true });
  }
});
