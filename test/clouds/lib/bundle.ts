import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { repositoryRoot } from "../../../lib/paths";

/** A program of the rehearsal as one file: what is started has no checkout around it. @param entry below test/clouds */
export function bundle(entry: string, outfile: string): void {
  const root = repositoryRoot();
  // The program, not the library: jest's realm is not the one that the library checks for.
  execFileSync(
    join(root, "node_modules", ".bin", "esbuild"),
    [
      join("test", "clouds", entry),
      `--outfile=${outfile}`,
      ...["--bundle", "--platform=node", "--target=node20", "--log-level=error"],
      ...["--external:cpu-features", "--external:*.node", "--alias:typescript=./tools/no-compiler.cjs"],
    ],
    { cwd: root, stdio: ["ignore", "ignore", "inherit"] },
  );
}
