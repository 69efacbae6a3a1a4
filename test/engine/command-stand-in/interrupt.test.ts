import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { retryUntil } from "../../../lib/retry";
import { engineProject, type EngineProject } from "../../support/engine-project";
import { processesWith } from "../../support/processes";

const program = `
const { local } = require("@pulumi/command");
new local.Command("c", { create: require("./arguments.json").create, logging: "stderr" });
`;

describe("a command of the stand-in, when its engine", () => {
  let project: EngineProject;
  const file = (name: string) => join(project.folder, name);
  const start = (create: string) => {
    project.write("arguments.json", JSON.stringify({ create }));
    return project.start("up", "--yes", "--skip-preview");
  };
  /** Everything that runs for this project: the engine, its plugins, the program, commands. */
  const living = () => processesWith(project.folder);
  const allGone = (what: string) =>
    retryUntil({ what, timeoutMs: 4000, attempt: () => (living().length === 0 ? true : undefined) });

  beforeEach(async () => {
    project = engineProject(program);
    expect((await project.pulumi("stack", "init", "dev")).code).toBe(0);
  });
  afterEach(() => {
    for (const { pid } of living()) process.kill(pid, "SIGKILL");
    project.remove();
  });

  test("is interrupted once, runs on to its end and is recorded, while the update counts as cancelled", async () => {
    const call = start(`echo begun >&2; sleep 2; touch ${file("ended")}; echo result`);
    await call.seen(/begun/);
    call.signal("SIGINT");
    const { code, text } = await call.ended;
    expect(code).not.toBe(0);
    expect(text).toMatch(/cancel/);
    expect(existsSync(file("ended"))).toBe(true);
    expect(project.resources()).toMatchObject([{ outputs: { stdout: "result" } }]);
  }, 60_000);

  test("is interrupted twice, gets a SIGINT", async () => {
    const call = start(
      `trap 'echo got-int > ${file("signal")}; exit 9' INT; echo begun >&2; while :; do sleep 0.1; done`,
    );
    await call.seen(/begun/);
    call.signal("SIGINT");
    await call.seen(/[Cc]ancel/);
    call.signal("SIGINT");
    const { code } = await call.ended;
    expect(code).not.toBe(0);
    expect(readFileSync(file("signal"), "utf8")).toBe("got-int\n");
    await allGone("everything to end");
  }, 60_000);

  test("is killed, gets a SIGINT, and everything of the engine is gone within 4 seconds", async () => {
    const call = start(
      `trap 'echo got-int > ${file("signal")}' INT; (sleep 600; true) & echo begun >&2; while :; do sleep 0.1; done`,
    );
    await call.seen(/begun/);
    expect(living().length).toBeGreaterThan(3);
    call.signal("SIGKILL");
    await call.ended.catch(() => undefined);
    await allGone("everything that the engine had started to end");
    expect(readFileSync(file("signal"), "utf8")).toBe("got-int\n");
  }, 60_000);
});
