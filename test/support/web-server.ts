import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

/**
 * A web server on a free port of this machine, with its address: for as long as the test, or until `ending` ends it, such as
 * `afterAll`.
 */
export async function webServer(
  answer: RequestListener,
  ending: (end: () => void) => void = onTestFinished,
): Promise<Server & { readonly url: string }> {
  const server = createServer(answer).listen(0, "127.0.0.1");
  await once(server, "listening");
  ending(() => {
    server.closeAllConnections();
    server.close();
  });
  return Object.assign(server, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
}
