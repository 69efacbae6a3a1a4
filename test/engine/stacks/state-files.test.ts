import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stateFiles, type StateFiles } from "../../../cli/state-files";
import { stateIn } from "../../../cli/stack-state";
import { engineProject, type EngineProject } from "../../support/engine-project";

let project: EngineProject;
let files: StateFiles;
const states = () => `file://${join(project.folder, "state")}`;

beforeEach(async () => {
  project = engineProject("exports.said = 'yes';\n");
  expect(stateFiles(states(), "tiny")).toBeUndefined();
  // The engine's first command makes the layout.
  expect(await project.pulumi("stack", "init", "another")).toMatchObject({ code: 0 });
  files = stateFiles(states(), "tiny") as StateFiles;
}, 60_000);
afterEach(() => {
  project.remove();
});

test("a stack that was made without the engine is one to the engine: it lists, exports, updates and removes it", async () => {
  expect(() => {
    files.select("made");
  }).toThrow("no stack named 'made' found");
  files.create("made");
  files.select("made");
  expect((await project.pulumi("stack", "ls")).text).toMatch(/^made /m);
  const { text: exported } = await project.pulumi("stack", "export", "-s", "made");
  // So it is, too, when the engine is killed between the two writes of its own `stack init`.
  expect(exported).toContain('"deployment": null');
  expect(stateIn(exported)).toEqual({ resources: [], pending: [] });
  expect(await project.pulumi("up", "--yes", "--skip-preview", "-s", "made")).toMatchObject({ code: 0 });
  // What it holds by now is not lost to another beginning.
  files.create("made");
  expect((await project.pulumi("stack", "output", "-s", "made", "said")).text).toContain("yes");
  expect(await project.pulumi("destroy", "--yes", "--skip-preview", "--remove", "-s", "made")).toMatchObject({
    code: 0,
  });
  expect(() => {
    files.select("made");
  }).toThrow("no stack named");
}, 120_000);

test("a stack of the engine is found, and nothing is left beside one that was made", () => {
  files.select("another");
  files.create("another");
  files.create("made");
  const folder = join(project.folder, "state/.pulumi/stacks/tiny");
  expect(readdirSync(folder).filter((name) => !/^another/.test(name))).toEqual(["made.json"]);
});

test("states of another layout, and elsewhere, are left to the engine", () => {
  expect(stateFiles("s3://bucket", "tiny")).toBeUndefined();
  expect(stateFiles("", "tiny")).toBeUndefined();
  const layout = join(project.folder, "state/.pulumi/meta.yaml");
  expect(existsSync(layout)).toBe(true);
  writeFileSync(layout, "version: 2\n");
  expect(stateFiles(states(), "tiny")).toBeUndefined();
});
