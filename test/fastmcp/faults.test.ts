/** What happens when the parts fail: never open, never an empty list, never a crash. */
import { once } from "node:events";
import { createServer } from "node:net";
import { startPdp } from "@hopwise/cerbos";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import {
  callTool,
  clientOf,
  codeOf,
  errorCodeOf,
  failure,
  openStream,
  post,
  proven,
  provenCall,
  request,
  session,
  textOf,
} from "../support/mcp/client.ts";
import { loosely } from "../support/mcp/loose-transport.ts";
import { emptyServer, OPEN_TO_ALICE, plannerWith, serveHere, start } from "../support/mcp/server.ts";
import { quietConsole } from "../support/quiet.ts";
import { STORY_POLICIES } from "../support/story-pdp.ts";
import { worldHere } from "../support/world.ts";

const world = await worldHere();
const unhandled: unknown[] = [];
const note = (error: unknown): void => void unhandled.push(error);

quietConsole("log", "error");
beforeEach(() => {
  unhandled.length = 0;
  process.on("unhandledRejection", note);
});
afterEach(async () => {
  await new Promise((resolve) => setImmediate(resolve));
  process.off("unhandledRejection", note);
  expect(unhandled).toEqual([]);
});

const parameters = z.object({ name: z.string() });

describe("without policies to ask", () => {
  it("a list is an error, a call is denied, and both may be tried again", async () => {
    const pdp = await startPdp({ policies: STORY_POLICIES });
    const served = await serveHere(world, { stateless: true, authorizer: { cerbos: pdp } });
    const client = await clientOf(served.url, world.planner);
    expect((await client.listTools()).tools).toHaveLength(3);
    await pdp.close();
    for (const list of [() => client.listTools(), () => client.listPrompts(), () => client.listResources()]) {
      const error = await failure(list());
      expect(error).toMatchObject({ code: 4303, data: { code: "policy_unavailable", retryable: true } });
    }
    const call = await callTool(client, "read_invoice", { id: "INV-9" });
    expect(call).toMatchObject({ isError: true, _meta: { "dev.hopwise/denial": { retryable: true } } });
    expect(codeOf(call)).toBe("policy_unavailable");
    expect(errorCodeOf(await failure(client.readResource({ uri: "policy://payments" })))).toBe("policy_unavailable");
    await client.close();
  });

  it("a call that waits for them longer than its tool may take is not run afterwards", async () => {
    let asked = (): void => {};
    const waiting = new Promise<void>((resolve) => {
      asked = resolve;
    });
    let release = (): void => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const slow: typeof world.pdp.client.checkResources = async (question, options) => {
      asked();
      await held;
      return world.pdp.client.checkResources(question, { ...options, signal: AbortSignal.timeout(5000) });
    };
    const ran: string[] = [];
    const served = await serveHere(world, {
      stateless: true,
      map: { quick: OPEN_TO_ALICE },
      authorizer: {
        deadlineMs: 10_000,
        cerbos: { checkResources: slow, planResources: world.pdp.client.planResources.bind(world.pdp.client) },
      },
      add: (server) =>
        server.addTool({ name: "quick", parameters, timeoutMs: 50, execute: async ({ name }) => void ran.push(name) }),
    });
    const answer = post(served.url, await provenCall(await plannerWith(world, "quick"), 1, "quick", { name: "x" }));
    await waiting;
    expect((await answer).messages[0]?.result).toMatchObject({ isError: true });
    release();
    await vi.waitFor(() => expect(served.audit.records.at(-1)).toMatchObject({ tool: "quick", outcome: "allowed" }));
    await new Promise((resolve) => setImmediate(resolve));
    expect(ran).toEqual([]);
  });
});

describe("a source that fails", () => {
  it("denies the call with context_unavailable, and its error stays inside", async () => {
    const served = await serveHere(world, {
      stateless: true,
      map: {
        odd: {
          ...OPEN_TO_ALICE,
          attributes: () => {
            throw new TypeError("password=hunter2 in /srv/db");
          },
        },
      },
      add: (server) => server.addTool({ name: "odd", parameters, execute: async () => "ran" }),
    });
    const { text, messages } = await post(
      served.url,
      await provenCall(await plannerWith(world, "odd"), 1, "odd", { name: "x" }),
    );
    expect(codeOf(messages[0]?.result)).toBe("context_unavailable");
    expect(text).not.toMatch(/hunter2|srv/);
  });

  it("of a kind that nobody thought of is a denial, too, and a log that fails does not change that", async () => {
    const { authorizer } = world.authorizer({ tools: { odd: OPEN_TO_ALICE } });
    const broken = {
      ...authorizer,
      admit: async (call: Parameters<typeof authorizer.admit>[0]) => {
        const admission = await authorizer.admit(call);
        if (call.tool === "odd" && admission.outcome === "admitted")
          return { ...admission, decide: async () => Promise.reject(new RangeError("hunter2")) };
        throw new RangeError("hunter2");
      },
    };
    const server = emptyServer(broken as typeof authorizer);
    let ran = 0;
    server.addTool({
      name: "odd",
      parameters,
      execute: async () => {
        ran++;
        return "";
      },
    });
    const loose = await loosely(server);
    const transport = server.sessions[0]?.server.transport;
    if (transport)
      transport.onerror = () => {
        throw new Error("the disk is full");
      };
    const held = await plannerWith(world, "odd");
    loose.say(await provenCall(held, 1, "odd", { name: "x" }));
    loose.say(await proven(held, request(2, "tools/list")));
    expect(codeOf((await loose.answer(1)).result)).toBe("guard_failed");
    expect((await loose.answer(2)).error).toMatchObject({ code: 4303, data: { code: "guard_failed" } });
    expect(JSON.stringify(loose.sent)).not.toContain("hunter2");
    expect(ran).toBe(0);
  });
});

describe("a client that leaves", () => {
  it("in the middle of a call harms nobody, on a session and without one", async () => {
    for (const stateless of [true, false]) {
      const running: (() => void)[] = [];
      const served = await serveHere(world, {
        stateless,
        map: { slow: OPEN_TO_ALICE },
        add: (server) =>
          server.addTool({
            name: "slow",
            parameters,
            execute: async (_, { log, reportProgress, streamContent }) => {
              await new Promise<void>((resolve) => running.push(resolve));
              log.info("nobody hears this");
              await reportProgress({ progress: 1 });
              await streamContent({ type: "text", text: "nor this" });
              return "done";
            },
          }),
      });
      const own = stateless ? {} : await session(served.url);
      const held = await plannerWith(world, "slow");
      for (let id = 1; id <= 3; id++) {
        const params = { name: "slow", arguments: { name: "x" }, _meta: { progressToken: 1 } };
        const body = JSON.stringify(await proven(held, request(id, "tools/call", params)));
        const stream = await openStream(served.url, { method: "POST", headers: own, body });
        await vi.waitFor(() => expect(running).toHaveLength(id));
        stream.close();
        await new Promise((resolve) => setTimeout(resolve, 20));
        running[id - 1]?.();
      }
      // The same ids are free again: nothing of the abandoned calls was kept.
      await vi.waitFor(async () => {
        const { messages } = await post(served.url, request(1, "ping"), own);
        expect(messages[0]).toHaveProperty("result");
      });
      const { messages } = await post(
        served.url,
        await provenCall(world.planner, 2, "read_invoice", { id: "INV-9" }),
        own,
      );
      expect(textOf(messages[0]?.result)).toContain("toner");
    }
  });

  it("while the server stops harms nobody either", async () => {
    const served = await serveHere(world, {
      map: { slow: OPEN_TO_ALICE },
      add: (server) =>
        server.addTool({
          name: "slow",
          parameters,
          execute: async (_, { signal }) => {
            await once(signal, "abort");
            return "too late";
          },
        }),
    });
    const own = await session(served.url);
    const body = JSON.stringify(await provenCall(await plannerWith(world, "slow"), 1, "slow", { name: "x" }));
    const stream = await openStream(served.url, { method: "POST", headers: own, body });
    await served.stop();
    expect(stream.text).not.toContain("too late");
  });
});

describe("a transport that closes", () => {
  it("while a request is checked: nothing is loaded for it afterwards", async () => {
    let release = (): void => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    let asked = 0;
    const { client } = world.pdp;
    const checkResources: typeof client.checkResources = async (question) => {
      asked++;
      await held;
      return client.checkResources(question);
    };
    const planResources = client.planResources.bind(client);
    const { authorizer, audit } = world.authorizer({ deadlineMs: 10_000, cerbos: { checkResources, planResources } });
    const server = emptyServer(authorizer);
    let loaded = 0;
    server.addResource({
      uri: "policy://payments",
      name: "p",
      load: async () => {
        loaded++;
        return { text: "" };
      },
    });
    const loose = await loosely(server);
    loose.say(await proven(world.planner, request(1, "resources/read", { uri: "policy://payments" })));
    await vi.waitFor(() => expect(asked).toBe(2));
    await loose.close();
    release();
    await vi.waitFor(() => expect(audit.records.at(-1)).toMatchObject({ outcome: "allowed" }));
    await new Promise((resolve) => setImmediate(resolve));
    expect(loaded).toBe(0);
    expect(loose.sent).toHaveLength(1);
  });
});

describe("start()", () => {
  it("says so where the port is taken, and can be called again with another", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const { port } = taken.address() as { port: number };
    const server = emptyServer(world.authorizer().authorizer);
    const error = await failure(
      server.start({ transportType: "httpStream", httpStream: { port, host: "127.0.0.1", stateless: true } }),
    );
    expect(error).toMatchObject({ code: "EADDRINUSE", message: expect.stringContaining(String(port)) });
    expect(server.serverState).toBe("stopped");
    taken.close();
    const { url, stop } = await start(server, true);
    expect((await post(url, request(1, "tools/list"))).messages[0]).toMatchObject({ error: { code: 4301 } });
    await stop();
  });
});
