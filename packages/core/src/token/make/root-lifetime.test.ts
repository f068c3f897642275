import { describe, expect, it } from "vitest";
import { anyArguments, grant } from "../../grant/index.ts";
import { createWorld, ISSUER, NOW, PAY } from "../../world.fixture.ts";
import { createIssuer, type IssuerOptions, type RootOrder } from "./issue.ts";

const world = await createWorld();

/** When a root of this budget ends, in seconds from now; or why it is none. */
async function endOf(
  until: number,
  order: Partial<Omit<RootOrder, "holder">> = {},
  pinned: Partial<IssuerOptions> = {},
) {
  const issuer = await createIssuer({
    issuer: ISSUER,
    signer: world.issuer,
    audiences: [PAY],
    subjects: "any",
    tools: "any",
    clock: () => NOW * 1000,
    ...pinned,
  });
  const budget = { id: "2026-11", from: NOW - 86_400, until: NOW + until, calls: 1 };
  const { expiresAt } = await issuer.issue({
    subject: "alice",
    agent: "planner",
    holder: world.planner,
    grant: grant({ pay: anyArguments }),
    budget,
    ...order,
  });
  return expiresAt - NOW;
}

describe("a root with a budget", () => {
  it.each<[string, number, number, Partial<Omit<RootOrder, "holder">>?, Partial<IssuerOptions>?]>([
    ["an hour to live where its budget has more", 3601, 3600],
    ["the rest of its budget where that is less", 3599, 3599],
    ["the last second of its budget", 1, 1],
    ["what the issuer is pinned to, where that is the least", 3599, 60, {}, { lifetimeSeconds: 60 }],
    ["what is left, where the issuer is pinned to more", 30, 30, {}, { lifetimeSeconds: 60 }],
    ["the lifetime that was ordered, to the end of its budget", 7200, 7200, { lifetimeSeconds: 7200 }],
  ])("has %s", async (_, until, seconds, order, pinned) => {
    expect(await endOf(until, order, pinned)).toBe(seconds);
  });

  it.each<[string, number, Partial<Omit<RootOrder, "holder">>, string]>([
    ["a lifetime beyond its budget", 3599, { lifetimeSeconds: 3600 }, "/lifetimeSeconds"],
    ["a budget that ends now", 0, {}, "/budget/until"],
    ["a budget that is over, whatever lifetime is ordered", -1, { lifetimeSeconds: 1 }, "/budget/until"],
  ])("is not issued with %s, by the names of both options", async (_, until, order, pointer) => {
    const refusal = { code: "config_invalid", pointer, message: expect.stringMatching(/^issue: /) };
    await expect(endOf(until, order)).rejects.toMatchObject(refusal);
    await expect(endOf(until, order)).rejects.toThrow(/lifetimeSeconds.*budget\.until|budget\.until.*lifetimeSeconds/);
  });

  it("is not issued with a budget that ends before it begins, or of an id that no token may have", async () => {
    const budget = { id: "2026-11", from: NOW, until: NOW, calls: 1 };
    const ends = { code: "config_invalid", pointer: "/budget/until" };
    await expect(endOf(0, { budget })).rejects.toMatchObject(ends);
    const named = { code: "config_invalid", pointer: "/budget/id" };
    await expect(endOf(0, { budget: { ...budget, id: "2026 11" } })).rejects.toMatchObject(named);
  });
});
