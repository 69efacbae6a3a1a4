import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, jest, test } from "@jest/globals";
import { retryUntil } from "../../../lib/retry";
import { installMoto } from "./install";
import { Moto } from "./server";

jest.setTimeout(300_000);

const gone = (url: string) =>
  retryUntil({
    ...{ what: `nobody to answer at ${url}`, timeoutMs: 60_000 },
    attempt: () =>
      fetch(url).then(
        () => undefined,
        () => true,
      ),
  });

test("moto ends when it is stopped, and stopping it twice is no error", async () => {
  const moto = await Moto.start();
  expect((await fetch(`${moto.url}/moto-api/data.json`)).ok).toBe(true);
  await moto.stop();
  await moto.stop();
  await gone(moto.url);
});

test("moto ends when who started it is killed", async () => {
  const python = await installMoto();
  const starter = spawn("sh", ["-c", '"$0" "$1" $$ & wait', python, join(__dirname, "serve.py")], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [port] = (await once(createInterface({ input: starter.stdout }), "line")) as [string];
  const url = `http://127.0.0.1:${port}`;
  expect((await fetch(`${url}/moto-api/data.json`)).ok).toBe(true);
  starter.kill("SIGKILL");
  await gone(url);
});
