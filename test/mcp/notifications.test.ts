/** Notifications have no chain: which of them a server hears of. */
import { createGuardedTools, guardTransport } from "@hopwise/mcp";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import type { ClientNotification } from "@modelcontextprotocol/sdk/types.js";
import { expect, it, onTestFinished } from "vitest";
import { request } from "../support/mcp/client.ts";
import { worldHere } from "../support/world.ts";

const world = await worldHere();

/** One that a later version of MCP adds does not compile before it has its row. */
const HEARD: { readonly [method in ClientNotification["method"]]: boolean } = {
  "notifications/initialized": true,
  "notifications/roots/list_changed": true,
  // These two where they are about an open request: of the caller's, or of the server's.
  "notifications/cancelled": false,
  "notifications/progress": false,
  // Of tasks, which no guarded server has.
  "notifications/tasks/status": false,
};
const OWN = ["notifications/company/pay", "company/pay", "tools/call"];

it("a server hears of those that reach nothing, and a handler of its own for another one runs for nobody", async () => {
  const { authorizer, audit } = world.authorizer();
  const server = new Server({ name: "plain", version: "1.0.0" }, { capabilities: {} });
  const heard: string[] = [];
  server.fallbackNotificationHandler = async ({ method }) => void heard.push(method);
  server.oninitialized = () => void heard.push("notifications/initialized");
  const [near, far] = InMemoryTransport.createLinkedPair();
  await server.connect(guardTransport(far, { authorizer, tools: createGuardedTools() }));
  onTestFinished(() => server.close());
  const answered = new Promise((resolve) => {
    near.onmessage = resolve;
  });
  await near.start();
  for (const method of [...Object.keys(HEARD), ...OWN]) {
    const params = { progressToken: 0, progress: 1, requestId: 0, taskId: "t", status: "working" };
    await near.send({ jsonrpc: "2.0", method, params });
  }
  await near.send(request(1, "ping") as never);
  await answered;
  expect(heard).toEqual(Object.keys(HEARD).filter((method) => HEARD[method as keyof typeof HEARD]));
  expect([...audit.unverifiedCounts]).toEqual([["method_unguarded", OWN.length + 1]]);
});
