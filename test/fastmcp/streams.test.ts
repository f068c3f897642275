/** Somebody knows another client's session id. What do they get, and what can they do to its calls? */
import type { FastMCP } from "fastmcp";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { openStream, post, proven, provenCall, request, session, textOf } from "../support/mcp/client.ts";
import { OPEN_TO_ALICE, plannerWith, type Served, serve } from "../support/mcp/server.ts";
import { quietConsole } from "../support/quiet.ts";
import { worldHere } from "../support/world.ts";

const world = await worldHere();
let served: Served;
let held: Awaited<ReturnType<typeof plannerWith>>;
/** FastMCP takes a second for each session, so they are made at once, one for each test. */
let sessions: Record<string, string>[];
const mySession = (): Record<string, string> => sessions.pop() ?? {};
/** Ends the tool "slow" of this name. */
const finish = new Map<string, () => void>();
const started = new Map<string, () => void>();
const answers: unknown[] = [];
/** What the tool "ask" heard of the progress of its question. */
const heard: unknown[] = [];

function addTalkers(server: FastMCP): void {
  const parameters = z.object({ name: z.string() });
  server.addTool({
    name: "slow",
    parameters,
    execute: async ({ name }, { log, reportProgress, streamContent }) => {
      const done = new Promise<void>((resolve) => finish.set(name, resolve));
      started.get(name)?.();
      await done;
      log.info(`log of ${name}`);
      await reportProgress({ progress: 1, total: 2 });
      await streamContent({ type: "text", text: `content of ${name}` });
      return `result of ${name}`;
    },
  });
  server.addTool({
    name: "ask",
    parameters,
    execute: async ({ name }, { elicit }) => {
      const answer = await elicit(
        {
          message: `consent of ${name}?`,
          requestedSchema: { type: "object", properties: { yes: { type: "boolean" } } },
        },
        { onprogress: ({ progress }: { readonly progress: number }) => void heard.push(progress) },
      );
      answers.push(answer);
      return answer.action;
    },
  });
  server.addTool({
    name: "late",
    parameters,
    execute: async ({ name }, { log, reportProgress, streamContent }) => {
      setTimeout(() => {
        log.info(`late log of ${name}`);
        void reportProgress({ progress: 1 });
        void streamContent({ type: "text", text: `late content of ${name}` });
        finish.get(name)?.();
      }, 20);
      return "early";
    },
  });
}

quietConsole("log");
beforeAll(async () => {
  served = await serve(world, {
    map: { slow: OPEN_TO_ALICE, ask: OPEN_TO_ALICE, late: OPEN_TO_ALICE },
    add: addTalkers,
  });
  held = await plannerWith(world, "slow", "ask", "late");
  sessions = await Promise.all(Array.from({ length: 12 }, () => session(served.url)));
});
afterAll(() => served.stop());

async function call(own: Record<string, string>, id: number, tool: string, name: string) {
  const params = { name: tool, arguments: { name }, _meta: { progressToken: id } };
  const running = new Promise<void>((resolve) => started.set(name, resolve));
  const body = JSON.stringify(await proven(held, request(id, "tools/call", params)));
  const stream = await openStream(served.url, { method: "POST", headers: own, body });
  if (tool === "slow") await running;
  return stream;
}

const answerTo = (id: unknown) => (message: { id?: unknown; method?: string }) =>
  message.id === id && message.method === undefined;

describe("a call's words", () => {
  it("reach its caller on the call's own stream: log, progress, streamed content, result", async () => {
    const own = mySession();
    const stream = await call(own, 1, "slow", "mine");
    finish.get("mine")?.();
    await stream.find(answerTo(1));
    expect(stream.messages.map(({ method, id }) => method ?? id)).toEqual([
      "notifications/message",
      "notifications/progress",
      "notifications/tool/streamContent",
      1,
    ]);
  });

  it("stay on that stream while ten calls run on one session", async () => {
    const own = mySession();
    const names = Array.from({ length: 10 }, (_, i) => `concurrent-${i}`);
    const streams = await Promise.all(names.map((name, i) => call(own, i + 1, "slow", name)));
    for (const name of names.toReversed()) finish.get(name)?.();
    for (const [i, stream] of streams.entries()) {
      await stream.find(answerTo(i + 1));
      expect(stream.messages).toHaveLength(4);
      for (const other of names) expect(stream.text.includes(`of ${other}"`)).toBe(other === names[i]);
    }
  });

  it("do not reach a GET stream, nor a resumed one, that another opened with the session's id", async () => {
    const own = mySession();
    const first = await call(own, 1, "slow", "before");
    finish.get("before")?.();
    await first.find(answerTo(1));
    // No event has an id, so there is nothing to resume from; whatever one is made up gives a silent stream.
    expect(first.text).not.toMatch(/^id:/m);
    const spy = await openStream(served.url, { headers: { ...own, "last-event-id": "_GET_stream_1" } });
    expect(spy.status).toBe(200);
    const second = await call(own, 2, "slow", "during");
    finish.get("during")?.();
    await second.find(answerTo(2));
    served.server.removeTool("nobody");
    await spy.find(({ method }) => method === "notifications/tools/list_changed");
    expect(spy.text).not.toMatch(/during|before|progress|result/);
  });

  it("are heard by nobody once it is over, not even by a later call of the same id", async () => {
    const own = mySession();
    const over = new Promise<void>((resolve) => finish.set("late", resolve));
    const spy = await openStream(served.url, { headers: own });
    await (await call(own, 5, "late", "late")).find(answerTo(5));
    const next = await call(own, 5, "slow", "next");
    await over;
    finish.get("next")?.();
    await next.find(answerTo(5));
    expect(next.text + spy.text).not.toContain("late");
    expect(next.messages).toHaveLength(4);
  });
});

describe("a second request with the id of one that is under way", () => {
  it("does not get the first one's answer, though it leads the transport to its own stream and holds that open", async () => {
    const own = mySession();
    const victim = await call(own, 7, "slow", "victim");
    const cancel = { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 8 } };
    const thief = await openStream(served.url, {
      method: "POST",
      headers: own,
      body: JSON.stringify([request(7, "ping"), request(8, "ping"), cancel]),
    });
    expect(await thief.find(answerTo(7))).toMatchObject({ error: { data: { code: "arguments_malformed" } } });
    finish.get("victim")?.();
    await post(served.url, request(9, "ping"), own);
    expect(thief.text + victim.text).not.toMatch(/victim/);
    // Both ids are free again.
    expect((await post(served.url, request(7, "ping"), own)).messages[0]).toHaveProperty("result");
    expect((await post(served.url, request(8, "ping"), own)).messages[0]).toHaveProperty("result");
  });
});

describe("a question to the client", () => {
  it("is answered by whoever got it, and by nobody who guesses its id", async () => {
    const own = mySession();
    const stream = await call(own, 1, "ask", "alice");
    const question = await stream.find(({ method }) => method === "elicitation/create");
    const consent = { result: { action: "accept", content: { yes: true } } };
    const progress = (progressToken: unknown, progress: number) =>
      post(served.url, { jsonrpc: "2.0", method: "notifications/progress", params: { progressToken, progress } }, own);
    for (let id = -1; id < 30; id++) {
      await progress(id, id);
      await post(served.url, { jsonrpc: "2.0", id, ...consent }, own);
      await post(served.url, { jsonrpc: "2.0", id: String(id), ...consent }, own);
    }
    const meta = question.params?.["_meta"] as { readonly progressToken: unknown } | undefined;
    await progress(meta?.progressToken, 77);
    expect([answers, heard]).toEqual([[], [77]]);
    await post(served.url, { jsonrpc: "2.0", id: question.id, result: { action: "decline" } }, own);
    expect(textOf((await stream.find(answerTo(1))).result)).toBe("decline");
    expect(answers).toEqual([{ action: "decline" }]);
  });

  it("is not put to a GET stream, where anybody may listen", async () => {
    const own = mySession();
    const spy = await openStream(served.url, { headers: own });
    const stream = await call(own, 1, "ask", "bystander");
    const question = await stream.find(({ method }) => method === "elicitation/create");
    await post(served.url, { jsonrpc: "2.0", id: question.id, result: { action: "cancel" } }, own);
    await stream.find(answerTo(1));
    expect(spy.text).not.toContain("bystander");
  });

  it("cannot be asked outside of a call, when nobody in particular would get it", async () => {
    const own = mySession();
    const spy = await openStream(served.url, { headers: own });
    const ours = served.server.sessions.at(-1);
    await expect(
      ours?.requestElicitation({ message: "to anybody", requestedSchema: { type: "object", properties: {} } }),
    ).rejects.toThrow(/only while a call runs/);
    await ours?.server.sendLoggingMessage({ level: "alert", data: "to anybody" });
    await ours?.server.sendResourceUpdated({ uri: "policy://payments" });
    served.server.removeTool("nobody");
    await spy.find(({ method }) => method === "notifications/tools/list_changed");
    expect(spy.text).not.toMatch(/to anybody|policy:/);
  });
});

describe("a request that is withdrawn", () => {
  it("is not answered, leaves its id free, and its tool's words go nowhere", async () => {
    const own = mySession();
    for (let round = 0; round < 3; round++) {
      const name = `withdrawn-${round}`;
      const stream = await call(own, 4, "slow", name);
      await post(served.url, { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 4 } }, own);
      finish.get(name)?.();
      await post(served.url, request(5, "ping"), own);
      expect(stream.text).toBe("");
      stream.close();
    }
  });

  it("while it is checked, does not run", async () => {
    const own = mySession();
    const running = vi.fn();
    started.set("too-late", running);
    const params = { name: "slow", arguments: { name: "too-late" } };
    const cancel = { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 6 } };
    const body = JSON.stringify([await proven(held, request(6, "tools/call", params)), cancel]);
    const stream = await openStream(served.url, { method: "POST", headers: own, body });
    await post(served.url, await provenCall(held, 7, "read_invoice", { id: "INV-9" }), own);
    expect(running).not.toHaveBeenCalled();
    stream.close();
  });

  it("by the end of the session, is not answered, and nobody is harmed", async () => {
    const own = mySession();
    const stream = await call(own, 1, "slow", "ended");
    // Whoever knows the session's id can end it. That is all it is good for.
    expect((await fetch(served.url, { method: "DELETE", headers: own })).status).toBe(200);
    finish.get("ended")?.();
    expect((await post(served.url, request(2, "ping"), own)).status).toBe(404);
    expect(stream.text).not.toContain("ended");
  });
});
