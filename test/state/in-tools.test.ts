/** What a tool and its caller have of a budget: what is left stands beside the result, and a tool may say that nothing happened. */
import { authorizeTools, nothingHappened as nothingHere } from "@hopwise/ai-sdk";
import { type HeldDelegation, memoryState, type ToolEntry } from "@hopwise/core";
import { grant, wildcard } from "@hopwise/core/grant";
import { nothingHappened } from "@hopwise/fastmcp";
import { META_LEFT } from "@hopwise/mcp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { tools } from "../../examples/finance-team/company.ts";
import { callTool, clientOf, codeOf } from "../support/mcp/client.ts";
import { serveHere } from "../support/mcp/server.ts";
import { createWorld, type World } from "../support/world.ts";

let world: World;
let held: HeldDelegation;
beforeAll(async () => {
  world = await createWorld();
  const from = Math.floor(Date.now() / 1000) - 60;
  held = await world.issuer.issue({
    subject: "alice",
    agent: "planner",
    holder: world.keys.planner,
    grant: grant({ draw: { to: wildcard(), amount: wildcard(), currency: wildcard() } }),
    budget: { id: "in-tools", from, until: from + 7200, calls: 3, sums: { draw: { amount: 100 } } },
  });
});
afterAll(() => world.pdp.close());

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
    expect((await draw(40, true)).isError).toBe(true);
    await expect.poll(() => served.audit.outcomes.map((outcome) => outcome.nothingHappened)).toEqual([undefined, true]);
    expect(codeOf(await draw(41))).toBe("budget_exhausted");
    expect((await draw(40))._meta?.[META_LEFT]).toEqual({ id: "in-tools", calls: 1, sums: { draw: { amount: 0 } } });
    await client.close();
  });
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
});
