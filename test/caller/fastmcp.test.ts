/** For whom a guarded FastMCP server's code runs: everything that a server can add, and every way in which a call ends. */
import { setTimeout as sleep } from "node:timers/promises";
import { type Caller, caller, type RunningCall } from "@hopwise/fastmcp";
import { freePort } from "@hopwise/fastmcp/testing";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import { type Context, FastMCP, type FastMCPSessionAuth } from "fastmcp";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { quiet } from "../support/quiet.ts";
import { clientOf, createScene, expectedOf, expectHarmless, type Scene, serve } from "./scene.ts";

let scene: Scene;
beforeAll(async () => {
  scene = await createScene();
});
afterAll(() => scene.close());

type Seen = readonly [byFunction: Caller | undefined, byContext: Caller | undefined];
type Look = (context: object | undefined) => Promise<void>;

/** What a server can be given: `addTool`, and so on. A new one does not compile before it has its row. */
type Adder = Exclude<Extract<keyof FastMCP, `add${string}`>, `${string}s` | "addListener">;

interface Row {
  add(server: FastMCP, look: Look): void;
  call(client: Client): Promise<unknown>;
}

const ROWS: { readonly [Name in Adder]: Row } = {
  addTool: {
    add: (server, look) =>
      server.addTool({ name: "who", execute: async (_, context) => look(context).then(() => "done") }),
    call: (client) => client.callTool({ name: "who", arguments: {} }),
  },
  addResource: {
    add: (server, look) =>
      server.addResource({
        uri: "me://who",
        name: "who",
        load: async (_, context) => look(context).then(() => ({ text: "done" })),
      }),
    call: (client) => client.readResource({ uri: "me://who" }),
  },
  addResourceTemplate: {
    add: (server, look) =>
      server.addResourceTemplate({
        uriTemplate: "us://{name}",
        name: "us",
        arguments: [{ name: "name" }],
        load: async (_, __, context) => look(context).then(() => ({ text: "done" })),
      }),
    call: (client) => client.readResource({ uri: "us://who" }),
  },
  addPrompt: {
    add: (server, look) =>
      server.addPrompt({ name: "who", load: async (_, __, context) => look(context).then(() => "done") }),
    call: (client) => client.getPrompt({ name: "who" }),
  },
};
const ADDERS = Object.entries(ROWS);

// What a tool's author writes: FastMCP's own type of a context does not know the caller.
const typed = async (_: unknown, { caller: own }: Context<FastMCPSessionAuth> & Partial<RunningCall>) =>
  own?.agents.join() ?? "nobody";

const callerIn = (context: object | undefined): Caller | undefined =>
  (context as { caller?: Caller } | undefined)?.caller;
const look = (context: object | undefined): Seen => [caller(), callerIn(context)];
const NOBODY: Seen = [undefined, undefined];

describe.each(ADDERS)("what %s adds", (_, { add, call }) => {
  const served = (look: Look, options = {}) => serve(scene.point(), (server) => add(server, look), options);

  it("knows for whom it runs, and outside of a call nobody does", async () => {
    const seen: Seen[] = [];
    const url = await served(async (context) => void seen.push(look(context)));
    for (const delegation of [scene.ann, scene.ben]) {
      await call(await clientOf(scene, url, delegation));
      expect(seen.pop()).toStrictEqual([expectedOf(delegation), expectedOf(delegation)]);
    }
    expect(caller()).toBeUndefined();
  });

  it.each([false, true])(
    "knows it through all that it awaits, whoever else calls meanwhile (stateful: %s)",
    async (stateful) => {
      const seen: (readonly Seen[])[] = [];
      const many = async (context: object | undefined) => {
        const first = look(context);
        await sleep(5);
        const second = await Promise.resolve().then(() => look(context));
        await new Promise((resolve) => setImmediate(resolve));
        seen.push([first, second, look(context)]);
      };
      const url = await served(many, { stateful });
      const clients = await Promise.all([scene.ann, scene.ben].map((delegation) => clientOf(scene, url, delegation)));
      await Promise.all(Array.from({ length: 20 }, (_, i) => call(clients[i % 2] as Client)));
      const users = seen.map((looks) => [...new Set(looks.flat().map((found) => found?.user.subject))]);
      expect(users.map((names) => names.length)).toEqual(Array(20).fill(1));
      expect(users.flat().sort()).toEqual([...Array(10).fill("ann"), ...Array(10).fill("ben")]);
    },
  );

  it("and what it left running knows nobody any more: not after it, and not once it was answered", async () => {
    const late: Seen[] = [];
    const answered = Promise.withResolvers<void>();
    const left: Promise<unknown>[] = [];
    const held: Seen[] = [];
    const url = await served(async (context) => {
      held.push(look(context));
      // A turn of the loop later, long before the answer has left.
      const next = new Promise((resolve) => setImmediate(resolve));
      left.push(...[next, answered.promise].map((when) => when.then(() => late.push(look(context)))));
    });
    await call(await clientOf(scene, url, scene.ann));
    answered.resolve();
    await Promise.all(left);
    expect(late).toEqual([NOBODY, NOBODY]);
    expect(held).toStrictEqual([[expectedOf(scene.ann), expectedOf(scene.ann)]]);
  });

  it("that fails leaves no caller to the next one", async () => {
    const seen: Seen[] = [];
    const url = await served(async (context) => {
      seen.push(look(context));
      if (seen.length === 1) throw new Error("broken");
    });
    const [ann, ben] = [await clientOf(scene, url, scene.ann), await clientOf(scene, url, scene.ben)];
    await call(ann).catch(() => {});
    await call(ben);
    expect(seen.map(([found]) => found?.user.subject)).toEqual(["ann", "ben"]);
  });
});

describe("what a tool is told of its caller", () => {
  it("is frozen through and through, cannot be replaced, and has nothing of a token", async () => {
    const found: (Caller | undefined)[] = [];
    const writes: unknown[] = [];
    const url = await serve(scene.point(), (server) =>
      ROWS.addTool.add(server, async (context) => {
        found.push(caller(), callerIn(context));
        try {
          Object.assign(context as object, { caller: { user: { subject: "root" } } });
        } catch (error) {
          writes.push(error);
        }
        found.push(callerIn(context));
      }),
    );
    await ROWS.addTool.call(await clientOf(scene, url, scene.ben));
    expect(found).toHaveLength(3);
    for (const one of found) {
      expect(one).toStrictEqual(expectedOf(scene.ben));
      expectHarmless(one, scene.ann, scene.ben);
    }
    expect(writes).toEqual([expect.any(TypeError)]);
  });

  it("is typed in FastMCP's context as well", async () => {
    const url = await serve(scene.point(), (server) => server.addTool({ name: "who", execute: typed }));
    const answer = await (await clientOf(scene, url, scene.ben)).callTool({ name: "who", arguments: {} });
    expect(answer.content).toMatchObject([{ text: "planner,researcher" }]);
  });

  it("is the user alone where no agent stands between", async () => {
    const seen: Seen[] = [];
    const issuer = "https://id.acme.example";
    const url = await serve(scene.point(), (server) => ROWS.addTool.add(server, async (c) => void seen.push(look(c))), {
      userFromAuth: () => ({ issuer, subject: "ann" }),
    });
    await ROWS.addTool.call(await clientOf(scene, url));
    const user = { issuer, subject: "ann", id: "u-1" };
    const expected = { user, agents: [], hops: [{ kind: "user", id: "u-1" }], chain: undefined, tenant: issuer };
    expect(seen).toStrictEqual([[expected, expected]]);
  });

  it("is nobody before the decision: not to a schema, not to onToolCall, not to a list", async () => {
    const seen: [where: string, found: unknown][] = [];
    const note = (where: string) => void seen.push([where, caller()]);
    const parameters = z.object({}).refine(() => [note("schema")]);
    const url = await serve(
      scene.point(),
      (server) => {
        server.addTool({
          name: "who",
          parameters,
          execute: async () => "done",
          canAccess: () => [note("canAccess")].length > 0,
        });
      },
      { onToolCall: () => note("onToolCall") },
    );
    const client = await clientOf(scene, url, scene.ann);
    await client.listTools();
    await ROWS.addTool.call(client);
    expect(seen.map(([where]) => where)).toEqual(expect.arrayContaining(["schema", "onToolCall"]));
    expect(seen.filter(([, found]) => found !== undefined)).toEqual([]);
  });

  it.each(["its client gave it up", "it took too long"])("is nobody once a call has ended because %s", async (why) => {
    const begun = Promise.withResolvers<void>();
    const gone = Promise.withResolvers<void>();
    const late = Promise.withResolvers<readonly Seen[]>();
    const add = (server: FastMCP) =>
      server.addTool({
        name: "who",
        // It counts from before the decision, which a busy machine is late with.
        ...(why === "it took too long" && { timeoutMs: 2000 }),
        execute: async (_, context) => {
          const first = look(context);
          begun.resolve();
          await gone.promise;
          late.resolve([first, look(context)]);
          return "done";
        },
      });
    // Over stateless HTTP no cancellation finds its call.
    const url = await serve(scene.point(), add, { stateful: true });
    const client = await clientOf(scene, url, scene.ann);
    const stop = new AbortController();
    const call = client.callTool({ name: "who", arguments: {} }, undefined, { signal: stop.signal }).catch(() => {});
    await begun.promise;
    if (why === "its client gave it up") stop.abort();
    await call;
    // The cancellation is a message of its own; this one is answered after it.
    await client.ping();
    gone.resolve();
    const [first, last] = await late.promise;
    expect(first).toStrictEqual([expectedOf(scene.ann), expectedOf(scene.ann)]);
    expect(last).toEqual(NOBODY);
  });

  it("stays the same while the tool asks a server of this process that has no guard", async () => {
    const open = new FastMCP({ name: "open", version: "1.0.0", logger: quiet });
    ROWS.addResource.add(open, async () => {});
    const seen: Seen[] = [];
    const url = await serve(scene.point(), (server) =>
      ROWS.addTool.add(server, async (context) => {
        const [near, far] = InMemoryTransport.createLinkedPair();
        const client = new Client({ name: "inner", version: "1.0.0" });
        await Promise.all([open.connect(far), client.connect(near)]);
        await ROWS.addResource.call(client);
        seen.push(look(context));
      }),
    );
    await ROWS.addTool.call(await clientOf(scene, url, scene.ann));
    expect(seen).toStrictEqual([[expectedOf(scene.ann), expectedOf(scene.ann)]]);
  });

  it("is not there on a server without a guard, whose contexts stay as they are", async () => {
    const seen: unknown[] = [];
    const server = new FastMCP({ name: "open", version: "1.0.0", logger: quiet });
    for (const { add } of Object.values(ROWS)) {
      add(server, async (context) => void seen.push(caller(), Object.hasOwn(context as object, "caller")));
    }
    const port = await freePort();
    await server.start({ transportType: "httpStream", httpStream: { port, host: "127.0.0.1" } });
    onTestFinished(() => server.stop());
    const client = await clientOf(scene, `http://127.0.0.1:${port}/mcp`);
    for (const { call } of Object.values(ROWS)) await call(client);
    expect(seen).toEqual(Object.values(ROWS).flatMap(() => [undefined, false]));
  });
});
