import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { repositoryRoot } from "../../../lib/paths";
import type { RunRequest } from "../../../lib/run-request";
import { deliveryScript, deliveryStream, guestScripts } from "../../../runner/delivery";
import { settingsFiles } from "../../../runner/settings-files";
import { stageSource } from "../../../runner/source/stage";

let base: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "delivery-"));
  mkdirSync(join(base, "tree"));
  writeFileSync(join(base, "tree/Makefile"), "test:\n");
});
afterEach(() => {
  rmSync(base, { recursive: true, force: true });
});

const request: RunRequest = {
  ...{ stack: "test-ci-1", runId: "abcd1234", attempt: 2, target: "test-all", device: "/dev/kkm" },
  machine: {
    ...{ id: "m", address: "127.0.0.1", port: 1, user: "kmvm", hostKey: "", privateKey: "" },
    ...{ imageVersion: "v", accelerator: "tcg", expiresAt: "" },
  },
  source: { kind: "directory", path: "." },
  directories: ["a", "b c"],
  environment: { GREETING: "it's $HOME `x`", EMPTY: "" },
  imageVersion: "ci-1",
  registry: { host: "10.0.2.2:5000", username: "u", password: "pass word", insecure: false },
  limits: { boot: 1, run: 59.5, hang: 1, logMiB: 1, artifactsMiB: 1 },
  shownSettings: {},
};

const contentOf = (files: ReturnType<typeof settingsFiles>, name: string) =>
  files.find(({ path }) => path === `run/kmvm/${name}`)?.content;

const staged = (prefix: string) =>
  stageSource(
    { kind: "directory", path: "tree" },
    { cache: join(base, "cache"), prefix, root: base, token: undefined },
  );

describe("the settings of a guest", () => {
  test("are read by a shell as they were written", () => {
    const files = settingsFiles({ ...request, runtime: "/opt/k'$(x)\"\\/krun" });
    writeFileSync(join(base, "settings.env"), contentOf(files, "settings.env") ?? "");
    const script = `. ./settings.env; printf '%s|' "$RUN_ID" "$ATTEMPT" "$TARGET" "$HYPERVISOR_DEVICE" "$RUNTIME" "$REGISTRY_HOST" "$TIMEOUT"`;
    expect(execFileSync("bash", ["-euc", script], { cwd: base, encoding: "utf8" })).toBe(
      `abcd1234|2|test-all|/dev/kkm|/opt/k'$(x)"\\/krun|10.0.2.2:5000|60|`,
    );
  });

  test("keep the registry's password apart, and every file for root alone", () => {
    const files = settingsFiles(request);
    expect(contentOf(files, "registry-password")).toBe("pass word");
    expect(contentOf(files, "settings.env")).not.toContain("pass word");
    expect(new Set(files.map(({ mode }) => mode))).toEqual(new Set([0o600]));
    expect(contentOf(files, "environment")).toBe("GREETING=it's $HOME `x`\nEMPTY=\n");
    expect(contentOf(files, "directories")).toBe("a\nb c\n");
  });

  test("name a registry without TLS only where the request does", () => {
    const settings = (insecure: boolean) =>
      contentOf(
        settingsFiles({ ...request, registry: { host: "h", username: "", password: "", insecure } }),
        "settings.env",
      );
    expect(settings(true)).toContain("REGISTRY_INSECURE='1'");
    expect(settings(false)).toContain("REGISTRY_INSECURE=''");
  });

  test.each([
    [{ environment: { "A B": "x" } }, "is no name"],
    [{ environment: { A: "x\ny" } }, "line break"],
    [{ directories: ["a\nb"] }, "line break"],
    [{ imageVersion: "a\nb" }, "line break"],
  ])("that could be read otherwise are refused: %j", (changes, message) => {
    expect(() => settingsFiles({ ...request, ...changes })).toThrow(message);
  });
});

describe("a delivery", () => {
  test("is one archive: settings, scripts and source, each in its place", async () => {
    const tree = { staged: await staged("var/lib/kmvm/source"), place: "var/lib/kmvm/source" };
    const files = [...settingsFiles(request), ...(await guestScripts(repositoryRoot()))];
    const archive = await buffer(deliveryStream({ files, send: [tree], reuse: [] }));
    const listed = execFileSync("tar", ["-tvf", "-"], { input: archive, encoding: "utf8" });
    expect(listed).toMatch(/^drwx------ .* run\/kmvm\/$/m);
    expect(listed).toMatch(/^-rw------- .* run\/kmvm\/settings.env$/m);
    expect(listed).toMatch(/^-rwxr-xr-x .* opt\/kmvm\/test\/km-test$/m);
    expect(listed).toMatch(/^-rw-r--r-- .* var\/lib\/kmvm\/source\/Makefile$/m);
    // Where a person finds it.
    expect(listed).toMatch(/^l.* usr\/local\/bin\/km-test -> \/opt\/kmvm\/test\/km-test$/m);
  });

  test("is taken by one script that replaces what is sent and checks what is not", async () => {
    const source = { staged: await staged("s"), place: "s" };
    const kkm = { staged: await staged("k"), place: "k" };
    const script = deliveryScript({ files: [], send: [source], reuse: [kkm] }, request);
    expect(script).not.toContain("'");
    expect(script).toContain("rm -rf /s /s.key");
    expect(script).not.toContain("rm -rf /k");
    expect(script).toContain(`{ read -r key </k.key; } 2>/dev/null; [ "$key" = ${kkm.staged.key} ] || exit 90`);
    execFileSync("bash", ["-n", "-c", script]);
  });

  test("does not touch the source of a run that goes on", () => {
    const lines = deliveryScript({ files: [], send: [], reuse: [] }, request).split("\n");
    expect(lines[3]).toContain('"abcd1234 2" ]; then');
    expect(() => deliveryScript({ files: [], send: [], reuse: [] }, { runId: "a'b", attempt: 1 })).toThrow("run id");
  });
});
