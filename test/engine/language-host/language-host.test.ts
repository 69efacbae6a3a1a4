import { afterEach, beforeEach, describe, expect } from "@jest/globals";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { engineEnvironment } from "../../../lib/engine-env";
import { kmvmHome, repositoryRoot } from "../../../lib/paths";
import { retryUntil } from "../../../lib/retry";
import { engineProject, type EngineProject } from "../../support/engine-project";
import { testUnless } from "../../support/needs";
import { processesWith } from "../../support/processes";

const { binDir } = engineEnvironment(repositoryRoot(), kmvmHome(), {});
const kit = existsSync(join(dirname(binDir), "kit"));
const test = testUnless(kit ? undefined : "the engine here comes with its own language host, which is used instead");

describe("the engine kit's language host", () => {
  let project: EngineProject;
  const living = () => processesWith(project.folder);
  const begin = async (program: string) => {
    project.write("index.js", program);
    expect((await project.pulumi("stack", "init", "dev")).code).toBe(0);
  };
  const up = () => project.pulumi("up", "--yes", "--skip-preview");

  beforeEach(() => {
    project = engineProject("");
  });
  afterEach(() => {
    for (const { pid } of living()) process.kill(pid, "SIGKILL");
    project.remove();
  });

  test("an error that the program shows by itself is all that is shown", async () => {
    await begin('throw new (require("@pulumi/pulumi").RunError)("vcpus is 0; allowed: 1 to 64");');
    const { code, text } = await up();
    expect(code).not.toBe(0);
    expect(text).toContain("vcpus is 0; allowed: 1 to 64");
    expect(text).not.toContain("non-zero exit code");
  }, 60_000);

  test("a program that leaves with an exit code of its own is told by it", async () => {
    await begin("console.error('gone'); process.exit(7);");
    const { code, text } = await up();
    expect(code).not.toBe(0);
    expect(text).toContain("gone");
    expect(text).toContain("Program exited with non-zero exit code: 7");
  }, 60_000);

  test("configuration, secrets and the kind of run reach the program, options its node", async () => {
    await begin(`
      const pulumi = require("@pulumi/pulumi");
      const config = new pulumi.Config();
      exports.seen = [config.require("plain"), process.execArgv.includes("--no-deprecation"), pulumi.getStack()].join();
      exports.secret = config.requireSecret("hidden");
      console.log("dry run: " + pulumi.runtime.isDryRun());
    `);
    project.write(
      "Pulumi.yaml",
      'name: tiny\nruntime:\n  name: nodejs\n  options: {typescript: false, nodeargs: "--no-deprecation --no-warnings"}\n',
    );
    await project.pulumi("config", "set", "plain", "a b=c");
    await project.pulumi("config", "set", "--secret", "hidden", "canary-4711");
    const { code, text } = await project.pulumi("up", "--yes");
    expect(text).toContain('"a b=c,true,dev"');
    expect(code).toBe(0);
    expect(text).toMatch(/dry run: true[^]*dry run: false/);
    expect(text).not.toContain("canary-4711");
    expect(project.stateText()).not.toContain("canary-4711");
  }, 60_000);

  test("ends with the engine, and so does the program", async () => {
    await begin("console.log('begun'); setInterval(() => undefined, 1000);");
    const call = project.start("up", "--yes", "--skip-preview");
    await call.seen(/begun/);
    expect(living().length).toBeGreaterThan(2);
    call.signal("SIGKILL");
    await retryUntil({
      what: "the language host and the program to end",
      timeoutMs: 3000,
      attempt: () => (living().length === 0 ? true : undefined),
    });
  }, 60_000);
});
