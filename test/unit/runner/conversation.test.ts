import { describe, expect, test } from "@jest/globals";
import { once } from "node:events";
import type { RootShell } from "../../../lib/root-shell";
import type { RunRequest } from "../../../lib/run-request";
import type { ExecOptions, ExecResult } from "../../../lib/ssh-exec";
import { ConnectionLost } from "../../../lib/ssh-errors";
import { Conversation } from "../../../runner/conversation";
import type { GuestLink } from "../../../runner/guest-link";

const boot = (digit: string) => `${digit.repeat(8)}-0000-0000-0000-${digit.repeat(12)}`;

const status = (bootId: string, more: object = {}) =>
  JSON.stringify({
    ...{ runId: "r", attempt: 1, phase: "finished", bootId, exitCode: 0, result: "success", logBytes: 0, ...more },
  });

/** What a guest does with one script. */
interface Scene {
  readonly out?: string;
  readonly err?: string;
  /** "lost": the connection, after all that was said. */
  readonly end: number | "lost";
}

/** A guest that answers one script after the other as told, over however many connections. */
function guest(scenes: Scene[]): RootShell {
  const run = async (_script: string, { stdin, stdout }: ExecOptions = {}): Promise<ExecResult> => {
    const { out = "", err = "", end } = scenes.shift() ?? { end: 1, err: "asked for more than was planned" };
    if (stdin && typeof stdin === "object" && "destroy" in stdin) stdin.destroy();
    if (stdout && out) {
      if (!stdout.write(Buffer.from(out))) await once(stdout, "drain");
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (end === "lost") throw new ConnectionLost("cut off");
    return { code: end, stdout: stdout ? "" : out, stderr: err };
  };
  return { run, lastHeardAt: () => 0, ended: new Promise(() => undefined), close: () => undefined };
}

function talk(scenes: Scene[]) {
  const shell = guest(scenes);
  const link = { connect: () => Promise.resolve(shell), close: () => undefined } as unknown as GuestLink;
  const conversation = new Conversation({
    request: { runId: "r", attempt: 1 } as RunRequest,
    link,
    delivery: { files: [], send: [], reuse: [] },
    onLog: () => Promise.resolve(),
    say: () => undefined,
    signal: new AbortController().signal,
  });
  return conversation.run(shell);
}

/** Of a guest in which nothing was started. */
const nothing = status(boot("a"), { runId: "", attempt: 0, phase: "none", exitCode: null, result: "" });

describe("a connection that is lost between the boot id and the start of the run", () => {
  test("does not keep a reset of the guest from being noticed after the second delivery", async () => {
    const end = await talk([
      { out: `${boot("a")}\n`, end: "lost" },
      { out: nothing, end: 0 },
      { out: `${boot("a")}\n`, end: "lost" },
      { out: status(boot("b")), end: 0 },
    ]);
    expect(end).toEqual({ kind: "reboot", answers: true });
  });

  test("does not make a success of a second delivery that fails", async () => {
    const end = await talk([
      { out: `${boot("a")}\n`, end: "lost" },
      { out: nothing, end: 0 },
      { err: "sudo: not found", end: 127 },
      { out: nothing, end: 0 },
    ]);
    expect(end).toMatchObject({ kind: "infra", reason: "delivery" });
  });
});
