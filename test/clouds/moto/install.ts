import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { kmvmHome } from "../../../lib/paths";

const run = promisify(execFile);

/** moto imitates AWS over HTTP, and none of us wrote it: github.com/getmoto/moto. */
const version = "5.2.5";

/**
 * A virtual environment with moto under $KMVM_HOME, made once. It is called by its Python, so that it works where it was
 * renamed to: whoever comes second finds it whole or not at all.
 * @returns path of that Python
 */
export async function installMoto(): Promise<string> {
  const folder = join(kmvmHome(), "test-tools", `moto-${version}`);
  const python = join(folder, "bin", "python");
  if (existsSync(python)) return python;
  await mkdir(dirname(folder), { recursive: true });
  const work = await mkdtemp(`${folder}.`);
  try {
    await run("python3", ["-m", "venv", work]);
    const pip = [
      "-m",
      "pip",
      "install",
      "--quiet",
      "--disable-pip-version-check",
      `moto[ec2,ssm,s3,server]==${version}`,
    ];
    await run(join(work, "bin", "python"), pip);
    await rename(work, folder);
  } catch (error) {
    await rm(work, { recursive: true, force: true });
    // Another was faster.
    if (!existsSync(python)) throw error;
  }
  return python;
}
