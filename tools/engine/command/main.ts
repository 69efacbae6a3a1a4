/**
 * Stands in for the resource plugin of @pulumi/command where that cannot be had: only `command:local:Command`, as
 * version 1.2.1 behaves. scripts/setup installs it, and never where the real one is or can be downloaded.
 */
import { serve } from "../../../plugin/server";
import { command } from "./command";
import { leaveAfterCommands, leaveWithCommands } from "./running";

// A cancellation, which comes with the first ctrl-c, lets commands run to their end; the second one is a SIGINT.
process.on("SIGINT", leaveAfterCommands);
process.on("SIGTERM", leaveWithCommands);

void serve(
  { name: "the stand-in for the command plugin", version: "1.2.1", types: { "command:local:Command": command } },
  { onEngineGone: leaveWithCommands },
);
