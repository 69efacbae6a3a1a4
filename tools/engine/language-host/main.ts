/**
 * Runs Node.js programs for the engine where its own language host cannot be had. scripts/setup installs it beside an
 * engine that it had to build. The engine's address is the last argument; the port is the first line of standard output.
 */
import { ServerCredentials } from "@grpc/grpc-js";
import { Engine } from "../../../plugin/engine";
import { exitWithParent } from "../../../plugin/parent-watch";
import { signalPrograms } from "./run";
import { languageServer } from "./server";

function leave(): never {
  signalPrograms("SIGKILL");
  process.exit(1);
}

const engineAddress = process.argv.at(-1) ?? "";
exitWithParent(leave);
process.on("SIGINT", leave);
process.on("SIGTERM", leave);
// An engine that died while this process was starting has left no parent to watch.
if (/:\d+$/.test(engineAddress)) new Engine(engineAddress).reachable().catch(leave);

languageServer(engineAddress).bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  process.stdout.write(`${port}\n`);
});
