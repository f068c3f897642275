/** What ran is exactly what was checked: arguments on their way from the wire, through the tool's schema, to the tool. */
import type { JsonObject } from "@hopwise/core/adapter";
import { exact, grant, wildcard } from "@hopwise/core/grant";
import { createGuardedTools, type RequestScope } from "@hopwise/mcp";
import { UserError } from "fastmcp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { allowed, requestScope } from "../../packages/mcp/src/guard/guard.fixture.ts";
import { callTool, clientOf, codeOf, post, provenCall, textOf } from "../support/mcp/client.ts";
import {
  emptyServer,
  OPEN_TO_ALICE,
  OPEN_TO_NOBODY,
  plannerWith,
  type Served,
  serve,
  start,
} from "../support/mcp/server.ts";
import { quietConsole } from "../support/quiet.ts";
import { worldHere } from "../support/world.ts";

const world = await worldHere();
quietConsole("log", "error");

/** A PDP that lets one see what it was asked. */
function watched(seen: JsonObject[]) {
  const { client } = world.pdp;
  return {
    checkResources: ((request, options) => {
      seen.push(request.resources[0]?.resource.attr?.["args"] as JsonObject);
      return client.checkResources(request, options);
    }) as typeof client.checkResources,
    planResources: client.planResources.bind(client),
  };
}

const booking = z.object({ name: z.string(), seats: z.coerce.number().int(), class: z.string().default("economy") });

describe("arguments that a schema changes", () => {
  let served: Served;
  const ran: unknown[] = [];
  const asked: JsonObject[] = [];

  beforeAll(async () => {
    served = await serve(world, {
      stateless: true,
      map: { book: OPEN_TO_ALICE, nothing: { ...OPEN_TO_ALICE, projection: () => ({ name: "none" }) } },
      authorizer: { cerbos: watched(asked) },
      add: (server) => {
        server.addTool({
          name: "book",
          parameters: booking,
          execute: async (args) => {
            ran.push(args);
            return "booked";
          },
        });
        server.addTool({
          name: "nothing",
          execute: async (args) => {
            ran.push(args);
            return "done";
          },
        });
      },
    });
  });
  afterAll(() => served.stop());

  it("are checked after it: coerced, with defaults, without unknown members, and frozen to the bottom", async () => {
    const client = await clientOf(served.url, await plannerWith(world, "book"));
    const answer = await callTool(client, "book", { name: "alice", seats: "5", discount: 100 });
    expect(textOf(answer)).toBe("booked");
    const expected = { name: "alice", seats: 5, class: "economy" };
    expect(ran).toEqual([expected]);
    expect(asked).toEqual([expected, expected]);
    expect(Object.isFrozen(ran[0])).toBe(true);
    const { argumentsHash } = served.audit.records.at(-1) ?? {};
    expect(argumentsHash?.parsed).toBeDefined();
    expect(argumentsHash?.parsed).not.toBe(argumentsHash?.received);
    await client.close();
  });

  it("are checked against the grant before it and after it", async () => {
    const held = await world.issuer.issue({
      subject: "alice",
      agent: "planner",
      holder: world.keys.planner,
      grant: grant({ book: { name: wildcard(), seats: exact("5"), class: wildcard() } }),
    });
    const client = await clientOf(served.url, held);
    const before = ran.length;
    const codes = [
      codeOf(await callTool(client, "book", { name: "alice", seats: "6", class: "economy" })),
      codeOf(await callTool(client, "book", { name: "alice", seats: "5", class: "economy" })),
    ];
    expect(codes).toEqual(["grant_argument_refused", "grant_argument_refused"]);
    expect(ran).toHaveLength(before);
    await client.close();
  });

  it("never reach a tool that takes none", async () => {
    const client = await clientOf(served.url, await plannerWith(world, "nothing"));
    await callTool(client, "nothing", { amount: 9000 });
    expect(ran.at(-1)).toBeUndefined();
    await client.close();
  });
});

describe("arguments that somebody else holds, too", () => {
  it("are those that were checked, though a hook changes its reference while the policies are asked", async () => {
    const asked: JsonObject[] = [];
    const { authorizer } = world.authorizer({ tools: { book: OPEN_TO_ALICE }, cerbos: watched(asked) });
    const ran: unknown[] = [];
    const server = emptyServer(authorizer, {
      onToolCall: ({ arguments: held }) => {
        const mine = held as { seats: number };
        mine.seats = 2;
        queueMicrotask(() => {
          mine.seats = 3;
        });
        setImmediate(() => {
          mine.seats = 4;
        });
      },
    });
    server.addTool({ name: "book", parameters: booking, execute: async (args) => void ran.push(args) });
    const { url, stop } = await start(server, true);
    const client = await clientOf(url, await plannerWith(world, "book"));
    await callTool(client, "book", { name: "alice", seats: 1 });
    expect(asked[0]).toEqual(ran[0]);
    expect(ran).toHaveLength(1);
    await client.close();
    await stop();
  });
});

describe("values that JSON cannot say", () => {
  const schemas = {
    date: z.object({ name: z.string(), value: z.iso.date().transform((text) => new Date(text)) }),
    map: z.object({ name: z.string(), value: z.array(z.string()).transform((all) => new Map([[1, all]])) }),
    url: z.object({ name: z.string(), value: z.url().transform((text) => new URL(text)) }),
  };
  const given = { date: "2026-12-24", map: ["a"], url: "https://a.example/" };
  const shown = {
    date: (value: Date) => value.toISOString(),
    map: (value: Map<unknown, unknown>) => value.size,
    url: (value: URL) => value.href,
  } as const;
  const kinds = ["date", "map", "url"] as const;

  it.each(kinds)("a %s is refused without a projection, and the record says where", async (kind) => {
    const { served, call, ran } = await toolOf(kind, false);
    expect(codeOf(await call())).toBe("arguments_malformed");
    expect(ran).toEqual([]);
    expect(served.audit.records.at(-1)).toMatchObject({ code: "arguments_malformed", stage: "arguments" });
    expect(served.audit.records.at(-1)?.message).toMatch(/not plain data at "\/value"/);
    await served.stop();
  });

  it.each(kinds)(
    "a %s reaches the tool as it is where the tool map projects it, and the projection is checked",
    async (kind) => {
      const { served, call, ran, asked } = await toolOf(kind, true);
      expect(textOf(await call())).toBe("done");
      const value = (ran[0] as { value: never }).value;
      expect(value).toBeInstanceOf({ date: Date, map: Map, url: URL }[kind]);
      expect(asked[0]).toEqual({ name: "alice", value: shown[kind](value) });
      expect(served.audit.records.at(-1)?.argumentsHash.parsed).toBeDefined();
      await served.stop();
    },
  );

  it("are refused where the projection fails, or gives no plain data either", async () => {
    for (const projection of [
      () => {
        throw new Error("no");
      },
      () => "text",
      (value: unknown) => value,
    ]) {
      const { served, call, ran } = await toolOf("date", projection);
      expect(codeOf(await call())).toBe("arguments_malformed");
      expect(ran).toEqual([]);
      await served.stop();
    }
  });

  async function toolOf(kind: (typeof kinds)[number], projection: boolean | ((value: never) => unknown)) {
    const ran: unknown[] = [];
    const asked: JsonObject[] = [];
    const project = ({ name, value }: { name: string; value: never }) => ({ name, value: shown[kind](value) });
    const served = await serve(world, {
      stateless: true,
      map: {
        odd: {
          ...OPEN_TO_ALICE,
          ...(projection !== false && { projection: projection === true ? (project as never) : projection }),
        },
      },
      authorizer: { cerbos: watched(asked) },
      add: (server) =>
        server.addTool({
          name: "odd",
          parameters: schemas[kind],
          execute: async (args) => {
            ran.push(args);
            return "done";
          },
        }),
    });
    const held = await plannerWith(world, "odd");
    const call = async () => {
      const { messages } = await post(
        served.url,
        await provenCall(held, 1, "odd", { name: "alice", value: given[kind] }),
      );
      return messages[0]?.result;
    };
    return { served, call, ran, asked };
  }
});

describe("a tool with an output schema", () => {
  it("answers what it answers, an error of its own, and a denial in the usual form", async () => {
    const tool = {
      parameters: z.object({ name: z.string(), a: z.number(), b: z.number() }),
      outputSchema: z.object({ total: z.number() }),
      execute: async ({ a, b }: { a: number; b: number }) => {
        if (a < 0) throw new UserError("not below zero");
        return { total: a + b };
      },
    };
    const served = await serve(world, {
      stateless: true,
      map: { sum: OPEN_TO_ALICE, locked: OPEN_TO_NOBODY },
      add: (server) =>
        server.addTools([
          { name: "sum", ...tool },
          { name: "locked", ...tool },
        ] as never),
    });
    const client = await clientOf(served.url, await plannerWith(world, "sum", "locked"));
    // The SDK's client holds answers against the output schemas it was shown.
    expect((await client.listTools()).tools.map(({ name }) => name)).toContain("sum");
    expect(await callTool(client, "sum", { name: "x", a: 1, b: 2 })).toMatchObject({ structuredContent: { total: 3 } });
    expect(textOf(await callTool(client, "sum", { name: "x", a: -1, b: 2 }))).toBe("not below zero");
    const denied = await callTool(client, "locked", { name: "x", a: 1, b: 2 });
    expect(denied).toMatchObject({ isError: true });
    expect(codeOf(denied)).toBe("policy_denied");
    expect(denied).not.toHaveProperty("structuredContent");
    await client.close();
    await served.stop();
  });
});

describe("the wrapper round a tool", () => {
  const allowing = requestScope({ tool: "book", decide: async () => allowed({ arguments: { a: 1 } }) });
  const run = (within: RequestScope | undefined, given: unknown) => {
    const tools = createGuardedTools();
    const book = tools.wrap("book", (args: unknown) => ({ ranWith: args }));
    return within ? tools.scope.run(within, () => book(given)) : book(given);
  };

  it("runs nothing outside of a guarded request, nor within that of another tool", async () => {
    for (const within of [undefined, { ...allowing, tool: "other" }, { ...allowing, tool: undefined }]) {
      const answer = await run(within, { a: 1 });
      expect(answer).not.toHaveProperty("ranWith");
      expect(codeOf(answer)).toBe("method_unguarded");
    }
  });

  it("gives a tool that takes none no arguments, any other those that were decided", async () => {
    expect(await run(allowing, undefined)).toEqual({ ranWith: undefined });
    expect(await run(allowing, { a: 2 })).toEqual({ ranWith: { a: 1 } });
  });
});
