import { createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { clientFor } from "./target.ts";

it("a target is pinged three times at most while one question waits: a server of Go ends a connection at the fourth", async () => {
  let pings = 0;
  const server = createServer((_, response) => void response);
  server.on("session", (session) => session.on("ping", () => pings++));
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const client = clientFor(`127.0.0.1:${(server.address() as AddressInfo).port}`, {}, 4_500);
  onTestFinished(() => {
    client.close();
    server.close();
  });
  const signal = AbortSignal.timeout(4_500);
  const question = { principal: { id: "a", roles: ["r"] }, resource: { kind: "k", id: "1" }, actions: ["read"] };
  await expect(client.checkResource(question, { signal })).rejects.toThrow();
  expect(pings).toBeGreaterThan(0);
  expect(pings).toBeLessThanOrEqual(3);
});
