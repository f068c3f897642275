import { describe, expect, it } from "vitest";
import { anyArguments, grant, noArguments, wildcard } from "../../grant/index.ts";
import {
  type Claims,
  claimsOf,
  createWorld,
  DOCS,
  details,
  errorOf,
  ISSUER,
  NOW,
  PAY,
  refusalOf,
  verifyAt,
} from "../../world.fixture.ts";
import { DEFAULT_LIMITS } from "../keys/limits.ts";
import { type DelegateOrder, delegate } from "../make/delegate.ts";
import { type HeldDelegation, parseDelegation, serialize } from "../make/delegation.ts";
import { inspectDelegation } from "../make/inspect-delegation.ts";
import { createIssuer, type RootOrder } from "../make/issue.ts";
import type { Budget, BudgetBounds } from "./budget.ts";
import { everyTool as everyToolOf } from "./every-tool.ts";

const world = await createWorld();
const BUDGET = {
  id: "acme/alice/2026-11",
  from: NOW - 3600,
  until: NOW + 86_400,
  calls: 10,
  sums: { send_payment: { amount: 5000 } },
};
const { id, from, until } = BUDGET;

/** How a root with this budget is refused, by every reader: the verifier, the holder who parses it, the issuer. */
const rootIs = async (budget: unknown, changed: Claims = {}, anchor = {}): Promise<string> =>
  refusalOf(verifyAt(await world.root({ budget, ...changed }), [{ ...world.anchor, ...anchor }]));

/** How a child with this budget is refused, under a root with another. */
const childIs = async (budget: unknown, above: Claims = { budget: BUDGET }): Promise<string> => {
  const root = await world.root(above);
  return refusalOf(verifyAt(`${root}~${await world.child(root, { budget })}`, [world.anchor]));
};

/** An object of so many members. */
const many = (count: number, value: unknown): object =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`n${i}`, value]));

/** What bounds a budget, wrong in a root and in a child. */
const BROKEN: readonly [what: string, bounds: unknown, pointer: string][] = [
  ["calls as text", { calls: "3" }, "/budget/calls"],
  ["part of a call", { calls: 0.5 }, "/budget/calls"],
  ["calls below nothing", { calls: -1 }, "/budget/calls"],
  ["calls of null", { calls: null }, "/budget/calls"],
  ["sums of null", { sums: null }, "/budget/sums"],
  ["sums in a list", { sums: [] }, "/budget/sums"],
  ["no sum", { sums: {} }, "/budget/sums"],
  ["no sum beside calls", { calls: 1, sums: {} }, "/budget/sums"],
  ["more tools than a grant has", { sums: many(257, { a: 1 }) }, "/budget/sums"],
  ["a tool's name that is too long", { sums: { ["t".repeat(257)]: { a: 1 } } }, "/budget/sums"],
  [
    "a tool's name that is too long beside another",
    { sums: { t: { a: 1 }, ["t".repeat(257)]: { a: 1 } } },
    "/budget/sums",
  ],
  ["a tool without an argument", { sums: { t: {} } }, "/budget/sums/t"],
  ["a tool with a number", { sums: { t: 5 } }, "/budget/sums/t"],
  ["a tool with a list", { sums: { "a/b": [1] } }, "/budget/sums/a~1b"],
  ["more arguments than a tool has", { sums: { t: many(65, 1) } }, "/budget/sums/t"],
  ["an argument's name that is too long", { sums: { t: { ["a".repeat(257)]: 1 } } }, "/budget/sums/t"],
  ["a sum as text", { sums: { t: { amount: "1" } } }, "/budget/sums/t/amount"],
  ["a sum with a fraction", { sums: { t: { "a~": 1.5 } } }, "/budget/sums/t/a~0"],
  ["a sum below nothing", { sums: { t: { amount: -1 } } }, "/budget/sums/t/amount"],
  ["a sum of null", { sums: { t: { amount: null } } }, "/budget/sums/t/amount"],
];

describe("the budget of a root", () => {
  it.each<[string, Claims]>([
    ["calls", { calls: 3 }],
    ["no calls at all", { calls: 0 }],
    ["sums", { sums: { t: { a: 0 }, "mcp:resources/read": { uri: Number.MAX_SAFE_INTEGER } } }],
    ["as many sums as a grant may have", { sums: many(256, { ["a".repeat(2)]: 1 }) }],
    ["names that every object has", { sums: { constructor: { toString: 1, valueOf: 2 } } }],
  ])("may be of %s", async (_, bounds) => {
    const root = await world.root({ budget: { id, from, until, ...bounds } });
    const { links } = await verifyAt(root, [world.anchor]);
    expect(links[0]?.budget).toEqual({ id, from, until, ...bounds });
    expect((await parseDelegation(root)).budget).toEqual({ id, from, until, ...bounds });
  });

  it.each<[string, unknown, string]>([
    ["a text", "3 calls", "/budget"],
    ["null", null, "/budget"],
    ["a list", [BUDGET], "/budget"],
    ["empty", {}, "/budget"],
    ["without an id", { from, until, calls: 1 }, "/budget"],
    ["without a beginning", { id, until, calls: 1 }, "/budget"],
    ["without an end", { id, from, calls: 1 }, "/budget"],
    ["without a bound", { id, from, until }, "/budget"],
    ["of a member that nobody knows", { ...BUDGET, tokens: 1 }, "/budget"],
    ["of a member that every object has", { ...BUDGET, constructor: 1 }, "/budget"],
    ["of an empty id", { ...BUDGET, id: "" }, "/budget/id"],
    ["of an id that is a number", { ...BUDGET, id: 7 }, "/budget/id"],
    ["of an id with a space", { ...BUDGET, id: "2026 11" }, "/budget/id"],
    ["of an id that ends with /", { ...BUDGET, id: "acme/" }, "/budget/id"],
    ["of an id of 129", { ...BUDGET, id: "a".repeat(129) }, "/budget/id"],
    ["of a beginning as text", { ...BUDGET, from: String(from) }, "/budget/from"],
    ["of a beginning below 0", { ...BUDGET, from: -1 }, "/budget/from"],
    ["of an end with a fraction", { ...BUDGET, until: until + 0.5 }, "/budget/until"],
    ["of an end that is its beginning", { ...BUDGET, from: until }, "/budget/until"],
    ...BROKEN.map(([what, bounds, at]): [string, unknown, string] => [
      `of ${what}`,
      { id, from, until, ...(bounds as object) },
      at,
    ]),
  ])("is broken where it is %s", async (_, budget, pointer) => {
    expect(await rootIs(budget)).toBe(`token_malformed ${pointer}`);
    expect(await refusalOf(parseDelegation(await world.root({ budget })))).toBe(`token_malformed ${pointer}`);
  });

  it.each<[rule: string, unknown]>([
    ["an object with id, from, until, and calls, sums or both is expected", { ...BUDGET, tokens: 1 }],
    ["a budget's id is letters, digits and . _ - /", { ...BUDGET, id: "2026 11" }],
    ["a text of 1 to 128 characters is expected", { ...BUDGET, id: "a".repeat(129) }],
    ["a budget ends after it begins", { ...BUDGET, from: until }],
    ["an object of 1 to 256 members is expected, with names of at most 256", { ...BUDGET, sums: {} }],
    ["an object of 1 to 64 members is expected, with names of at most 256", { ...BUDGET, sums: { t: {} } }],
  ])("is refused by the rule that it broke: %s", async (rule, budget) => {
    const error = await errorOf(verifyAt(await world.root({ budget }), [world.anchor]));
    expect([error.code, error.rule]).toEqual(["token_malformed", rule]);
  });

  it("may end with the root, and not before", async () => {
    expect(await rootIs({ ...BUDGET, until: NOW + 3600 })).toBe("accepted");
    expect(await rootIs({ ...BUDGET, until: NOW + 3599 })).toBe("token_malformed /exp");
  });

  it("names tools as the grant does", async () => {
    for (const tool of ["", `${PAY}#t`, "mcp:tools/delete", "a#b"]) {
      expect(await rootIs({ ...BUDGET, sums: { [tool]: { a: 1 } } }), tool).toBe("token_malformed /budget/sums");
    }
    const two = { aud: [PAY, DOCS], ...details({ [`${PAY}#t`]: {} }) };
    const shared = { sharedBudgets: true };
    expect(await rootIs({ ...BUDGET, sums: { [`${PAY}#t`]: { a: 1 } } }, two, shared)).toBe("accepted");
    for (const tool of ["t", "https://other.example/#t", `${DOCS}#`]) {
      const named = rootIs({ ...BUDGET, sums: { [tool]: { a: 1 } } }, two, shared);
      expect(await named, tool).toBe("token_malformed /budget/sums");
    }
  });

  it("stands beside several audiences only where their anchor says that they share a store", async () => {
    const two = { aud: [PAY, DOCS], ...details({ [`${PAY}#t`]: {} }) };
    const calls = { id, from, until, calls: 1 };
    for (const sharedBudgets of [undefined, false]) {
      expect(await rootIs(calls, two, sharedBudgets === undefined ? {} : { sharedBudgets })).toBe(
        "token_untrusted_issuer /budget",
      );
    }
    expect(await rootIs(calls, two, { sharedBudgets: true })).toBe("accepted");
    expect(await rootIs(calls, { aud: [PAY] })).toBe("accepted");
  });
});

describe("the budget of a child", () => {
  it.each(BROKEN)("is broken where it is of %s", async (_, budget, pointer) => {
    expect(await childIs(budget)).toBe(`token_malformed ${pointer}`);
  });

  it.each<[string, unknown]>([
    ["says again which budget it is", { id, calls: 1 }],
    ["says when it begins", { from, calls: 1 }],
    ["says when it ends", { until, calls: 1 }],
    ["is its root's, whole", BUDGET],
    ["is empty", {}],
    ["is null", null],
    ["is a number", 3],
  ])("is broken where it %s", async (_, budget) => {
    expect(await childIs(budget)).toBe("token_malformed /budget");
  });

  it("is refused with what it may say", async () => {
    const root = await world.root({ budget: BUDGET });
    const error = await errorOf(verifyAt(`${root}~${await world.child(root, { budget: {} })}`, [world.anchor]));
    expect(error.rule).toBe("an object with calls, sums or both, and no more is expected");
  });

  it("needs one of the root", async () => {
    expect(await childIs({ calls: 1 }, {})).toBe("chain_link_broken /budget");
  });

  it.each<[what: string, is: string, budget: BudgetBounds]>([
    ["fewer calls", "accepted", { calls: 9 }],
    ["as many calls", "accepted", { calls: 10 }],
    ["one call more", "chain_widened /budget/calls", { calls: 11 }],
    ["a smaller sum", "accepted", { sums: { send_payment: { amount: 1 } } }],
    ["a larger sum", "chain_widened /budget/sums/send_payment/amount", { sums: { send_payment: { amount: 5001 } } }],
    ["a sum of another argument", "accepted", { sums: { send_payment: { fee: 9999 } } }],
    ["a sum of another tool", "accepted", { sums: { "mcp:prompts/get": { amount: 9999 } } }],
    ["a sum of a tool that no call can name", "token_malformed /budget/sums", { sums: { "a#b": { amount: 1 } } }],
  ])("with %s is %s", async (_, is, budget) => {
    expect(await childIs(budget)).toBe(is);
  });

  it("is not above what any token above it says, whichever of them says it", async () => {
    const root = await world.root({ budget: BUDGET });
    const middle = `${root}~${await world.child(root, { budget: { calls: 4, sums: { send_payment: { fee: 7 } } } })}`;
    const leafIs = async (budget?: BudgetBounds): Promise<string> =>
      refusalOf(verifyAt(`${middle}~${await world.grandchild(middle, { budget })}`, [world.anchor]));
    expect(await leafIs(undefined)).toBe("accepted");
    expect(await leafIs({ calls: 4 })).toBe("accepted");
    expect(await leafIs({ calls: 5 })).toBe("chain_widened /budget/calls");
    expect(await leafIs({ sums: { send_payment: { fee: 8 } } })).toBe("chain_widened /budget/sums/send_payment/fee");
    const amount = "chain_widened /budget/sums/send_payment/amount";
    expect(await leafIs({ sums: { send_payment: { amount: 5001 } } })).toBe(amount);
  });

  it("takes over what it says nothing of, and nobody can change what a chain says", async () => {
    const root = await world.root({ budget: BUDGET });
    const child = `${root}~${await world.child(root, { budget: { sums: { send_payment: { fee: 7 } } } })}`;
    const whole = { ...BUDGET, sums: { send_payment: { amount: 5000, fee: 7 } } };
    const { links } = await verifyAt(child, [world.anchor]);
    expect(links.map(({ budget }) => budget)).toEqual([BUDGET, whole]);
    for (const { budget } of [...links, await parseDelegation(child)]) {
      for (const part of [budget, budget?.sums, budget?.sums?.["send_payment"]]) {
        expect(Object.isFrozen(part)).toBe(true);
      }
    }
    const inspected = await inspectDelegation(await parseDelegation(child), NOW);
    expect(inspected.tokens.map(({ budget, refused }) => [budget, refused])).toEqual([
      [BUDGET, undefined],
      [whole, undefined],
    ]);
  });

  it("that widened is shown as refused, to whoever looks into the chain", async () => {
    const root = await world.root({ budget: BUDGET });
    const child = `${root}~${await world.child(root, { budget: { calls: 11 } })}`;
    const { tokens } = await inspectDelegation(await parseDelegation(child), NOW);
    expect(tokens[1]?.refused).toMatchObject({
      code: "chain_widened",
      pointer: "/budget/calls",
      rule: "a bound of a budget may only fall: the parent has 10, the child 11",
      hop: 2,
    });
  });
});

describe("whoever signs a budget", async () => {
  const clock = (): number => NOW * 1000;
  const options = { issuer: ISSUER, signer: world.issuer, subjects: "any", tools: "any", clock } as const;
  const issuer = await createIssuer({ ...options, audiences: [PAY] });
  const granted = grant({
    t: { a: wildcard() },
    send_payment: { amount: wildcard() },
    log: noArguments,
    any: anyArguments,
  });
  const order = { subject: "alice", agent: "planner", holder: world.planner, grant: granted };
  const issue = (budget: unknown, more: Partial<RootOrder> = {}): Promise<HeldDelegation> =>
    issuer.issue({ ...order, ...more, budget: budget as Budget, holder: world.planner });
  const hand = (held: HeldDelegation, more: Partial<DelegateOrder>): Promise<HeldDelegation> =>
    delegate(held, { to: "researcher", grant: held.grant, clock, ...more, holder: world.researcher });

  it("signs what a verifier accepts, and the holder reads what is left for it at most", async () => {
    const held = await issue(BUDGET);
    expect(held.budget).toEqual(BUDGET);
    expect(claimsOf(serialize(held))["budget"]).toEqual(BUDGET);
    const child = await hand(held, { budget: { calls: 2 } });
    expect(child.budget).toEqual({ ...BUDGET, calls: 2 });
    expect(claimsOf(serialize(child).split("~")[1] as string)["budget"]).toEqual({ calls: 2 });
    const { links } = await verifyAt(serialize(child), [issuer.trustAnchor]);
    expect(links.map(({ budget }) => budget?.calls)).toEqual([10, 2]);
    expect((await hand(held, {})).budget).toEqual(BUDGET);
    expect((await issue(undefined)).budget).toBeUndefined();
  });

  it("signs none that a verifier refuses", async () => {
    expect(await refusalOf(issue({ id, from, until }))).toBe("config_invalid /budget");
    expect(await refusalOf(issue({ ...BUDGET, sums: {} }))).toBe("config_invalid /budget/sums");
    expect(await refusalOf(issue({ ...BUDGET, until: from }))).toBe("config_invalid /budget/until");
    expect((await issue({ ...BUDGET, until: NOW + 60 })).expiresAt).toBe(NOW + 60);
    expect(await refusalOf(issue({ ...BUDGET, sums: { "a#b": { a: 1 } } }))).toBe("token_malformed /budget/sums");
    const held = await issue(BUDGET);
    expect(await refusalOf(hand(held, { budget: {} }))).toBe("config_invalid /budget");
    expect(await refusalOf(hand(held, { budget: { sums: { "a#b": { a: 1 } } } }))).toBe("token_malformed /budget/sums");
    const widened = await errorOf(hand(held, { budget: { calls: 11 } }));
    expect(widened).toMatchObject({ code: "chain_widened", pointer: "/budget/calls" });
    expect(widened.message).toContain("the parent has 10, the child 11");
    expect(await refusalOf(hand(await issue(undefined), { budget: { calls: 1 } }))).toBe("chain_link_broken /budget");
    const mine = await hand(held, { budget: { calls: 2 } });
    const further = delegate(mine, {
      to: "clerk",
      holder: world.clerk,
      grant: mine.grant,
      budget: { calls: 3 },
      clock,
    });
    expect(await refusalOf(further)).toBe("chain_widened /budget/calls");
  });

  it("signs no sum of what is not handed over: it would bound nothing, as a name that is spelt wrong", async () => {
    const bounds = { ...BUDGET, sums: {} };
    const held = await issue({ ...BUDGET, sums: { any: { whatever: 1 } } });
    for (const [sums, pointer, meant] of [
      [{ send_paymnet: { amount: 1 } }, "/budget/sums/send_paymnet", 'did you mean "send_payment"?'],
      [{ send_payment: { amuont: 1 } }, "/budget/sums/send_payment/amuont", 'did you mean "amount"?'],
      [{ log: { lines: 1 } }, "/budget/sums/log/lines", "leave it out, or grant it"],
      [{ refund: { amount: 1 } }, "/budget/sums/refund", "leave it out, or grant it"],
    ] as const) {
      for (const made of [issue({ ...bounds, sums }), hand(held, { budget: { sums } })]) {
        const error = await errorOf(made);
        expect(error).toMatchObject({ code: "config_invalid", pointer });
        expect(error.message).toContain(meant);
      }
    }
    const everyTool = { ...options, audiences: [PAY], everyTool: true };
    const wide = await createIssuer(everyTool);
    const all = { ...order, grant: everyToolOf(), budget: { ...BUDGET, sums: { pay: { sum: 1 } } } };
    expect((await wide.issue(all)).budget?.sums).toEqual({ pay: { sum: 1 } });
  });

  it("names several audiences beside it only where the issuer says that they share a store", async () => {
    const more = { audiences: [PAY, DOCS] };
    const several = { ...order, grant: grant({}), budget: { id, from, until, calls: 1 } };
    const alone = await createIssuer({ ...options, ...more });
    expect(await refusalOf(alone.issue(several))).toBe("token_untrusted_issuer /budget");
    const sharing = await createIssuer({ ...options, ...more, sharedBudgets: true });
    expect(sharing.trustAnchor.sharedBudgets).toBe(true);
    const held = await sharing.issue(several);
    expect(await refusalOf(verifyAt(serialize(held), [sharing.trustAnchor]))).toBe("accepted");
  });

  it("puts none into a chain for verifiers of the draft, who would not see it", async () => {
    const refused = { code: "config_invalid", pointer: "/budget" };
    expect(await errorOf(issue(BUDGET, { interop: "aat-01" }))).toMatchObject(refused);
    expect(await errorOf(hand(await issue(BUDGET), { interop: "aat-01" }))).toMatchObject(refused);
  });

  it("keeps to the limits of a grant, whatever they are", async () => {
    const limits = { ...DEFAULT_LIMITS, tools: 1, argumentsPerTool: 1, nameLength: 12 };
    const is = async (sums: object): Promise<string> =>
      refusalOf(
        verifyAt(await world.root({ budget: { id, from, until, sums }, ...details({ t: {} }) }), [world.anchor], {
          limits,
        }),
      );
    expect(await is({ send_payment: { amount: 1 } })).toBe("accepted");
    expect(await is({ send_payment: { amount: 1 }, t: { a: 1 } })).toBe("token_malformed /budget/sums");
    expect(await is({ send_payment: { amount: 1, fee: 1 } })).toBe("token_malformed /budget/sums/send_payment");
    expect(await is({ send_payments: { amount: 1 } })).toBe("token_malformed /budget/sums");
  });
});
