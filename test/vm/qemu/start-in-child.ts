// Starts a machine and says so; for tests that kill the process that did it. Argument: KMVM_HOME. Standard input: the
// specification as JSON.
import { text } from "node:stream/consumers";
import { startMachine } from "../../../provider/qemu/machine";
import type { MachineSpec } from "../../../provider/qemu/spec";

async function main(): Promise<void> {
  const spec = JSON.parse(await text(process.stdin)) as MachineSpec;
  process.stdout.write("begun\n");
  await startMachine(process.argv[2] ?? "", spec);
  process.stdout.write("started\n");
  setInterval(() => undefined, 1000);
}

main().catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 1;
});
