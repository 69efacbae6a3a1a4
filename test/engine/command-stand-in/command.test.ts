import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { engineProject, type EngineProject } from "../../support/engine-project";

/** A program with one command, whose arguments are in a file that tests rewrite. */
const program = `
const pulumi = require("@pulumi/pulumi");
const { local } = require("@pulumi/command");
const { stdin, ...args } = require("./arguments.json");
const command = new local.Command("c", stdin ? { ...args, stdin: pulumi.secret(stdin) } : args);
exports.shown = pulumi.unsecret(command.stdout).apply((text) => text.length);
`;

describe("the stand-in for the command plugin", () => {
  let project: EngineProject;
  const given = (values: Record<string, unknown>): void => {
    project.write("arguments.json", JSON.stringify(values));
  };
  const up = () => project.pulumi("up", "--yes", "--skip-preview");
  const file = (name: string) => join(project.folder, name);

  beforeEach(async () => {
    project = engineProject(program);
    expect((await project.pulumi("stack", "init", "dev")).code).toBe(0);
  });
  afterEach(() => {
    project.remove();
  });

  test("shows each line of stderr while the command still runs, and keeps stdout as the result", async () => {
    given({
      create: `echo first >&2; while [ ! -e ${file("go")} ]; do sleep 0.05; done; echo result`,
      logging: "stderr",
    });
    const call = project.start("up", "--yes", "--skip-preview");
    await call.seen(/first/);
    project.write("go", "");
    const { code, text } = await call.ended;
    expect(code).toBe(0);
    expect(text).not.toContain("result");
    expect(project.resources()[0]?.outputs).toMatchObject({
      stdout: "result",
      stderr: "first",
    });
  }, 60_000);

  test("logging none shows nothing, stdout shows only stdout", async () => {
    given({ create: "echo to-out; echo to-err >&2", logging: "none" });
    expect((await up()).text).not.toMatch(/to-(out|err)/);
    given({ create: "echo to-out; echo to-err >&2", logging: "stdout" });
    const { text } = await up();
    expect(text).toContain("to-out");
    expect(text).not.toContain("to-err");
  }, 60_000);

  test("a secret stdin reaches the command, and is in clear neither in the state nor on the screen", async () => {
    given({ create: `cat | tee ${file("seen")}`, stdin: "canary-4711", logging: "none" });
    const { code, text } = await up();
    expect(code).toBe(0);
    expect(readFileSync(file("seen"), "utf8")).toBe("canary-4711");
    expect(text).not.toContain("canary-4711");
    // stdout repeats it: what came of a secret is a secret.
    expect(project.stateText()).not.toContain("canary-4711");
    expect(project.stateText()).toContain("ciphertext");
  }, 60_000);

  test("a failing command fails the update with its status, its text and its output, and is not recorded", async () => {
    given({ create: "echo why >&2; exit 3" });
    const { code, text } = await up();
    expect(code).not.toBe(0);
    expect(text).toContain('exit status 3: running "echo why >&2; exit 3":');
    expect(text).toMatch(/^\s*why$/m);
    expect(project.resources()).toEqual([]);
    given({ create: `touch ${file("again")}` });
    expect((await up()).code).toBe(0);
    expect(existsSync(file("again"))).toBe(true);
  }, 60_000);

  test("nothing to do when nothing changed", async () => {
    given({ create: "date +%N", environment: { B: "2", A: "1" }, triggers: [{ y: 1, x: [1, "two"] }] });
    expect((await up()).code).toBe(0);
    expect((await project.pulumi("preview", "--expect-no-changes")).code).toBe(0);
  }, 60_000);

  test("a changed input runs update with the last output at hand, or create again where there is no update", async () => {
    given({ create: "echo made", environment: { N: "1" } });
    await up();
    const [made] = project.resources();
    given({ create: "echo made", update: 'echo "updated $N after $PULUMI_COMMAND_STDOUT"', environment: { N: "2" } });
    await up();
    const [updated] = project.resources();
    expect(updated).toMatchObject({ id: made?.id, outputs: { stdout: "updated 2 after made" } });
    given({
      create: 'echo "made ${N}${PULUMI_COMMAND_STDOUT:+ with $PULUMI_COMMAND_STDOUT}"',
      environment: { N: "3" },
      addPreviousOutputInEnv: false,
    });
    await up();
    const [again] = project.resources();
    expect(again).toMatchObject({ id: made?.id, outputs: { stdout: "made 3" } });
  }, 90_000);

  test("a changed trigger replaces: delete runs, and the new one has another id", async () => {
    given({ create: "echo made", delete: `echo "$PULUMI_COMMAND_STDOUT" >> ${file("deleted")}`, triggers: [1] });
    await up();
    const [old] = project.resources();
    given({ create: "echo made", delete: `echo "$PULUMI_COMMAND_STDOUT" >> ${file("deleted")}`, triggers: [2] });
    const { text } = await up();
    expect(text).toMatch(/replaced/);
    expect(readFileSync(file("deleted"), "utf8")).toBe("made\n");
    expect(project.resources()[0]?.id).not.toBe(old?.id);
  }, 60_000);

  test("runs in dir, by the given interpreter", async () => {
    given({ create: "process.stdout.write(process.cwd())", interpreter: ["node", "-e"], dir: "/usr" });
    expect((await up()).code).toBe(0);
    expect(project.resources()[0]?.outputs["stdout"]).toBe("/usr");
  }, 60_000);

  test("a program that is not there is told by name", async () => {
    given({ create: "x", interpreter: ["/no/such/interpreter"] });
    const { code, text } = await up();
    expect(code).not.toBe(0);
    expect(text).toContain("/no/such/interpreter");
  }, 60_000);

  test("refuses what it does not stand in for, by name", async () => {
    given({ create: "true", assetPaths: ["*.txt"] });
    expect((await up()).text).toMatch(/assetPaths.*not known to the stand-in/s);
    project.write(
      "index.js",
      'new (require("@pulumi/command").remote.Command)("r", { create: "true", connection: { host: "h" } });',
    );
    expect((await up()).text).toContain('no resource type "command:remote:Command"; it has command:local:Command');
  }, 60_000);
});
