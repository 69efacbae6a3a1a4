import { text } from "node:stream/consumers";
import { endOnCrash } from "../lib/crash";
import { codeOf, ExitCode, messageOf, UserError } from "../lib/errors";

/** Writing to a reader that is gone is no reason to end before the evidence is on disk. */
function outliveReaders(): void {
  process.stdout.on("error", () => undefined);
  process.stderr.on("error", () => undefined);
}

const print = (line: string) => {
  process.stderr.write(`${line}\n`);
};

async function runFromInput(): Promise<number> {
  const [{ repositoryRoot }, { runRequestSchema }, { watchForCancel }, { run }, { smallResult }] = await Promise.all([
    import("../lib/paths"),
    import("../lib/run-request"),
    import("./cancel"),
    import("./run"),
    import("./small-result"),
  ]);
  const request = runRequestSchema.safeParse(JSON.parse(await text(process.stdin)));
  // Not the values: secrets are among them.
  if (!request.success)
    throw new UserError(
      `this is no run request: ${request.error.issues.map(({ path, code }) => `${path.join(".")}: ${code}`).join(", ")}`,
    );
  const root = repositoryRoot();
  const cancel = watchForCancel(root, request.data.stack);
  const result = await run(request.data, { root, cancel, print });
  await new Promise<void>((resolve) => {
    process.stdout.write(`${JSON.stringify(smallResult(result))}\n`, () => {
      resolve();
    });
  });
  return 0;
}

async function main(): Promise<number> {
  outliveReaders();
  if (process.argv.includes("--verdict")) {
    const { tellVerdict } = await import("./tell-verdict");
    return tellVerdict(await text(process.stdin), print);
  }
  return runFromInput();
}

/** Says what went wrong and tells the exit code of it. */
function failed(thrown: unknown): number {
  const error =
    codeOf(thrown) === "ENOSPC"
      ? new UserError(
          "the disk of this host is full: there is no room for evidence",
          "df -h .",
          ExitCode.Infrastructure,
        )
      : thrown;
  print(error instanceof UserError ? error.message : error instanceof Error ? String(error.stack) : messageOf(error));
  return error instanceof UserError ? error.exitCode : 70;
}

endOnCrash(failed);
main().then(
  (code) => process.exit(code),
  (thrown: unknown) => process.exit(failed(thrown)),
);
