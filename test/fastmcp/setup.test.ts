/** Putting a guard round a FastMCP server: what it covers, and what it refuses to start. */
import cluster from "node:cluster";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Authorizer } from "@hopwise/core";
import { guard } from "@hopwise/fastmcp";
import { freePort } from "@hopwise/fastmcp/testing";
import { FastMCP, type Tool, type ToolParameters } from "fastmcp";
import { afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { z } from "zod";
import {
  clientOf,
  codeOf,
  failure,
  post,
  proven,
  provenCall,
  request,
  session,
  textOf,
} from "../support/mcp/client.ts";
import { loosely } from "../support/mcp/loose-transport.ts";
import { emptyServer, OPEN_TO_ALICE, plannerWith, start } from "../support/mcp/server.ts";
import { quiet, quietConsole } from "../support/quiet.ts";
import { worldHere } from "../support/world.ts";

const world = await worldHere();
let held: Awaited<ReturnType<typeof plannerWith>>;
const ran: string[] = [];
const map = { early: OPEN_TO_ALICE, late: OPEN_TO_ALICE, later: OPEN_TO_ALICE };

quietConsole("log", "error");
beforeAll(async () => {
  held = await plannerWith(world, ...Object.keys(map), "nested");
});
afterEach(() => {
  ran.length = 0;
});

const authorizerOf = (tools = map): Authorizer => world.authorizer({ tools }).authorizer;
const bare = (name = "bare"): FastMCP => new FastMCP({ name, version: "1.0.0", logger: quiet });
const tool = (name: string) => ({
  name,
  parameters: z.object({ name: z.string() }),
  execute: async () => {
    ran.push(name);
    return `${name} ran`;
  },
});

async function started(server: FastMCP, stateless = true): Promise<string> {
  const { url, stop } = await start(server, stateless);
  onTestFinished(stop);
  return url;
}

async function names(url: string, own = {}): Promise<string[]> {
  const { messages } = await post(url, await proven(held, request(1, "tools/list")), own);
  const tools = messages[0]?.result?.["tools"] as { name: string }[] | undefined;
  return tools?.map(({ name }) => name) ?? [];
}

async function result(url: string, name: string, own = {}) {
  return (await post(url, await provenCall(held, 1, name, { name: "x" }), own)).messages[0]?.result;
}

describe("a tool", () => {
  it("that is added while the server runs is guarded, on sessions that are there already, too", async () => {
    const server = guard(bare(), authorizerOf());
    const url = await started(server, false);
    const own = await session(url);
    expect(await names(url, own)).toEqual([]);
    server.addTool(tool("late"));
    server.addTools([tool("later"), tool("early")]);
    expect(await names(url, own)).toEqual(["late", "later", "early"]);
    for (const name of ["late", "later", "early"]) {
      expect(textOf(await result(url, name, own))).toBe(`${name} ran`);
      const { messages } = await post(url, await provenCall(world.planner, 1, name, { name: "x" }), own);
      expect(codeOf(messages[0]?.result)).toBe("grant_tool_missing");
    }
    server.removeTools(["late", "later"]);
    expect(await names(url, own)).toEqual(["early"]);
    // As a tool that never was, and one that nobody may call.
    expect(codeOf(await result(url, "late", own))).toBe("policy_denied");
    expect(ran).toHaveLength(3);
  });

  it("of a name that means something else, or that the tool map does not know, is refused at once", () => {
    const server = guard(bare(), authorizerOf());
    for (const name of ["mcp:tools/list", "mcp:x", "https://a#b", "#", "unknown", "toString", "__proto__"]) {
      expect(() => server.addTool(tool(name)), name).toThrow(expect.objectContaining({ code: "config_invalid" }));
      expect(() => server.addTools([tool("late"), tool(name)]), name).toThrow(/config|tool/);
    }
  });

  it('that is not named may be added where "*" has an entry', async () => {
    const server = guard(bare(), authorizerOf({ ...map, "*": OPEN_TO_ALICE } as never));
    server.addTool(tool("nested"));
    expect(textOf(await result(await started(server), "nested"))).toBe("nested ran");
  });

  it("of a wrong name is refused by the guard, too, where it was added before: the server stays as it was", async () => {
    const server = bare();
    server.addTool(tool("early"));
    server.addTool(tool("unknown"));
    expect(() => guard(server, authorizerOf())).toThrow(
      expect.objectContaining({ code: "config_invalid", message: expect.stringContaining('"unknown"') }),
    );
    server.removeTool("unknown");
    expect(await names(await started(guard(server, authorizerOf())))).toEqual(["early"]);
  });

  it("cannot take the place of the guard's own mark, by which sessions are told apart", async () => {
    const server = guard(bare(), authorizerOf({ ...map, "*": OPEN_TO_ALICE } as never));
    for (const name of ["dev.hopwise/guard", "late"]) {
      server.addTool(tool(name));
      server.removeTool(name);
    }
    server.addResource({ uri: "policy://payments", name: "p", load: async () => ({ text: "secret" }) });
    const { messages } = await post(await started(server), request(1, "resources/list"));
    expect(messages[0]).toMatchObject({ error: { code: 4301 } });
  });

  it("keeps its annotations", async () => {
    const server = guard(bare(), authorizerOf());
    server.addTool({ ...tool("late"), annotations: { readOnlyHint: true, title: "Late" } });
    const { messages } = await post(await started(server), await proven(held, request(1, "tools/list")));
    expect(messages[0]?.result?.["tools"]).toMatchObject([{ annotations: { title: "Late" } }]);
  });
});

describe("start()", () => {
  it("is refused with an event store, which would give one caller's results to another", async () => {
    const server = guard(bare(), authorizerOf());
    const eventStore = { storeEvent: async () => "1", replayEventsAfter: async () => "1" };
    const port = await freePort();
    const error = await failure(server.start({ transportType: "httpStream", httpStream: { port, eventStore } }));
    expect(error).toMatchObject({ code: "config_invalid", message: expect.stringContaining("no event store") });
    expect(server.serverState).toBe("stopped");
  });

  it("has no event store either where the environment chose the transport", async () => {
    const port = await freePort();
    const env = { FASTMCP_TRANSPORT: "httpStream", FASTMCP_PORT: String(port), FASTMCP_HOST: "127.0.0.1" };
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    const server = guard(bare(), authorizerOf());
    await server.start();
    vi.unstubAllEnvs();
    onTestFinished(() => server.stop());
    const url = `http://127.0.0.1:${port}/mcp`;
    const { text } = await post(url, request(1, "tools/list"), await session(url));
    expect(text).toContain("4301");
    expect(text, "events that can be resumed have ids").not.toMatch(/^id:/m);
  });

  it("makes no session of its own that anybody could hear of", async () => {
    const server = guard(bare(), authorizerOf());
    const heard: string[] = [];
    server.on("connect", () => heard.push("connect"));
    server.on("disconnect", () => heard.push("disconnect"));
    await started(server);
    expect(server.sessions).toEqual([]);
    expect(heard).toEqual([]);
  });
});

describe("guard()", () => {
  it("is refused a second time, and for a server that runs already", async () => {
    const server = guard(bare(), authorizerOf());
    expect(() => guard(server, authorizerOf())).toThrow(expect.objectContaining({ code: "config_invalid" }));
    const running = bare();
    await started(running);
    expect(() => guard(running, authorizerOf())).toThrow(/runs already/);
  });

  it("takes a server with a session type of its own, and a subclass", async () => {
    class Company extends FastMCP<{ user: string }> {
      override addTool<Params extends ToolParameters>(added: Tool<{ user: string }, Params>): void {
        super.addTool({ ...added, description: "by Company" });
      }
    }
    const server = guard(new Company({ name: "c", version: "1.0.0", logger: quiet }), authorizerOf());
    server.addTool(tool("late"));
    const url = await started(server as unknown as FastMCP);
    expect(await names(url)).toEqual(["late"]);
    expect(textOf(await result(url, "late"))).toBe("late ran");
  });

  it("holds for the sessions of a worker of node:cluster, which take their connections elsewhere", async () => {
    const exec = fileURLToPath(new URL("cluster-server.ts", import.meta.url));
    cluster.setupPrimary({ exec, silent: true, execArgv: [], args: [] });
    const worker = cluster.fork();
    const [port] = await once(worker, "message");
    const { messages } = await post(
      `http://127.0.0.1:${port}/mcp`,
      request(1, "resources/read", { uri: "policy://payments" }),
    );
    expect(messages[0]).toMatchObject({ error: { code: 4301 } });
    worker.process.kill();
    await once(worker, "exit");
  });
});

describe("several servers in one process", () => {
  it("do not see each other: two guarded ones, and one that is not", async () => {
    const one = guard(bare("one"), authorizerOf());
    const two = emptyServer(authorizerOf());
    const open = bare("open");
    const urls = await Promise.all([started(one), started(two), started(open, false)]);
    one.addTool(tool("early"));
    two.addTool(tool("late"));
    open.addTool(tool("late"));
    const [first, second, third] = urls as [string, string, string];
    expect(await names(first)).toEqual(["early"]);
    expect(await names(second)).toEqual(["late"]);
    expect(await result(first, "late")).toMatchObject({ isError: true });
    const client = await clientOf(third);
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(["late"]);
    expect(await client.callTool({ name: "late", arguments: { name: "x" } })).toMatchObject({
      content: [{ text: "late ran" }],
    });
    await client.close();
    expect(ran).toEqual(["late"]);
  });

  it("also where one is started or called from within a tool of another", async () => {
    const inner = guard(bare("inner"), authorizerOf());
    inner.addTool(tool("late"));
    const open = bare("open");
    open.addTool(tool("early"));
    const outer = guard(bare("outer"), authorizerOf({ nested: OPEN_TO_ALICE } as never));
    const seen: unknown[] = [];
    outer.addTool({
      name: "nested",
      parameters: z.object({ name: z.string() }),
      execute: async () => {
        const [innerUrl, openUrl] = await Promise.all([started(inner), started(open)]);
        seen.push((await post(innerUrl, request(1, "tools/list"))).messages[0]?.error?.code);
        seen.push(textOf(await result(innerUrl, "late")));
        seen.push((await post(openUrl, request(1, "tools/list"))).messages[0]?.result?.["tools"]);
        const loose = await loosely(open);
        loose.say(request(7, "tools/list"));
        seen.push((await loose.answer(7)).result?.["tools"]);
        return "done";
      },
    });
    expect(textOf(await result(await started(outer), "nested"))).toBe("done");
    expect(seen).toMatchObject([4301, "late ran", [{ name: "early" }], [{ name: "early" }]]);
  });
});
