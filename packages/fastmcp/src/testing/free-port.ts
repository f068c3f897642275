import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";

/**
 * Finds a port of this machine that no process listens on, for servers that cannot tell which one they got.
 *
 * @example
 * ```ts
 * await server.start({ transportType: "httpStream", httpStream: { port: await freePort(), host: "127.0.0.1" } });
 * ```
 */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return port;
}
