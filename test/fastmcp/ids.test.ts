/** The ids of requests are chosen by callers: what can be done by choosing them well, to the microtask. */
import { AsyncResource } from "node:async_hooks";
import type { Authorizer } from "@hopwise/core";
import type { JsonRpcMessage } from "@hopwise/mcp";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { createPayServer } from "../../examples/finance-team/pay-server.ts";
import { proven, provenCall, request, textOf } from "../support/mcp/client.ts";
import { loosely } from "../support/mcp/loose-transport.ts";
import { emptyServer, OPEN_TO_ALICE, plannerWith } from "../support/mcp/server.ts";
import { quietConsole } from "../support/quiet.ts";
import { worldHere } from "../support/world.ts";

const world = await worldHere();
let authorizer: Authorizer;
quietConsole("log");
beforeAll(() => {
  authorizer = world.authorizer().authorizer;
});

const overHttp = { request: new Request("http://127.0.0.1/mcp") };
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe("a request with the id of another", () => {
  it("never gets its answer, in whichever microtask it comes", async () => {
    // As in the SDK's HTTP transport: the second request is the one whose stream is found from now on, and a microtask
    // later the server hears of it.
    const streams = new Map<unknown, "first" | "second">();
    const stolen: JsonRpcMessage[] = [];
    const loose = await loosely(createPayServer(authorizer, []), (message) => {
      if (message.result !== undefined && streams.get(message.id) === "second") stolen.push(message);
    });
    for (let wait = 0; wait < 60; wait++) {
      streams.set(wait, "first");
      loose.say(request(wait, "ping"), overHttp);
      for (let i = 0; i < wait; i++) await null;
      if (loose.sent.some(({ id }) => id === wait)) break;
      streams.set(wait, "second");
      await null;
      loose.say(request(wait, "ping"), overHttp);
      await turn();
      await turn();
    }
    expect(stolen).toEqual([]);
  });

  it("does not hear its words either, though they were said before and leave after", async () => {
    const streams = new Map<unknown, "first" | "second">([[1, "first"]]);
    const stolen: JsonRpcMessage[] = [];
    const { server, running } = talkingServer();
    const loose = await loosely(server, (message) => {
      if (message.method === "notifications/progress" && streams.get(1) === "second") stolen.push(message);
    });
    loose.say(await proven(await plannerWith(world, "open"), openCall(1)), overHttp);
    const call = await running();
    void call.progress();
    streams.set(1, "second");
    await null;
    loose.say(request(1, "ping"), overHttp);
    await turn();
    await turn();
    expect(stolen).toEqual([]);
    call.end();
  });

  it("does not take the filter off a list", async () => {
    const loose = await loosely(createPayServer(authorizer, []));
    for (let id = 0; id < 30; id++) {
      loose.say(await proven(world.researcher, request(id, "tools/list")), overHttp);
      const began = loose.sent.length;
      for (let i = 0; i < 40; i++) {
        for (let j = 0; j < id; j++) await null;
        loose.say(request(id, "ping"), overHttp);
        await turn();
      }
      expect(JSON.stringify(loose.sent.slice(began))).not.toContain("send_payment");
    }
  });

  it("does not lend a call its admission", async () => {
    const ran: string[] = [];
    const tools = { open: OPEN_TO_ALICE, other: OPEN_TO_ALICE };
    const server = emptyServer(world.authorizer({ tools }).authorizer);
    const parameters = z.object({ name: z.string() });
    for (const name of ["open", "other"])
      server.addTool({ name, parameters, execute: async (args) => void ran.push(`${name} ${args.name}`) });
    const loose = await loosely(server);
    const held = await plannerWith(world, "open");
    for (let id = 0; id < 20; id++) {
      loose.say(await provenCall(held, id, "open", { name: "x" }), overHttp);
      for (let i = 0; i < id; i++) await turn();
      loose.say(request(id, "tools/call", { name: "other", arguments: { name: "x" } }), overHttp);
    }
    loose.say(request("last", "ping"), overHttp);
    await loose.answer("last");
    expect(ran.filter((line) => line.startsWith("other"))).toEqual([]);
  });
});

describe("words of a server", () => {
  it("go to nobody before anybody has said anything: it cannot be told who listens", async () => {
    const said: JsonRpcMessage[] = [];
    const server = emptyServer(authorizer);
    const send = async (message: JsonRpcMessage) => void said.push(message);
    await server.connect({ start: async () => {}, close: async () => {}, send } as never);
    const [session] = server.sessions;
    await session?.server.sendLoggingMessage({ level: "alert", data: "to anybody" });
    await session?.server.notification({ method: "notifications/tools/list_changed" });
    expect(said.map(({ method }) => method)).toEqual(["notifications/tools/list_changed"]);
    await session?.close();
  });

  it("reach the one client that is there on a transport without HTTP", async () => {
    const server = emptyServer(authorizer);
    const loose = await loosely(server);
    await server.sessions[0]?.server.sendLoggingMessage({ level: "alert", data: "to you" });
    expect(loose.sent.at(-1)).toMatchObject({ params: { data: "to you" } });
  });

  it("that come up in a callback without the call's context still go to that call alone", async () => {
    const { server, running } = talkingServer();
    const loose = await loosely(server);
    loose.say(await proven(await plannerWith(world, "open"), openCall(1)), overHttp);
    const call = await running();
    await call.progress();
    expect(loose.sent.at(-1)).toMatchObject({ method: "notifications/progress", params: { progressToken: "mine" } });
    call.end();
    expect(textOf((await loose.answer(1)).result)).toBe("done");
    const sent = loose.sent.length;
    await call.progress();
    expect(loose.sent).toHaveLength(sent);
  });

  it("that a call says of all sessions reach the others, and so do late ones where there is one client", async () => {
    const { server, running } = talkingServer();
    const [loose, other] = await Promise.all([loosely(server), loosely(server)]);
    loose.say(await proven(await plannerWith(world, "open"), openCall(1)));
    const call = await running();
    call.announce();
    await vi.waitFor(() => expect(other.sent.at(-1)).toMatchObject({ method: "notifications/tools/list_changed" }));
    call.end();
    await loose.answer(1);
    call.log();
    await vi.waitFor(() => expect(loose.sent.at(-1)).toMatchObject({ params: { data: { message: "late" } } }));
  });
});

function openCall(id: number): JsonRpcMessage {
  return request(id, "tools/call", { name: "open", arguments: { name: "x" }, _meta: { progressToken: "mine" } });
}

/** A server with one tool, whose words and end the test has in its hand: said from within the call's own context. */
function talkingServer() {
  const server = emptyServer(world.authorizer({ tools: { open: OPEN_TO_ALICE } }).authorizer);
  const calls: { progress: () => Promise<void>; log: () => void; announce: () => void; end: () => void }[] = [];
  server.addTool({
    name: "open",
    parameters: z.object({ name: z.string() }),
    execute: async (_, { reportProgress, log }) => {
      await new Promise<void>((end) => {
        calls.push({
          progress: () => reportProgress({ progress: 1 }),
          log: AsyncResource.bind(() => log.info("late")),
          announce: AsyncResource.bind(() => server.removeTool("nobody")),
          end,
        });
      });
      return "done";
    },
  });
  const running = async () => {
    await vi.waitFor(() => expect(calls).toHaveLength(1));
    return calls[0] as (typeof calls)[number];
  };
  return { server, running };
}
