import { accept, DOCS, type Json, NOW, PAY, refuse, type Scenario, stranger } from "../forge.ts";
import { collect } from "../group.ts";
import type { Expect } from "../vector.ts";

const FRAME = { id: "acme/alice/2026-11", from: NOW - 3600, until: NOW + 86_400 };
const BUDGET = { ...FRAME, calls: 10, sums: { send_payment: { amount: 5000 } } };
const { id, from, until } = FRAME;
const malformed = (pointer: string) => refuse("token_malformed", pointer);
const widened = (pointer: string) => refuse("chain_widened", pointer);
/** As far as a verifier without a store of budgets lets a chain come that is right. */
const right = refuse("budget_unsupported", "/budget");

/** An object of so many members. */
const many = (count: number, value: Json): Json =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`n${i}`, value]));

/** What is wrong in a root and in a child. */
const BROKEN: readonly [slug: string, description: string, bounds: { [name: string]: Json }, pointer: string][] = [
  ["calls-text", "calls that are a text", { calls: "3" }, "/budget/calls"],
  ["calls-fraction", "calls with a fraction", { calls: 2.5 }, "/budget/calls"],
  ["calls-negative", "calls below 0", { calls: -1 }, "/budget/calls"],
  ["calls-null", "calls that are null beside sums", { calls: null, sums: { t: { a: 1 } } }, "/budget/calls"],
  ["sums-array", "sums in an array", { sums: [] }, "/budget/sums"],
  ["sums-empty", "sums of no tool", { calls: 1, sums: {} }, "/budget/sums"],
  ["sums-257", "sums of 257 tools", { sums: many(257, { a: 1 }) }, "/budget/sums"],
  ["sums-name-257", "a tool's name of 257 code units", { sums: { ["t".repeat(257)]: { a: 1 } } }, "/budget/sums"],
  ["sums-number", "a tool with a number for its arguments", { sums: { t: 5 } }, "/budget/sums/t"],
  ["sums-no-argument", "a tool without an argument", { sums: { "a/b": {} } }, "/budget/sums/a~1b"],
  ["sums-65", "a tool with sums of 65 arguments", { sums: { t: many(65, 1) } }, "/budget/sums/t"],
  ["sums-argument-257", "an argument's name of 257", { sums: { t: { ["a".repeat(257)]: 1 } } }, "/budget/sums/t"],
  ["sum-text", "a sum that is a text", { sums: { t: { amount: "5" } } }, "/budget/sums/t/amount"],
  ["sum-fraction", "a sum with a fraction", { sums: { t: { amount: 0.5 } } }, "/budget/sums/t/amount"],
  ["sum-negative", "a sum below 0", { sums: { t: { "a~": -1 } } }, "/budget/sums/t/a~0"],
  ["sum-null", "a sum that is null", { sums: { t: { amount: null } } }, "/budget/sums/t/amount"],
];

const TWO = { aud: [PAY, DOCS] };
/** A call at the first of two audiences. */
const atTwo = (budget: Json, anchor: Scenario["anchor"] = { sharedBudgets: true }): Omit<Scenario, "rule"> => ({
  root: { claims: { ...TWO, budget }, grant: { [`${PAY}#t`]: {} } },
  anchor: { audiences: [PAY, DOCS], ...anchor },
  tool: "t",
  proof: { claims: { aat_tool: `${PAY}#t` } },
  arguments: {},
});

export const budget = collect("budget", (add) => {
  const root = (slug: string, description: string, rule: string, own: Json, expect = right): void =>
    add(slug, description, { rule, root: { claims: { budget: own } } }, expect);
  const child = (slug: string, description: string, rule: string, own: Json, expect = right): void => {
    const links = [{ claims: { budget: own } }];
    add(slug, description, { rule, root: { claims: { budget: BUDGET } }, links }, expect);
  };

  add("none", "a chain without a budget", { rule: "V9.4" }, accept);
  root("root", "a root with a budget, at a verifier that counts none", "V9.4", BUDGET);
  add(
    "inherited",
    "a budget of which the child says nothing",
    {
      rule: "V9.4",
      root: { claims: { budget: BUDGET } },
      links: [{}],
    },
    right,
  );
  add(
    "listing",
    "a listing under a budget",
    {
      rule: "V9.4",
      root: { claims: { budget: BUDGET } },
      tool: "mcp:tools/list",
      arguments: {},
    },
    right,
  );
  add(
    "proof-first",
    "a budget and a bad proof: the proof is told first",
    {
      rule: "V8.16",
      root: { claims: { budget: BUDGET } },
      proof: { claims: { iat: NOW - 60 } },
    },
    refuse("proof_invalid"),
  );
  add(
    "grant-later",
    "a budget and an argument outside of the grant: the budget is told first",
    {
      rule: "V9.4",
      root: { claims: { budget: BUDGET } },
      arguments: { id: "INV-8" },
    },
    right,
  );

  root("calls", "a budget of calls alone", "V4.5", { ...FRAME, calls: 1 });
  root("calls-0", "a budget of no calls", "V4.5", { ...FRAME, calls: 0 });
  root("calls-value", "calls of 2^53 - 1", "V4.5", { ...FRAME, calls: 2 ** 53 - 1 });
  root("sums", "a budget of sums alone", "V4.5", { ...FRAME, sums: { t: { a: 0, b: 1 }, send_payment: { fee: 5 } } });
  root("sums-256", "sums of 256 tools", "V4.5", { ...FRAME, sums: many(256, { a: 1 }) });
  root("sums-64", "sums of 64 arguments of one tool", "V4.5", { ...FRAME, sums: { t: many(64, 1) } });
  const longest = "t".repeat(256);
  root("sums-names-256", "a tool's name and an argument's of 256", "V4.5", {
    ...FRAME,
    sums: { [longest]: { [longest]: 1 } },
  });
  root("sums-prototype", "names that every JavaScript object has", "V4.5", {
    ...FRAME,
    sums: { constructor: { toString: 1 } },
  });
  root("id-1", "an id of one character", "V4.5", { ...BUDGET, id: "b" });
  root("id-128", "an id of 128", "V4.5", { ...BUDGET, id: "b".repeat(128) });
  root("second", "a budget for one second in the past of its token's end", "V4.5", { ...BUDGET, from: until - 1 });

  const broken: readonly [slug: string, description: string, own: Json, pointer: string][] = [
    ["text", "a budget that is a text", "10 calls", "/budget"],
    ["null", "a budget that is null", null, "/budget"],
    ["array", "a budget in an array", [BUDGET], "/budget"],
    ["empty", "an empty budget", {}, "/budget"],
    ["no-id", "a budget without id", { from, until, calls: 1 }, "/budget"],
    ["no-from", "a budget without from", { id, until, calls: 1 }, "/budget"],
    ["no-until", "a budget without until", { id, from, calls: 1 }, "/budget"],
    ["no-bound", "a budget with neither calls nor sums", FRAME, "/budget"],
    ["more", "a member that this version does not know", { ...BUDGET, tokens: 5 }, "/budget"],
    ["id-empty", "an empty id", { ...BUDGET, id: "" }, "/budget/id"],
    ["id-129", "an id of 129", { ...BUDGET, id: "b".repeat(129) }, "/budget/id"],
    ["id-space", "an id with a space", { ...BUDGET, id: "2026 11" }, "/budget/id"],
    ["id-slash", "an id that ends with /", { ...BUDGET, id: "acme/" }, "/budget/id"],
    ["id-number", "an id that is a number", { ...BUDGET, id: 7 }, "/budget/id"],
    ["from-text", "from is a text", { ...BUDGET, from: String(from) }, "/budget/from"],
    ["from-negative", "from is below 0", { ...BUDGET, from: -1 }, "/budget/from"],
    ["until-fraction", "until has a fraction", { ...BUDGET, until: until + 0.5 }, "/budget/until"],
    ["until-from", "until is from", { ...BUDGET, from: until }, "/budget/until"],
  ];
  for (const [slug, description, own, pointer] of broken) {
    root(`broken-${slug}`, description, "V4.5", own, malformed(pointer));
  }
  for (const [slug, description, bounds, pointer] of BROKEN) {
    root(`broken-${slug}`, description, "V4.5", { ...FRAME, ...bounds }, malformed(pointer));
    child(`child-broken-${slug}`, `in a child: ${description}`, "V4.5", bounds, malformed(pointer));
  }
  child("child-id", "a child that says which budget it is", "V4.5", { id, calls: 1 }, malformed("/budget"));
  child("child-from", "a child that says from when", "V4.5", { from, calls: 1 }, malformed("/budget"));
  child("child-until", "a child that says until when", "V4.5", { until, calls: 1 }, malformed("/budget"));
  child("child-whole", "a child that repeats its root's budget", "V4.5", BUDGET, malformed("/budget"));
  child("child-empty", "a child with an empty budget", "V4.5", {}, malformed("/budget"));
  child("child-null", "a child whose budget is null", "V4.5", null, malformed("/budget"));

  const unshared = refuse("token_untrusted_issuer", "/budget");
  const calls = { ...FRAME, calls: 1 };
  add(
    "audiences",
    "several audiences, where the anchor says nothing",
    { rule: "V5.14", ...atTwo(calls, {}) },
    unshared,
  );
  const no = { sharedBudgets: false };
  add("audiences-no", "several, where it says that they share none", { rule: "V5.14", ...atTwo(calls, no) }, unshared);
  add("audiences-shared", "several audiences that share a store", { rule: "V5.14", ...atTwo(calls) }, right);
  root(
    "outlived",
    "a root that lives a second longer than its budget",
    "V5.15",
    { ...BUDGET, until: NOW + 3539 },
    malformed("/exp"),
  );
  root("outlived-not", "a root that ends with its budget", "V5.15", { ...BUDGET, until: NOW + 3540 });
  for (const [slug, tool] of [
    ["qualified", `${PAY}#t`],
    ["operation", "mcp:resources/delete"],
    ["empty", ""],
    ["hash", "a#b"],
    ["every", "mcp:tools/*"],
  ] as const) {
    const sums = { [tool]: { a: 1 } };
    root(`tool-${slug}`, `a sum of the tool "${tool}"`, "V5.16", { ...FRAME, sums }, malformed("/budget/sums"));
    child(`child-tool-${slug}`, `in a child: a sum of "${tool}"`, "V6.15", { sums }, malformed("/budget/sums"));
  }
  const bare = { ...FRAME, sums: { t: { a: 1 } } };
  add("tool-bare", "a bare tool id under two audiences", { rule: "V5.16", ...atTwo(bare) }, malformed("/budget/sums"));
  const full = { ...FRAME, sums: { [`${DOCS}#t`]: { a: 1 } } };
  add("tool-two-audiences", "a qualified tool id under two audiences", { rule: "V5.16", ...atTwo(full) }, right);
  root("tool-mcp", "a sum of an operation of MCP", "V5.16", { ...FRAME, sums: { "mcp:prompts/get": { n: 1 } } });

  const alone = [{ claims: { budget: { calls: 1 } } }];
  const unlinked = refuse("chain_link_broken", "/budget");
  add("child-alone", "a child with a budget under a root without", { rule: "V6.14", links: alone }, unlinked);
  child("child-calls", "a child with fewer calls", "V6.16", { calls: 9 });
  child("child-calls-same", "a child with as many calls", "V6.16", { calls: 10 });
  child("child-calls-more", "a child with one call more", "V6.16", { calls: 11 }, widened("/budget/calls"));
  child("child-sum", "a child with a smaller sum", "V6.16", { sums: { send_payment: { amount: 0 } } });
  const amount = widened("/budget/sums/send_payment/amount");
  child("child-sum-more", "a child with a larger sum", "V6.16", { sums: { send_payment: { amount: 5001 } } }, amount);
  child("child-sum-added", "a child with a sum of another argument", "V6.16", {
    sums: { send_payment: { fee: 9000 } },
  });
  child("child-tool-added", "a child with a sum of another tool", "V6.16", { sums: { t: { amount: 9000 } } });
  child("child-calls-only", "a child that says nothing of its parent's sums", "V6.16", { calls: 3 });

  const chain = (slug: string, description: string, middle: Json | undefined, last: Json, expect = right): void =>
    add(
      slug,
      description,
      {
        rule: "V6.16",
        root: { claims: { budget: BUDGET } },
        links: [{ claims: { budget: middle } }, { claims: { budget: last } }],
      },
      expect,
    );
  const few = { calls: 4, sums: { send_payment: { fee: 7 } } };
  chain("grandchild", "each has less than the one before", few, {
    calls: 3,
    sums: { send_payment: { fee: 7, amount: 1 } },
  });
  chain("grandchild-parent", "more than its parent, less than the root", few, { calls: 5 }, widened("/budget/calls"));
  const fee = widened("/budget/sums/send_payment/fee");
  chain("grandchild-added", "more than what its parent added", few, { sums: { send_payment: { fee: 8 } } }, fee);
  chain(
    "grandchild-root",
    "more than the root, where its parent says nothing",
    { calls: 4 },
    { sums: { send_payment: { amount: 5001 } } },
    amount,
  );
  const fourth = (slug: string, description: string, own: Json, between: Json | undefined, last: Json, where: Expect) =>
    add(
      slug,
      description,
      {
        rule: "V6.16",
        root: { claims: { budget: BUDGET } },
        links: [
          { claims: { budget: own } },
          { claims: { budget: between } },
          { claims: { budget: last }, holder: stranger, agent: "fourth" },
        ],
      },
      where,
    );
  fourth(
    "fourth-silent",
    "more than two above it, less than the root, under a token without a budget",
    { calls: 4 },
    undefined,
    { calls: 5 },
    widened("/budget/calls"),
  );
  fourth(
    "fourth-other-argument",
    "more than two above it, under a token that says a sum of another argument",
    few,
    { sums: { send_payment: { amount: 1 } } },
    { sums: { send_payment: { fee: 8 } } },
    fee,
  );
  fourth(
    "fourth-other-tool",
    "more than two above it, under a token that says a sum of another tool",
    few,
    { sums: { t: { a: 1 } } },
    { sums: { send_payment: { fee: 8 } } },
    fee,
  );
  chain(
    "grandchild-silent",
    "more than the root, under a token without a budget of its own",
    undefined,
    { calls: 11 },
    widened("/budget/calls"),
  );
});
