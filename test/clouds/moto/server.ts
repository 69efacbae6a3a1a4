import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { join } from "node:path";
import { repositoryRoot } from "../../../lib/paths";
import { enterEnvironment } from "../../support/environment";
import { installMoto } from "./install";

const variables = {
  AWS_ACCESS_KEY_ID: "test",
  AWS_SECRET_ACCESS_KEY: "test",
  AWS_EC2_METADATA_DISABLED: "true",
} as const;

/** A fresh AWS account on this host. Ends with `stop`, and with this process, however that ends. */
export class Moto {
  private constructor(
    private readonly process: ChildProcess,
    readonly url: string,
  ) {}

  static async start(): Promise<Moto> {
    const python = await installMoto();
    const child = spawn(python, [join(repositoryRoot(), "test/clouds/moto/serve.py"), String(process.pid)], {
      stdio: ["ignore", "pipe", "ignore"],
      // What the user's environment says of AWS is none of its business.
      env: { PATH: process.env["PATH"] ?? "", HOME: "/nonexistent", PYTHONDONTWRITEBYTECODE: "1" },
    });
    const lines = createInterface({ input: child.stdout });
    const [port] = (await Promise.race([once(lines, "line"), once(child, "exit").then(() => [""])])) as [string];
    if (!/^\d+$/.test(port)) throw new Error("moto did not start");
    return new Moto(child, `http://127.0.0.1:${port}`);
  }

  /** What the SDK and the code under test find in the environment; returns what undoes it. */
  enter(): () => void {
    return enterEnvironment({ ...variables, AWS_ENDPOINT_URL: this.url });
  }

  /** Forgets everything that was made. */
  async reset(): Promise<void> {
    const answer = await fetch(`${this.url}/moto-api/reset`, { method: "POST" });
    if (!answer.ok) throw new Error(`moto does not forget: ${answer.status}`);
  }

  async stop(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const ended = once(this.process, "exit");
    this.process.kill("SIGKILL");
    await ended;
  }
}
