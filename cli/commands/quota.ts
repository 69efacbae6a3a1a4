import { Command } from "commander";
import { ExitCode } from "../../lib/errors";
import { addBackendFlags, chooseBackend, type BackendFlags } from "../chosen-backend";
import { openContext } from "../context";
import { fits, quotaLines } from "../quota-rows";

interface QuotaFlags extends BackendFlags {
  readonly size?: string;
  readonly spot?: boolean;
  readonly device?: string;
  readonly json?: boolean;
}

export function quotaCommand(): Command {
  return addBackendFlags(new Command("quota"), "that of the profile")
    .summary("show what a provider allows, and what is used of it")
    .description("Shows the limits that one more machine meets: what is used, by whomever, and whether it fits.")
    .option("--size <name>", "for a machine of this size")
    .option("--spot", "for a spot machine")
    .option("--device <device>", "for a machine that offers this device")
    .option("--json", "print it as JSON")
    .addHelpText("after", "\nExit: 0, or 3 when one more machine does not fit.")
    .action(async ({ json, size, spot, device, ...flags }: QuotaFlags) => {
      const context = openContext();
      const given = Object.entries({ size, spot, device }).filter(([, value]) => value !== undefined);
      const { name, settings, facets } = await chooseBackend(context, flags, Object.fromEntries(given));
      const { terminal } = context;
      const figures = (await facets.quota?.figures(settings)) ?? [];
      const running = (await facets.inventory.list()).filter(({ state }) => state === "running").length;
      if (json) terminal.print(JSON.stringify({ backend: name, running, figures }, undefined, 2));
      else {
        for (const line of figures.length > 0 ? quotaLines(figures) : []) terminal.print(line);
        if (!facets.quota)
          terminal.line(`backend ${name} has no quota: memory and processors of this host are the limit`);
        terminal.line(`${running} ${running === 1 ? "machine" : "machines"} of ours running there`);
      }
      if (!figures.every(fits)) process.exitCode = ExitCode.Infrastructure;
    });
}
