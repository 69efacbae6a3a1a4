import { open } from "node:fs/promises";
import { createConnection, createServer, type Server, type Socket } from "node:net";

/** Names a socket by its folder's file descriptor: the path of a Unix socket may not exceed 107 bytes (unix(7)). */
async function byShortName<T>(folder: string, name: string, use: (path: string) => Promise<T>): Promise<T> {
  const directory = await open(folder, "r");
  try {
    return await use(`/proc/self/fd/${directory.fd}/${name}`);
  } finally {
    await directory.close();
  }
}

/** @throws ENOENT, ECONNREFUSED when nobody listens */
export function connectTo(folder: string, name: string): Promise<Socket> {
  return byShortName(
    folder,
    name,
    (path) =>
      new Promise((resolve, reject) => {
        const socket = createConnection(path);
        socket.once("connect", () => {
          resolve(socket);
        });
        socket.once("error", reject);
      }),
  );
}

export function listenOn(folder: string, name: string, onConnection: (socket: Socket) => void): Promise<Server> {
  return byShortName(
    folder,
    name,
    (path) =>
      new Promise((resolve, reject) => {
        const server = createServer(onConnection);
        server.once("error", reject);
        server.listen(path, () => {
          resolve(server);
        });
      }),
  );
}
