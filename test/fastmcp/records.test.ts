/** The record tells what happened: each way in which a guarded server ends a call by itself has a code of its own. */
import type { AuthorizerOptions } from "@hopwise/core";
import type { PointRefusal } from "@hopwise/core/adapter";
import type { DecisionRecord } from "@hopwise/core/audit";
import { guard } from "@hopwise/fastmcp";
import { FastMCP } from "fastmcp";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { z } from "zod";
import { codeOf, post, proven, provenCall, request, session } from "../support/mcp/client.ts";
import { loosely } from "../support/mcp/loose-transport.ts";
import { emptyServer, OPEN_TO_ALICE, OPEN_TO_NOBODY, plannerWith, start } from "../support/mcp/server.ts";
import { quietConsole } from "../support/quiet.ts";
import { type World, worldHere } from "../support/world.ts";

const world = await worldHere();
quietConsole("log");

const parameters = z.object({ name: z.string() });
const ran: string[] = [];
const tool = (name: string) => ({ name, parameters, execute: async () => `${ran.push(name)} ran` });
const MAP = { open: OPEN_TO_ALICE, locked: OPEN_TO_NOBODY, early: OPEN_TO_ALICE };

type Authorizing = ReturnType<World["authorizer"]>["authorizer"];

/** A server, and what a call of its tool `open` ends in. */
interface Way {
  readonly when: string;
  server(authorizer: Authorizing): FastMCP;
  readonly call?: { readonly name?: string; readonly args?: object };
  readonly options?: Partial<AuthorizerOptions>;
}

const served = (authorizer: Authorizing, then: (server: FastMCP) => void = () => {}): FastMCP => {
  const server = emptyServer(authorizer);
  server.addTool(tool("open"));
  then(server);
  return server;
};

/** A code of the guard's without a way to it does not compile; `call_withdrawn` has a test of its own, since its call has no answer. */
const WAYS: { readonly [Code in Exclude<PointRefusal["code"], "call_withdrawn">]: readonly Way[] } = {
  tool_unguarded: [{ when: "is not there", server: (authorizer) => served(authorizer), call: { name: "nowhere" } }],
  tool_not_served: [
    { when: "was removed", server: (authorizer) => served(authorizer, (server) => server.removeTool("open")) },
    {
      when: "was added before the guard, and removed",
      server: (authorizer) => {
        const server = new FastMCP({ name: "test", version: "1.0.0" });
        server.addTool(tool("early"));
        guard(server, authorizer).removeTool("early");
        return server;
      },
      call: { name: "early" },
    },
    {
      when: "is closed to the session by canAccess",
      server: (authorizer) => {
        const server = new FastMCP({ name: "test", version: "1.0.0", authenticate: async () => ({ role: "guest" }) });
        guard(server as unknown as FastMCP, authorizer);
        server.addTool({ ...tool("open"), canAccess: ({ role }: { role: string }) => role === "admin" });
        return server as unknown as FastMCP;
      },
    },
  ],
  arguments_refused: [
    { when: "does not fit its schema", server: (authorizer) => served(authorizer), call: { args: { name: 7 } } },
    { when: "has no arguments", server: (authorizer) => served(authorizer), call: { args: {} } },
  ],
  server_refused: [
    {
      when: "is refused by a hook of the server's own",
      server: (authorizer) => {
        const onToolCall = (): never => {
          throw new Error("not on Sundays");
        };
        const server = emptyServer(authorizer, { onToolCall });
        server.addTool(tool("open"));
        return server;
      },
    },
  ],
  guard_failed: [
    {
      when: "meets a fault of the guard",
      server: (authorizer) =>
        served({
          ...authorizer,
          admit: async (call) => {
            const admission = await authorizer.admit(call);
            return admission.outcome === "admitted"
              ? { ...admission, decide: async () => Promise.reject(new Error("a fault")) }
              : admission;
          },
        }),
    },
  ],
};

const rows = Object.entries(WAYS).flatMap(([code, ways]) => ways.map((way) => [way.when, code, way] as const));

async function ended(
  { server, call: { name = "open", args = { name: "x" } } = {}, options }: Way,
  isStateless: boolean,
) {
  const { authorizer, audit } = world.authorizer({ tools: MAP, ...options });
  const { url, stop } = await start(server(authorizer), isStateless);
  onTestFinished(stop);
  const before = ran.length;
  const { messages } = await post(url, await provenCall(await plannerWith(world, name), 1, name, args));
  return {
    records: audit.records,
    unverified: audit.unverifiedSamples,
    answer: messages[0],
    hasRun: ran.length > before,
  };
}

/** The caller of call 1 withdraws it, or goes; the server has a turn to hear of it. */
async function leaving(loose: Awaited<ReturnType<typeof loosely>>, how: "withdraw" | "close"): Promise<void> {
  if (how === "close") void loose.close();
  else loose.say({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } });
  await new Promise((turn) => setImmediate(turn));
}

describe("a call of a tool that", () => {
  it.each(rows)("%s is on record as %s, and as nothing else", async (_, code, way) => {
    const { records, unverified, hasRun } = await ended(way, true);
    // A fault of the guard may come when nothing can be recorded in the call's own name any more.
    const codes = [...records, ...unverified].map((record) => record.code);
    expect(codes).toEqual([code]);
    expect(hasRun).toBe(false);
  });

  it("was removed while a session runs is on record as tool_not_served, too", async () => {
    const { authorizer, audit } = world.authorizer({ tools: MAP });
    const server = served(authorizer);
    const { url, stop } = await start(server);
    onTestFinished(stop);
    const own = await session(url);
    server.removeTool("open");
    await post(url, await provenCall(await plannerWith(world, "open"), 1, "open", { name: "x" }), own);
    expect(audit.records.map(({ code }) => code)).toEqual(["tool_not_served"]);
  });

  it("its caller withdraws, or leaves for good, is on record as what its schema says then, and not as one without an end", async () => {
    for (const leave of ["withdraw", "close"] as const) {
      const { authorizer, audit } = world.authorizer({ tools: MAP });
      const server = emptyServer(authorizer);
      const [begun, refuse] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const slow = z.object({
        name: z.string().refine(async () => {
          begun.resolve();
          await refuse.promise;
          return false;
        }),
      });
      server.addTool({ ...tool("open"), parameters: slow });
      const loose = await loosely(server);
      const call = request(1, "tools/call", { name: "open", arguments: { name: "x" } });
      loose.say(await proven(await plannerWith(world, "open"), call));
      await begun.promise;
      await leaving(loose, leave);
      refuse.resolve();
      await expect.poll(() => [leave, ...audit.records.map(({ code }) => code)]).toEqual([leave, "arguments_refused"]);
      expect(loose.sent.filter(({ id }) => id === 1)).toEqual([]);
    }
  });

  it("its caller withdraws, or leaves for good, while it is let in is on record as call_withdrawn", async () => {
    for (const leave of ["withdraw", "close"] as const) {
      const { authorizer, audit } = world.authorizer({ tools: MAP });
      const [begun, left] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const admit: typeof authorizer.admit = async (asked) => {
        begun.resolve();
        await left.promise;
        return authorizer.admit(asked);
      };
      const loose = await loosely(served({ ...authorizer, admit }));
      const before = ran.length;
      loose.say(
        await proven(await plannerWith(world, "open"), request(1, "tools/call", { name: "open", arguments: {} })),
      );
      await begun.promise;
      await leaving(loose, leave);
      left.resolve();
      await expect.poll(() => [leave, ...audit.records.map(({ code }) => code)]).toEqual([leave, "call_withdrawn"]);
      expect([ran.length - before, loose.sent.filter(({ id }) => id === 1)]).toEqual([0, []]);
    }
  });

  it("its caller may not see is on record with what refused it, and with that alone to operators", async () => {
    const way: Way = {
      when: "",
      server: (authorizer) => {
        const server = emptyServer(authorizer);
        server.addTool(tool("locked"));
        return server;
      },
      call: { name: "locked", args: { name: 7 } },
    };
    const { records, answer } = await ended(way, true);
    expect(records).toMatchObject([{ code: "tool_hidden", message: expect.stringContaining("arguments_refused") }]);
    expect(codeOf(answer?.result)).toBe("policy_denied");
    expect(JSON.stringify(answer)).not.toContain("arguments_refused");
  });
});

describe("a record that says allowed", () => {
  it("has the verdict of every hop, or is that of a list", async () => {
    const all: DecisionRecord[] = [];
    for (const [, , way] of rows) all.push(...(await ended(way, true)).records);
    const { authorizer, audit } = world.authorizer({ tools: MAP });
    const { url, stop } = await start(served(authorizer), true);
    onTestFinished(stop);
    const held = await plannerWith(world, "open");
    await post(url, await provenCall(held, 1, "open", { name: "x" }));
    await post(url, await proven(held, request(2, "tools/list")));
    all.push(...audit.records);
    const allowed = all.filter(({ outcome }) => outcome === "allowed");
    expect(allowed.map(({ tool: name }) => name)).toEqual(["open", "mcp:tools/list"]);
    for (const { verdicts, shown } of allowed)
      expect(shown !== undefined || (verdicts.length === 2 && verdicts.every(({ effect }) => effect === "allow"))).toBe(
        true,
      );
  });
});

describe("a request that no authorizer is asked about", () => {
  it.each<[string, unknown, string]>([
    ["of a kind that is not guarded", request(1, "completion/complete", {}), "method_unguarded"],
  ])("%s is counted with what was wrong, as a stranger's", async (_, message, code) => {
    const { authorizer, audit } = world.authorizer({ tools: MAP });
    const { url, stop } = await start(served(authorizer), true);
    onTestFinished(stop);
    await post(url, message);
    await vi.waitFor(() => expect([...audit.unverifiedCounts]).toEqual([[code, 1]]));
    expect(audit.records).toEqual([]);
  });
});

describe("a request at fault", () => {
  const reading = async (uri: unknown) =>
    proven(await plannerWith(world, "mcp:resources/read"), request(1, "resources/read", { uri }));
  it.each<[string, () => Promise<unknown>]>([
    ["a resource without a URI", () => reading(undefined)],
    ["a resource of no URI", () => reading("")],
    ["a resource of null", () => reading(null)],
    ["a resource of a list", () => reading(["policy://payments"])],
    [
      "a prompt without a name",
      async () => proven(await plannerWith(world, "mcp:prompts/get"), request(1, "prompts/get", {})),
    ],
    [
      "a tool whose id is an argument that is missing",
      async () => provenCall(await plannerWith(world, "byId"), 1, "byId", {}),
    ],
    [
      "a tool whose id is an argument that is empty",
      async () => provenCall(await plannerWith(world, "byId"), 1, "byId", { id: "" }),
    ],
  ])("is arguments_malformed, and no outage: %s", async (_, message) => {
    const { authorizer, audit } = world.authorizer({ tools: { ...MAP, byId: { ...OPEN_TO_ALICE, id: "id" } } });
    const server = served(authorizer, (own) => {
      own.addTool({ name: "byId", parameters: z.object({ id: z.string().optional() }), execute: async () => "ran" });
      own.addResource({ uri: "policy://payments", name: "payments", load: async () => ({ text: "x" }) });
    });
    const { url, stop } = await start(server, true);
    onTestFinished(stop);
    const { messages } = await post(url, await message());
    const data = (messages[0]?.error?.data ?? messages[0]?.result?.["_meta"]) as object;
    expect(JSON.stringify(data)).toContain('"code":"arguments_malformed","retryable":false');
    expect([...audit.records, ...audit.unverifiedSamples].map(({ code }) => code)).toEqual(["arguments_malformed"]);
  });
});

describe("a list", () => {
  it("is on record with what it hid, at which stage, and at whom", async () => {
    const { authorizer, audit } = world.authorizer({ tools: MAP });
    const server = new FastMCP({ name: "test", version: "1.0.0" });
    server.addTool(tool("early"));
    guard(server, authorizer);
    server.addTools([tool("open"), tool("locked")]);
    const { url, stop } = await start(server, true);
    onTestFinished(stop);
    await post(url, await proven(await plannerWith(world, "open", "locked", "early"), request(1, "tools/list")));
    await post(url, await proven(world.researcher, request(2, "tools/list")));
    expect(audit.records.map(({ shown }) => shown)).toEqual([
      { items: 2, of: 3 },
      { items: 0, of: 3 },
    ]);
    expect(audit.records.map(({ hidden }) => hidden)).toEqual([
      [
        {
          ...{ code: "policy_denied", stage: "policy", hop: 0, items: ["locked"] },
          ...{ asked: { kind: "mcp_prompt", action: "forbidden" }, roles: ["employee", "analyst"] },
        },
      ],
      [{ code: "grant_tool_missing", stage: "grant", hop: 1, items: ["early", "open", "locked"] }],
    ]);
  });

  it("of resources and prompts names them by what they are called", async () => {
    const { authorizer, audit } = world.authorizer();
    const server = emptyServer(authorizer);
    server.addResource({ uri: "secret://salaries", name: "Salaries", load: async () => ({ text: "x" }) });
    server.addResourceTemplate({
      uriTemplate: "letters://{name}",
      name: "Letters",
      arguments: [{ name: "name", required: true }],
      load: async () => ({ text: "x" }),
    });
    server.addPrompt({ name: "dismissal", load: async () => "x" });
    const { url, stop } = await start(server, true);
    onTestFinished(stop);
    for (const method of ["resources/list", "resources/templates/list", "prompts/list"])
      await post(url, await proven(world.researcher, request(1, method)));
    const hiddenBy = (items: readonly string[]) => [{ code: "grant_tool_missing", stage: "grant", hop: 2, items }];
    expect(audit.records.map(({ hidden }) => hidden)).toEqual([
      [{ code: "grant_argument_refused", stage: "grant", hop: 1, items: ["secret://salaries"] }],
      hiddenBy(["letters://{name}"]),
      [{ code: "grant_argument_refused", stage: "grant", hop: 1, items: ["dismissal"] }],
    ]);
  });
});
