import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { files } from "../../../provider/qemu/folder";
import { goOnUnsaved } from "../../../provider/qemu/warm/migration";

let folder: string;
let servers: Server[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "go-on-"));
  mkdirSync(dirname(join(folder, files.identity)));
  writeFileSync(join(folder, files.identity), "[]");
  servers = [];
});
afterEach(() => {
  for (const server of servers) server.close();
  rmSync(folder, { recursive: true });
});

/** A socket of a machine whose other end answers each line. */
function serve(name: string, onLine: (line: string, socket: Socket) => void, greeting = ""): Promise<void> {
  const server = createServer((socket) => {
    socket.write(greeting);
    socket
      .on("error", () => undefined)
      .on("data", (data) => {
        data
          .toString()
          .trim()
          .split("\n")
          .forEach((line) => {
            onLine(line, socket);
          });
      });
  });
  servers.push(server);
  return new Promise((resolve) => server.listen(join(folder, name), resolve));
}

test("a guest that could not be saved is told who it is before it runs again, and goes on", async () => {
  const heard: string[] = [];
  await serve(files.door, (line, socket) => {
    const { hostname } = JSON.parse(line) as { hostname: string };
    heard.push(`guest: ${hostname}`);
    socket.write(`${JSON.stringify({ became: hostname })}\n`);
  });
  await serve(
    files.qmp,
    (line, socket) => {
      heard.push((JSON.parse(line) as { execute: string }).execute);
      socket.write('{"return": {}}\n');
    },
    '{"QMP": {}}\n',
  );
  await goOnUnsaved(folder, "m");
  expect(heard.slice(0, 2)).toEqual(["qmp_capabilities", "migrate_cancel"]);
  expect(heard.slice(2).sort()).toEqual(["cont", "guest: m"]);
});
