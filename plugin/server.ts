import { Server, ServerCredentials } from "@grpc/grpc-js";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import { Engine } from "./engine";
import { exitWithParent } from "./parent-watch";
import { service, type Plugin } from "./service";

export { changedProperties, type Plugin } from "./service";

export interface ServeOptions {
  /** What to do when the engine is gone, instead of exiting at once; it has to exit. */
  readonly onEngineGone?: () => void;
}

/** A plugin that is served. */
export interface Serving {
  /** On loopback. */
  readonly port: number;
  /**
   * Whatever is still being asked is cut off, and what is at work on it is told to end and waited for, but not for ever:
   * what an engine that was killed has asked for must not be made while others remove it.
   */
  stop(): Promise<void>;
}

/** Milliseconds that work which is told to end has for it: QEMU alone is given eight seconds to be switched off. */
const longestEnding = 30_000;

/** Serves a plugin to an engine that attaches to it. @param engine the one that started this process */
export function listen(plugin: Plugin, engine?: Engine): Promise<Serving> {
  const unlimited = { "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 };
  const server = new Server(unlimited);
  const cancelled = new AbortController();
  const atWork = new Set<Promise<unknown>>();
  server.addService(ResourceProviderService, service(plugin, engine, cancelled, atWork));
  const stop = async () => {
    cancelled.abort();
    server.forceShutdown();
    let timer: NodeJS.Timeout | undefined;
    const enough = new Promise((resolve) => (timer = setTimeout(resolve, longestEnding)));
    await Promise.race([Promise.allSettled(atWork), enough]);
    clearTimeout(timer);
  };
  return new Promise((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
      if (error) reject(error);
      else resolve({ port, stop });
    });
  });
}

/**
 * Serves a plugin to the engine that started this process, as the engine expects it: the port on the first line of
 * standard output, the engine's address as the last argument. Ends when the engine does.
 */
export async function serve(
  plugin: Plugin,
  { onEngineGone = () => process.exit(1) }: ServeOptions = {},
): Promise<void> {
  const address = process.argv.at(-1);
  const engine = address && /:\d+$/.test(address) ? new Engine(address) : undefined;
  exitWithParent(onEngineGone);
  // An engine that died while this process was starting has left no parent to watch.
  engine?.reachable().catch(onEngineGone);
  const { port } = await listen(plugin, engine);
  process.stdout.write(`${port}\n`);
}
