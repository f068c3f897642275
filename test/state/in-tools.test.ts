/** What a tool and its caller have of a budget: what is left stands beside the result, and a tool may say that nothing happened. */
import { authorizeTools, nothingHappened as nothingHere } from "@hopwise/ai-sdk";
import { type HeldDelegation, memoryState, type ToolEntry } from "@hopwise/core";
import { grant, wildcard } from "@hopwise/core/grant";
import { nothingHappened } from "@hopwise/fastmcp";
import { META_LEFT } from "@hopwise/mcp";
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { tools } from "../../examples/finance-team/company.ts";
import { callTool, clientOf, codeOf, proven, request } from "../support/mcp/client.ts";
import { loosely } from "../support/mcp/loose-transport.ts";
import { emptyServer, serveHere } from "../support/mcp/server.ts";
import { answering } from "../support/policy-clients.ts";
import { worldHere } from "../support/world.ts";

const world = await worldHere();
let held: HeldDelegation;
beforeAll(async () => {
  const from = Math.floor(Date.now() / 1000) - 60;
  held = await world.issuer.issue({
    subject: "alice",
    agent: "planner",
    holder: world.keys.planner,
    grant: grant({ draw: { to: wildcard(), amount: wildcard(), currency: wildcard() } }),
    budget: { id: "in-tools", from, until: from + 7200, calls: 3, sums: { draw: { amount: 100 } } },
  });
});

const parameters = z.object({ to: z.string(), amount: z.number(), currency: z.string() });
const map = { draw: tools["send_payment"] as ToolEntry };
/** The bank refuses whatever goes to Initech. */
const FAILS = "Initech";
const drawing = (amount: number, fails: boolean) => ({ to: fails ? FAILS : "Globex", amount, currency: "EUR" });

describe("a budget, in a guarded server", () => {
  it("is told with the result, given back by the tool's word alone, and used up for the next call", async () => {
    const served = await serveHere(world, {
      map,
      authorizer: { state: memoryState({ since: 0 }) },
      add: (server) =>
        server.addTool({
          name: "draw",
          description: "Draws an amount",
          parameters,
          execute: async ({ to }) => {
            if (to !== FAILS) return "drawn";
            nothingHappened();
            throw new Error("the bank says no");
          },
        }),
    });
    const client = await clientOf(served.url, held);
    const draw = (amount: number, fails = false) => callTool(client, "draw", drawing(amount, fails));
    expect((await draw(60))._meta?.[META_LEFT]).toEqual({ id: "in-tools", calls: 2, sums: { draw: { amount: 40 } } });
    const declined = await draw(40, true);
    // It was taken, and is given back: what was left in between would be planned with.
    expect([declined.isError, declined._meta?.[META_LEFT]]).toEqual([true, undefined]);
    await expect.poll(() => served.audit.outcomes.map((outcome) => outcome.nothingHappened)).toEqual([undefined, true]);
    expect(codeOf(await draw(41))).toBe("budget_exhausted");
    expect((await draw(40))._meta?.[META_LEFT]).toEqual({ id: "in-tools", calls: 1, sums: { draw: { amount: 0 } } });
    await client.close();
  });
});

describe("a budget, in a guarded server", () => {
  it.each([
    ["its caller withdrew", undefined, "withdrawn"],
    ["FastMCP gave up", 20, "failed"],
  ] as const)(
    "is not spent by a call that %s while it was decided: the tool does not begin",
    async (_, timeoutMs, outcome) => {
      const asked = Promise.withResolvers<void>();
      const goOn = Promise.withResolvers<void>();
      const cerbos = answering(async (right) => {
        asked.resolve();
        await goOn.promise;
        return right;
      });
      const { authorizer, audit } = world.authorizer({ tools: map, state: memoryState({ since: 0 }), cerbos });
      const server = emptyServer(authorizer);
      const runs: unknown[] = [];
      const execute = async (input: unknown) => String(runs.push(input));
      server.addTool({ name: "draw", parameters, execute, ...(timeoutMs && { timeoutMs }) });
      const loose = await loosely(server);
      loose.say(await proven(held, request(1, "tools/call", { name: "draw", arguments: drawing(60, false) })));
      await asked.promise;
      if (timeoutMs === undefined) {
        loose.say({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } });
        await new Promise((turn) => setImmediate(turn));
      } else {
        expect(codeOf((await loose.answer(1)).result)).toBe("guard_failed");
      }
      goOn.resolve();
      await expect.poll(() => audit.outcomes).toMatchObject([{ outcome, nothingHappened: true }]);
      expect(runs).toEqual([]);
      const session = await authorizer.openSession(held);
      await expect.poll(async () => session.budgetLeft()).toMatchObject({ calls: 3, sums: { draw: { amount: 100 } } });
    },
  );
});

describe("a budget, in a loop", () => {
  it("can be read before a call, and is given back by the tool's word", async () => {
    const { authorizer } = world.authorizer({ tools: map, state: memoryState({ since: 0 }) });
    const session = await authorizer.openSession(held);
    const left = async () => session.budgetLeft();
    expect(await left()).toEqual({ id: "in-tools", calls: 3, sums: { draw: { amount: 100 } } });
    const guarded = await authorizeTools(
      {
        draw: {
          inputSchema: parameters,
          execute: async ({ to }: z.infer<typeof parameters>) => {
            if (to === FAILS) nothingHere();
            return to === FAILS ? "the bank says no" : "drawn";
          },
        },
      },
      { authorizer, delegation: held },
    );
    const draw = async (amount: number, fails: boolean) =>
      (guarded.draw as unknown as { execute(input: object, options: object): Promise<unknown> }).execute(
        drawing(amount, fails),
        { toolCallId: "1", messages: [] },
      );
    await draw(60, false);
    expect(await left()).toEqual({ id: "in-tools", calls: 2, sums: { draw: { amount: 40 } } });
    await draw(40, true);
    await expect.poll(left).toEqual({ id: "in-tools", calls: 2, sums: { draw: { amount: 40 } } });
    await expect(draw(41, false)).rejects.toMatchObject({ code: "budget_exhausted" });
  });

  it.each([
    ["before the call", 0],
    ["while the call was decided", 1],
  ])("is not spent where the loop was stopped %s: the tool does not begin", async (_, asked) => {
    const stop = new AbortController();
    if (asked === 0) stop.abort();
    const cerbos = answering((right) => {
      stop.abort();
      return right;
    });
    const { authorizer, audit } = world.authorizer({ tools: map, state: memoryState({ since: 0 }), cerbos });
    const session = await authorizer.openSession(held);
    const runs: unknown[] = [];
    const { draw } = await authorizeTools(
      {
        draw: { inputSchema: parameters, execute: async (input: z.infer<typeof parameters>) => void runs.push(input) },
      },
      { authorizer, delegation: held },
    );
    const options = { toolCallId: "1", messages: [], abortSignal: stop.signal };
    const call = (draw as unknown as { execute(input: object, options: object): Promise<unknown> }).execute;
    await expect(call(drawing(60, false), options)).rejects.toThrow("aborted");
    expect(runs).toEqual([]);
    expect(audit.records.filter(({ tool }) => tool === "draw")).toHaveLength(asked);
    await expect.poll(async () => session.budgetLeft()).toMatchObject({ calls: 3, sums: { draw: { amount: 100 } } });
  });
});
