/** What a host gives a loop, and nobody waits for: it must not end the process. */
import { type AnyTool, authorizeTools, ToolDenied, ToolPending } from "@hopwise/ai-sdk";
import { createMcpClient } from "@hopwise/ai-sdk/mcp";
import { createCompany } from "@hopwise/core/testing";
import { jsonSchema } from "ai";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { watchRejections } from "./host-faults.ts";

const company = await createCompany();
const delegation = await company.chain("alice", "planner");
const inputSchema = z.object({ id: z.string() });
const fails = async (): Promise<never> => {
  throw new Error("the schema's file is missing");
};
const first = { inputSchema, outputSchema: inputSchema };

/** What came of a tool set with this tool, and of a call. */
async function called(own: object): Promise<unknown> {
  try {
    const tool = { ...first, execute: async () => ({ id: "7" }), ...own } as AnyTool;
    const set = { read_invoice: tool };
    const tools = await authorizeTools(set, { authorizer: company.authorizer(), delegation });
    const options = { toolCallId: "1", messages: [], context: {} };
    return await tools.read_invoice.execute?.({ id: "7" } as never, options as never);
  } catch (error) {
    return Object(error).code;
  }
}

describe("a schema of a tool that comes later, and fails", () => {
  it.each<[what: string, own: () => object, came: unknown]>([
    ["of arguments, an asynchronous function", () => ({ inputSchema: fails }), "config_invalid"],
    ["of arguments, what it announces", () => ({ inputSchema: jsonSchema(fails) }), { id: "7" }],
    ["of results, an asynchronous function", () => ({ outputSchema: fails }), { id: "7" }],
    ["of results, what it announces", () => ({ outputSchema: jsonSchema(fails) }), { id: "7" }],
  ])("is a schema that cannot be read, and the process goes on: %s", async (_, own, came) => {
    const rejections = watchRejections();
    expect(await called(own())).toEqual(came);
    expect(await rejections()).toEqual([]);
  });

  it("is not asked for again once a tool set took what it gave", async () => {
    let times = 0;
    const once = (): unknown => (times++ === 0 ? jsonSchema({ type: "object" }) : fails());
    const rejections = watchRejections();
    expect(await called({ inputSchema: once })).toEqual({ id: "7" });
    expect([times, await rejections()]).toEqual([1, []]);
  });
});

describe("a client's listener for errors", () => {
  it.each([
    ["rejects", fails],
    [
      "throws",
      () => {
        throw new Error("the log is full");
      },
    ],
  ])("may be one that %s", async (_, listener) => {
    const result = { protocolVersion: "2025-06-18", capabilities: {}, serverInfo: { name: "s", version: "1" } };
    const heard: unknown[] = [];
    const transport = {
      start: async () => {},
      close: async () => {},
      send: async ({ id }: { readonly id?: unknown }) =>
        void (id !== undefined && transport.onmessage?.({ jsonrpc: "2.0", id, result })),
      onmessage: undefined as ((message: object) => void) | undefined,
      onerror: undefined as ((error: Error) => void) | undefined,
    };
    const rejections = watchRejections();
    await createMcpClient({
      transport: transport as never,
      delegation,
      audience: company.audience,
      onUncaughtError: (error) => {
        heard.push(error);
        return listener();
      },
    });
    transport.onerror?.(new Error("the pipe broke"));
    expect(await rejections()).toEqual([]);
    expect(heard).toHaveLength(1);
  });
});

describe("what was thrown, and throws when it is looked at", () => {
  it("is neither a denial nor a call that waits", () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect([proxy instanceof ToolDenied, proxy instanceof ToolPending]).toEqual([false, false]);
  });
});
