import { join } from "node:path";
import { messageOf, UserError } from "../lib/errors";
import { systemClock } from "../lib/retry";
import type { Source } from "../lib/run-request";
import type { RootShell } from "../lib/root-shell";
import type { RunEnd } from "../lib/verdict";
import type { RunContext } from "./context";
import { Conversation } from "./conversation";
import { guestScripts, type Delivery, type Tree } from "./delivery";
import { untilHang } from "./hang";
import { Failed } from "./infra-ends";
import { settingsFiles } from "./settings-files";
import { stageSource } from "./source/stage";

/** Seconds that the guest has to end a run that takes too long by itself, before we do. */
const graceSeconds = 30;

const places = { source: "var/lib/kmvm/source", kkm: "var/lib/kmvm/kkm" } as const;

async function stage(context: RunContext, source: Source, place: string, signal: AbortSignal): Promise<Tree> {
  const { root, request, say } = context;
  try {
    const cache = join(root, ".kmvm", "source");
    const staged = await stageSource(source, { cache, prefix: place, root, token: request.githubToken, signal });
    const what = source.kind === "directory" ? source.path : `${source.url} ${source.branch ?? ""}`.trim();
    say(`source: ${what}, ${staged.files} files, ${(staged.bytes / 1e6).toFixed(1)} MB`);
    return { staged, place };
  } catch (error) {
    signal.throwIfAborted();
    const hint = error instanceof UserError && error.hint ? `; ${error.hint}` : "";
    throw new Failed("source", new Error(messageOf(error) + hint, { cause: error }));
  }
}

async function prepare(context: RunContext, signal: AbortSignal): Promise<Delivery> {
  const { request, root, memory } = context;
  const { source, kkmSource, device } = request;
  const [files, ...trees] = await Promise.all([
    guestScripts(root),
    stage(context, source, places.source, signal),
    ...(device === "/dev/kkm" && kkmSource ? [stage(context, kkmSource, places.kkm, signal)] : []),
  ]);
  const isThere = ({ place, staged }: Tree) => memory.trees[place] === staged.key;
  return {
    files: [...settingsFiles(request), ...files],
    send: trees.filter((tree) => !isThere(tree)),
    reuse: trees.filter(isThere),
  };
}

async function bootedMachine(context: RunContext, signal: AbortSignal): Promise<RootShell> {
  const { link, request, say } = context;
  const started = Date.now();
  const connection = await link.connect(request.limits.boot * 1000, signal);
  say(`the machine lets us in after ${((Date.now() - started) / 1000).toFixed(1)} s`);
  return connection;
}

const answers = async ({ link }: RunContext): Promise<boolean> => {
  try {
    const result = await link.current?.run("true", { signal: AbortSignal.timeout(5000) });
    return result?.code === 0;
  } catch {
    return false;
  }
};

/**
 * Resolves when the console shows another boot and the guest that we knew does not answer any more: long before the new
 * one would let us in. Never, where there is no console.
 */
async function untilReset(context: RunContext, signal: AbortSignal): Promise<void> {
  const watch = context.console?.watch;
  for (let known = watch?.boots() ?? 0; watch && !signal.aborted;) {
    await systemClock.sleep(200);
    if (watch.boots() === known) continue;
    known = watch.boots();
    if (!(await answers(context))) return;
  }
  return new Promise<void>(() => undefined);
}

/** Does not keep the process alive. */
const after = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms).unref());

export interface Talk {
  readonly end: RunEnd;
  /** What was sent or is there already. */
  readonly delivery: Delivery;
  readonly losses: number;
}

/**
 * Prepares the source while the machine boots, starts the run in it, and follows it to its end.
 * @throws what `endOfFailure` has a word for
 */
export async function talk(context: RunContext, signal: AbortSignal): Promise<Talk> {
  const { request, timeline, link, log, say } = context;
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  try {
    const [connection, delivery] = await Promise.all([
      timeline.measure("boot", bootedMachine(context, either)),
      timeline.measure("source", prepare(context, either)),
    ]);
    const delivered = timeline.begin("delivery");
    const onLog = (chunk: Buffer) => {
      delivered();
      return log.write(chunk);
    };
    const conversation = new Conversation({ request, link, delivery, onLog, say, signal: either });
    const { hang, run } = request.limits;
    // The log comes by ssh, too.
    const progress = [
      () => link.lastHeardAt(),
      ...(context.console ? [() => context.console?.watch.lastGrowthAt() ?? 0] : []),
    ];
    const end = await Promise.race<RunEnd>([
      conversation.run(connection),
      untilReset(context, either).then(() => ({ kind: "reboot", answers: false })),
      untilHang(hang, progress, either).then(() => ({ kind: "hang", seconds: hang })),
      after((run + graceSeconds) * 1000).then(() => ({ kind: "deadline", seconds: run })),
    ]);
    return { end, delivery, losses: conversation.losses };
  } finally {
    stop.abort();
  }
}
