import { describe, expect, it } from "vitest";
import { announce } from "./announce.ts";
import { allowed, createStand, request, settled } from "./guard.fixture.ts";
import { receive } from "./receive.ts";
import { reply } from "./reply.ts";

const outputSchema = { type: "object", properties: { iban: { type: "string" } }, required: ["iban"] };
const pay = { name: "pay", outputSchema, _meta: { ui: "card" } };
const mayChange = { pay: { redact: ["/iban"] } };

describe("a tool in a list", () => {
  it("is announced looser where policies may change its results, and says to programs what they may change", () => {
    expect(announce(pay, mayChange)).toEqual({
      name: "pay",
      outputSchema: { ...outputSchema, required: [] },
      _meta: { ui: "card", "dev.hopwise/may-change": mayChange.pay },
    });
  });

  it("is as its server lists it where they may not, or where it announces nothing", () => {
    for (const tool of [pay, { name: "other", outputSchema }, { name: "constructor", outputSchema }]) {
      expect(announce(tool)).toBe(tool);
      if (tool !== pay) expect(announce(tool, mayChange)).toBe(tool);
    }
    const bare = { name: "pay" };
    expect(announce(bare, mayChange)).toBe(bare);
  });

  it("reaches its caller so through the guard, which notes it", async () => {
    const stand = createStand({ decide: async () => allowed() }, { mayChange });
    receive(stand.guard, request("own", "tools/list", {}), undefined);
    await settled();
    await reply(stand.guard, { jsonrpc: "2.0", id: 1, result: { tools: [pay] } });
    expect(stand.sent).toMatchObject([{ message: { result: { tools: [announce(pay, mayChange)] } } }]);
    expect(stand.guard.listed.get("pay")).toEqual({ outputSchema: { ...outputSchema, required: [] } });
  });
});
