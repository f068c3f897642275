import { describe, expect, it } from "vitest";
import { type Claims, createWorld, DOCS, details, errorOf, NOW, PAY, verifyAt } from "../../world.fixture.ts";

const world = await createWorld();
const BUDGET = { id: "2026-11", from: NOW - 3600, until: NOW + 86_400, calls: 10 };
const two = { aud: [PAY, DOCS], ...details({ [`${PAY}#t`]: {} }) };
const shared = { ...world.anchor, sharedBudgets: true };

/** The root with the first claims, and the child below it with the second ones, if there are any. */
async function chainOf(root: Claims, child?: Claims): Promise<string> {
  const token = await world.root(root);
  return child === undefined ? token : `${token}~${await world.child(token, child)}`;
}

describe("a budget that breaks a rule", () => {
  const sums = { t: { a: 1 }, "a#b": { a: 1 } };
  const bare = "with one audience, tools have bare names (grant, not grantFor)";
  const one = "a sum is of one tool";
  const every = { "mcp:tools/*": { a: 1 } };

  it.each<[rule: string, hop: number, pointer: string, code: string, root: Claims, child?: Claims]>([
    ["a root may not outlive its budget", 1, "/exp", "token_malformed", { budget: { ...BUDGET, until: NOW + 9 } }],
    [one, 1, "/budget/sums", "token_malformed", { budget: { ...BUDGET, sums: every } }],
    [
      one,
      1,
      "/budget/sums",
      "token_malformed",
      { ...two, budget: { ...BUDGET, sums: { [`${PAY}#mcp:tools/*`]: { a: 1 } } } },
    ],
    [bare, 1, "/budget/sums", "token_malformed", { budget: { ...BUDGET, sums } }],
    [one, 2, "/budget/sums", "token_malformed", { budget: BUDGET }, { budget: { sums: every } }],
    [bare, 2, "/budget/sums", "token_malformed", { budget: BUDGET }, { budget: { sums } }],
    [
      "the root has no budget of which a part could be handed on",
      2,
      "/budget",
      "chain_link_broken",
      {},
      { budget: { calls: 1 } },
    ],
  ])("is refused by it (%s), at hop %d", async (rule, hop, pointer, code, root, child) => {
    const error = await errorOf(verifyAt(await chainOf(root, child), [shared]));
    expect(error).toMatchObject({ code, pointer, rule, hop });
  });
});

describe("what a link of a chain may spend", () => {
  it("has a child's sums beside its parent's calls: a bound that only the child has takes away", async () => {
    const sums = { send_payment: { amount: 5 } };
    const { links } = await verifyAt(await chainOf({ budget: BUDGET }, { budget: { sums } }), [world.anchor]);
    expect(links.map(({ budget }) => budget)).toEqual([BUDGET, { ...BUDGET, sums }]);
  });

  it("is its parent's, and no copy, as far as it sets no bound itself: chains are long, and budgets may have many", async () => {
    const sums = { t: { a: 9 }, u: { a: 9 } };
    const budget = { ...BUDGET, sums };
    const silent = await verifyAt(await chainOf({ budget }, {}), [world.anchor]);
    expect(silent.links[1]?.budget).toBe(silent.links[0]?.budget);
    const { links } = await verifyAt(await chainOf({ budget }, { budget: { sums: { t: { a: 5 } } } }), [world.anchor]);
    expect(links[1]?.budget).toEqual({ ...budget, sums: { ...sums, t: { a: 5 } } });
    expect(links[1]?.budget?.sums?.["u"]).toBe(links[0]?.budget?.sums?.["u"]);
  });

  it("is held against what its parent says, and not against what all objects have", async () => {
    const own = { budget: { sums: { constructor: { name: 5 }, t: { toString: 5 } } } };
    const { links } = await verifyAt(await chainOf({ budget: { ...BUDGET, sums: { t: { a: 9 } } } }, own), [
      world.anchor,
    ]);
    expect(links[1]?.budget?.sums).toEqual({ constructor: { name: 5 }, t: { a: 9, toString: 5 } });
  });

  it("is not said where nothing bounds it", async () => {
    const { links } = await verifyAt(await chainOf({}, {}), [world.anchor]);
    expect(links.map((link) => "budget" in link)).toEqual([false, false]);
  });
});
