/** What came of a call is on record once, whenever its caller leaves. */
import { memoryAudit } from "@hopwise/core";
import type { JsonRpcMessage } from "@hopwise/mcp";
import { expect, it, vi } from "vitest";
import { z } from "zod";
import { proven, request } from "../support/mcp/client.ts";
import { loosely } from "../support/mcp/loose-transport.ts";
import { emptyServer, OPEN_TO_ALICE, plannerWith } from "../support/mcp/server.ts";
import { quietConsole } from "../support/quiet.ts";
import { worldHere } from "../support/world.ts";

const world = await worldHere();
quietConsole("log");

const WITHDRAWN: JsonRpcMessage = { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } };
const CALLS = [
  ["a tool", request(1, "tools/call", { name: "open", arguments: { name: "x" } })],
  ["a resource", request(1, "resources/read", { uri: "policy://payments" })],
] as const;

/** Calls once; its caller leaves at the moment at which the decision, or the outcome, is written. */
async function leaving(call: JsonRpcMessage, at: "record" | "outcome") {
  const audit = memoryAudit();
  const leave = vi.fn();
  const sink = {
    ...audit,
    [at]: (entry: never) => {
      audit[at]?.(entry);
      leave();
    },
  };
  const { authorizer } = world.authorizer({ audit: sink, tools: { open: OPEN_TO_ALICE } });
  const server = emptyServer(authorizer);
  server.addTool({ name: "open", parameters: z.object({ name: z.string() }), execute: async () => "done" });
  server.addResource({ uri: "policy://payments", name: "payments", load: async () => ({ text: "done" }) });
  const loose = await loosely(server);
  leave.mockImplementation(() => loose.say(WITHDRAWN));
  loose.say(await proven(await plannerWith(world, "open"), call));
  await vi.waitFor(() => expect(audit.records).toHaveLength(1));
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(audit.records).toEqual([expect.objectContaining({ outcome: "allowed" })]);
  return audit.outcomes.map(({ outcome }) => outcome);
}

it.each(CALLS)("a call of %s whose caller leaves while it is checked is on record as withdrawn", async (_, call) => {
  expect(await leaving(call, "record")).toEqual(["withdrawn"]);
});

it.each(CALLS)("a call of %s whose caller leaves while its answer leaves is on record once", async (_, call) => {
  expect(await leaving(call, "outcome")).toEqual(["returned"]);
});

it("a tool that ran, and gave what its server cannot send, reads as one that ran; one that failed, in its own words", async () => {
  const audit = memoryAudit();
  const { authorizer } = world.authorizer({ audit, tools: { open: OPEN_TO_ALICE } });
  const held = await plannerWith(world, "open");
  const outputSchema = z.object({ total: z.number() });
  const failing = (): never => {
    throw new Error("no such name");
  };
  const called = async (execute: () => unknown, more: object = {}): Promise<string> => {
    const server = emptyServer(authorizer);
    server.addTool({ name: "open", parameters: z.object({ name: z.string() }), execute: execute as never, ...more });
    const loose = await loosely(server);
    loose.say(await proven(held, request(1, "tools/call", { name: "open", arguments: { name: "x" } })));
    return JSON.stringify(await loose.answer(1));
  };
  const RAN = "Not allowed (result_withheld). The tool ran, or may still run";
  for (const odd of [{ total: 1 }, { content: [{ type: "odd" }] }, 5]) expect(await called(() => odd)).toContain(RAN);
  expect(await called(() => ({ total: "one" }), { outputSchema })).toContain(RAN);
  expect(await called(failing)).toContain("execution failed: no such name");
  expect(await called(() => ({ isError: true, content: [{ type: "text", text: "no" }] }))).toContain('"no"');
  await vi.waitFor(() => expect(audit.outcomes).toHaveLength(6));
  expect(audit.outcomes.map(({ outcome, withheld }) => [outcome, withheld])).toEqual([
    ...Array(4).fill(["returned", true]),
    ...Array(2).fill(["failed", undefined]),
  ]);
});
