/** A server of the plain MCP SDK that has tasks, which are experimental there, behind `guardTransport`, which offers none. */
import { createGuardedTools, type GuardedTools, guardTransport } from "@hopwise/mcp";
import type { Client } from "@modelcontextprotocol/sdk/client/index.js";
import type {
  CreateTaskRequestHandlerExtra,
  TaskRequestHandlerExtra,
} from "@modelcontextprotocol/sdk/experimental/tasks/interfaces.js";
import {
  InMemoryTaskMessageQueue,
  InMemoryTaskStore,
} from "@modelcontextprotocol/sdk/experimental/tasks/stores/in-memory.js";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { CallToolResultSchema, type Result } from "@modelcontextprotocol/sdk/types.js";
import { describe, expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { callTool, carrying, codeOf, connected, newClient } from "../support/mcp/client.ts";
import { OPEN_TO_ALICE, plannerWith } from "../support/mcp/server.ts";
import { worldHere } from "../support/world.ts";

const MAP = { report: OPEN_TO_ALICE };
const INPUT = { inputSchema: { name: z.string() } };
const text = (said: string) => ({ content: [{ type: "text" as const, text: said }] });
const world = await worldHere();

/** A client of a server whose tool is registered so. */
async function served(register: (server: McpServer, tools: GuardedTools) => void) {
  const tools = createGuardedTools();
  const server = new McpServer(INFO, {
    capabilities: { tasks: { requests: { tools: { call: {} } } } },
    taskStore: new InMemoryTaskStore(),
    taskMessageQueue: new InMemoryTaskMessageQueue(),
  });
  register(server, tools);
  const { authorizer, audit } = world.authorizer({ tools: MAP });
  const [near, far] = InMemoryTransport.createLinkedPair();
  await server.connect(guardTransport(far, { authorizer, tools }));
  const client: Client = await connected(carrying(near, await plannerWith(world, "report")), newClient());
  onTestFinished(() => client.close());
  return { client, audit };
}

const INFO = { name: "plain", version: "1.0.0" };

type Context = CreateTaskRequestHandlerExtra & TaskRequestHandlerExtra;

/** Registers a tool that is called as a task, which ends at once with this. */
function asTask(taskSupport: "optional" | "required", result: Result) {
  return (server: McpServer, tools: GuardedTools): void =>
    void server.experimental.tasks.registerToolTask("report", { ...INPUT, execution: { taskSupport } }, {
      createTask: tools.wrap("report", async (_args: unknown, { taskStore }: Context) => {
        const task = await taskStore.createTask({ ttl: 60_000, pollInterval: 1 });
        await taskStore.storeTaskResult(task.taskId, result["isError"] === true ? "failed" : "completed", result);
        return { task };
      }) as never,
      getTask: async (_args: unknown, { taskId, taskStore }: Context) => taskStore.getTask(taskId),
      getTaskResult: async (_args: unknown, { taskId, taskStore }: Context) => taskStore.getTaskResult(taskId),
    } as never);
}

describe("a server that has tasks", () => {
  it.each([{ _meta: { "io.modelcontextprotocol/related-task": { taskId: "x" } } }, { task: { ttl: 1000 } }])(
    "answers a call itself, though its caller wants a task in its place: %j",
    async (more) => {
      const { client } = await served((server, tools) =>
        server.registerTool(
          "report",
          INPUT,
          tools.wrap("report", async () => text("it ran")),
        ),
      );
      const params = { name: "report", arguments: { name: "x" }, ...more };
      const answer = await client.request({ method: "tools/call", params }, CallToolResultSchema);
      expect(answer).toMatchObject(text("it ran"));
    },
  );

  it("lists no tool that can be called only as a task, and says so on record, as of a call", async () => {
    const { client, audit } = await served(asTask("required", text("it ran")));
    expect((await client.listTools()).tools).toEqual([]);
    expect(codeOf(await callTool(client, "report", { name: "x" }))).toBe("policy_denied");
    const code = "tool_not_served";
    expect(audit.records).toMatchObject([{ hidden: [{ code, stage: "guard", items: ["report"] }] }, { code }]);
  });

  it("waits for a task that the server made by itself, and tells what came of it", async () => {
    const failed = { ...text("the printer is out of paper"), isError: true };
    for (const result of [text("it ran"), failed]) {
      const { client } = await served(asTask("optional", result));
      expect((await client.listTools()).tools).toHaveLength(1);
      expect(await callTool(client, "report", { name: "x" })).toEqual(result);
    }
  });
});
