/** What is told to who orders, hands on, takes up or looks into a delegation, and passes in something else. */
import { describe, expect, it, vi } from "vitest";
import { HopwiseError } from "../../errors.ts";
import { any, exact, grant, readGrant, wildcard } from "../../grant/index.ts";
import { argumentOf } from "../../options/index.ts";
import { type Claims, createWorld, details, errorOf, ISSUER, NOW, PAY } from "../../world.fixture.ts";
import type { Limits } from "../keys/limits.ts";
import { byOrder } from "./by-order.ts";
import { type DelegateOrder, delegate } from "./delegate.ts";
import { type HeldDelegation, hold, isDelegation, isToolGranted, parseDelegation, serialize } from "./delegation.ts";
import { grantFor } from "./grant-for.ts";
import { inspectDelegation } from "./inspect-delegation.ts";
import { createIssuer, type RootOrder } from "./issue.ts";
import { DELEGATION_SOURCE, renewing } from "./renew.ts";
import { requestDelegation } from "./request.ts";

const world = await createWorld();
const clock = (): number => NOW * 1000;
const never = (): number => Number.NaN;
const pay = grant({ send_payment: { to: wildcard() } });
const heldRoot = async (claims: Claims = {}): Promise<HeldDelegation> =>
  hold(await parseDelegation(await world.root({ ...details(pay), ...claims })), world.planner);
const held = await heldRoot();
const order = { to: "researcher", holder: world.researcher, grant: pay, clock };
const BUDGET = { id: "b", from: NOW - 1, until: NOW + 9999, calls: 5 };
const rich = await heldRoot({ budget: BUDGET });
const hand = (changed: Partial<Omit<DelegateOrder, "holder">>, parent = held) =>
  delegate(parent, { ...order, ...changed });
const pinned = {
  issuer: ISSUER,
  signer: world.issuer,
  audiences: [PAY],
  subjects: "any",
  tools: "any",
  clock,
} as const;

const issue = async (changed: Partial<RootOrder>, limits: Partial<Limits> = {}) =>
  (await createIssuer({ ...pinned, limits })).issue({ ...root, ...changed, holder: world.planner });
const root = { subject: "alice", agent: "planner", grant: pay };
/** What fails when this member is read, as a getter of a host's may. */
const failing = (name: string): object =>
  Object.defineProperty({}, name, {
    enumerable: true,
    get: () => {
      throw new TypeError("hunter2");
    },
  });

describe("who passes in what cannot be right is told", () => {
  it.each<[said: string, ask: () => unknown]>([
    [
      "grantFor: audiences must be tools by audience, such as { [payServer]: { … } }; got a Map",
      () => grantFor(new Map() as never),
    ],
    [
      "parseDelegation: chain must be the text of a chain, as serialize gives it; got 5",
      () => parseDelegation(5 as never),
    ],
    [
      "isToolGranted: tool must be a tool's name, such as send_payment; got 5",
      () => isToolGranted(held, 5 as never, PAY),
    ],
    [
      "isToolGranted: audience must be the name of an enforcement point; got 5",
      () => isToolGranted(held, "t", 5 as never),
    ],
    ["renewing: renew must be a function that gives a new delegation; got 5", () => renewing(held, 5 as never)],
    [
      "requestDelegation: challenge must be what createChallenge gave to the delegator; got",
      () => requestDelegation(world.planner, ""),
    ],
    [
      "requestDelegation: challenge must be what createChallenge gave to the delegator; got 5",
      () => requestDelegation(world.planner, 5 as never),
    ],
    ["inspectDelegation: nowSeconds must be", () => inspectDelegation(held, Number.NaN)],
    [
      "the delegation has no signer; take it up by hold(delegation, signer)",
      async () => delegate((await parseDelegation(await world.root())) as never, order),
    ],
    [
      "createIssuer: everyTool is true beside a list of tools",
      () => createIssuer({ ...pinned, tools: ["t"], everyTool: true }),
    ],
    [
      "issue: ",
      async () =>
        (await createIssuer({ ...pinned, clock: never })).issue({
          subject: "alice",
          agent: "a",
          holder: world.planner,
          grant: pay,
        }),
    ],
    ["delegate: ", () => hand({ clock: never })],
    ["grantFor: audiences must be tools by audience", () => grantFor(failing(PAY) as never)],
    [`grantFor: ${PAY} must be tools with their arguments`, () => grantFor({ [PAY]: 5 as never })],
    ["requestDelegation: signer must be a signer", () => requestDelegation({} as never, "c")],
    [
      `issue: "/budget/sums/refund" would bound nothing, since the grant does not hand over that tool; leave it out`,
      () => issue({ budget: { ...BUDGET, sums: { refund: { a: 1 } } } }),
    ],
    [
      `delegate: "/budget/sums/send_payment/ot" would bound nothing, since the grant of that tool does not name it`,
      () => hand({ budget: { sums: { send_payment: { ot: 1 } } } }, rich),
    ],
    ...[{}, { sums: undefined }].map((bounds): [string, () => Promise<unknown>] => [
      "delegate: budget must be what may be spent, such as { calls: 10 }, with calls, sums or both; got an object",
      () => hand({ budget: bounds as never }, rich),
    ]),
    [
      'issue: budget must be a budget, such as { id: "2026-11", from, until, calls: 100 }, with calls, sums or both; got',
      () => issue({ budget: { id: "b", from: NOW, until: NOW + 9 } }),
    ],
    [
      "delegate: budget.sums must be sums of arguments by tool, such as { send_payment: { amount: 1000 } }, at least one;",
      () => hand({ budget: { calls: 1, sums: {} } }, rich),
    ],
    [
      "issue: budget.sums.send_payment must be the most of each argument, such as { amount: 1000 }, at least one; got",
      () => issue({ budget: { ...BUDGET, sums: { send_payment: {} } } }),
    ],
    ['interop "aat-01": the draft has no budgets; leave one of the two out', () => hand({ interop: "aat-01" }, rich)],
    ["hold: signer must be a signer", () => hold(held, {} as never)],
    ["not a delegation: ", () => renewing({} as never, async () => held)],
    ["renewing: ", () => renewing(held, async () => held, { clock: never })()],
    [
      "issue: budget.until must be later than budget.from",
      async () => issue({ budget: { id: "b", from: NOW + 9, until: NOW + 9, calls: 1 } }),
    ],
    ["issue: budget.until is past", async () => issue({ budget: { id: "b", from: NOW - 9, until: NOW, calls: 1 } })],
  ])("%s", async (said, ask) => {
    const error = await errorOf(async () => ask());
    expect(error.code).toBe("config_invalid");
    expect(error.message.slice(0, said.length)).toBe(said);
  });

  it("says of a delegation of another copy of this package that it is one, and no mere copy of its members", async () => {
    vi.resetModules();
    const other = await import("./delegation.ts");
    const theirs = await other.hold(await other.parseDelegation(serialize(held)), world.planner);
    const asked: readonly (() => unknown)[] = [
      () => isToolGranted(theirs, "t", PAY),
      () => delegate(theirs, order),
      () => renewing(theirs, async () => held),
      () => argumentOf<unknown>("f", "source", DELEGATION_SOURCE)(theirs),
    ];
    for (const ask of asked) {
      const { code, message } = await errorOf(async () => ask());
      expect([code, message]).toEqual([
        "config_invalid",
        expect.stringMatching(/; got one of another copy of Hopwise's packages/),
      ]);
      expect(message).not.toContain("lacks the chain");
    }
    expect(other.isToolGranted(theirs, "send_payment", PAY)).toBe(true);
  });

  it("says what is no delegation, and no more where nothing is to be done about it", async () => {
    const { message } = await errorOf(() => isToolGranted({} as never, "t", PAY));
    expect(message).toMatch(/hold gave, uncopied$/);
    expect([held, { ...held }, {}, null, undefined, "text", 5].map(isDelegation)).toEqual([
      true,
      ...Array(6).fill(false),
    ]);
  });
});

describe("what a queue, a database or a message made of a delegation", async () => {
  const parsed = await parseDelegation(await world.root());
  const source = argumentOf<unknown>("f", "source", DELEGATION_SOURCE);
  const copies: readonly [string, unknown][] = [
    ["back from JSON", JSON.parse(JSON.stringify(held))],
    ["cloned", structuredClone({ ...parsed })],
    ["spread", { ...held }],
  ];
  const takers: readonly ((given: never) => unknown)[] = [
    serialize,
    source,
    (given) => hold(given, world.planner),
    (given) => delegate(given, order),
    (given) => renewing(given, async () => held),
  ];

  it.each(copies)("is refused where it is %s, with the way that keeps the chain", async (_, copy) => {
    for (const take of takers) {
      const { code, message } = await errorOf(async () => take(copy as never));
      expect(code).toBe("config_invalid");
      expect(message).toContain("a copy lacks the chain: to keep or send a delegation, serialize it");
    }
  });

  it("is refused where it is the text of its chain, with what reads that, and without it", async () => {
    const text = serialize(held);
    for (const take of takers) {
      const { code, message } = await errorOf(async () => take(text as never));
      expect(code).toBe("config_invalid");
      expect(message).toContain("a chain's text is read by parseDelegation, and taken up by hold");
      expect(message).not.toContain(text.slice(0, 20));
    }
  });

  it("is refused as a source where nobody held it, which says so", () => {
    expect(() => source(parsed)).toThrow("this one has no signer; give what hold made of it");
  });

  it("is not read as a chain where it is JSON", async () => {
    for (const json of [JSON.stringify(held), JSON.stringify(serialize(held)), `\n[${JSON.stringify(held)}]`]) {
      const { code, message } = await errorOf(parseDelegation(json));
      expect(code).toBe("token_malformed");
      expect(message).toContain("JSON of a delegation has no chain in it; send what serialize gave, as it is");
    }
  });

  it("may be anything else, which nobody looks into", () => {
    const trap = new Proxy({}, { has: () => expect.fail(), getPrototypeOf: () => expect.fail() });
    for (const other of [trap, Object.create(null), 5, null, []]) {
      expect(() => source(other)).toThrow(/gives the current one; got/);
      expect(() => serialize(other as never)).toThrow(/hold gave, uncopied$/);
    }
  });
});

it("a source of delegations is one that its holder took up, or a function", async () => {
  const read = argumentOf<unknown>("f", "source", DELEGATION_SOURCE);
  const parsed = await parseDelegation(await world.root());
  for (const source of [held, async () => held]) expect(() => read(source)).not.toThrow();
  for (const source of [parsed, { ...held }, {}, null, 5]) expect(() => read(source)).toThrow("took up by hold");
});

describe("an order that a verifier's rules refuse", () => {
  it("is told by the member that is at fault, of a child, too", async () => {
    const parent = await heldRoot({ act: { sub: "p".repeat(100) } });
    const long = await errorOf(hand({ to: { class: "reader" } }, parent));
    expect(long.message).toBe("delegate: to: a text of 1 to 128 characters is expected");
    const twice = await errorOf(hand({ audience: [PAY, PAY] }));
    expect(twice.message).toBe("delegate: audience: each audience is named once");
  });

  it("is left as it is where no member of it is at fault, and where it is no refusal", () => {
    const fault = new TypeError("a fault of ours");
    const thrower = (error: unknown) => () =>
      byOrder("issue", () => {
        throw error;
      });
    expect(thrower(fault)).toThrow(fault);
    const other = new HopwiseError("token_malformed", "the token is odd", { pointer: "/odd" });
    expect(thrower(other)).toThrow(other);
    const agent = new HopwiseError("token_malformed", "the agent is odd", { pointer: "/act/sub" });
    expect(thrower(agent)).toThrow("issue: agent: the agent is odd");
  });

  it("says nothing of names where names are right, and of the first that is wrong", async () => {
    const wider = await errorOf(hand({ grant: grant({ send_payment: { to: wildcard(), more: wildcard() } }) }));
    expect(wider.message).toMatch(/, the child asks for \{"constraint_type":"wildcard"\}; leave it out$/);
    const mixed = readGrant({ send_payment: pay["send_payment"], other: {}, [`${PAY}#t`]: {} });
    expect((await errorOf(hand({ grant: mixed }))).message).toContain("with one audience, tools have bare names");
    const every = readGrant({ "mcp:tools/*": {} });
    const aud = [PAY, "https://docs.example/mcp"];
    const several = await heldRoot({ aud, ...details({ [`${PAY}#t`]: {} }) });
    expect((await errorOf(hand({ grant: every }, several))).message).not.toContain("grantFor");
    expect((await errorOf(hand({ grant: every }))).message).toMatch(/, the child asks for \{\}$/);
  });

  it("is read by the limits that it was made with, where a token is longer than by default", async () => {
    const limits = { tokenBytes: 16_384 };
    const long = grant({ send_payment: { to: any(exact("x".repeat(4096)), exact("y".repeat(4096))) } });
    const first = await issue({ grant: long }, limits);
    expect(first.grant).toEqual(long);
    expect((await hand({ grant: long, limits }, first)).grant).toEqual(long);
    const refused = await errorOf(hand({ grant: long }, first));
    expect(refused.code).toBe("token_too_large");
    expect(refused.message).toMatch(/^the token would be \d+ bytes, 8192 are read/);
  });

  it("may be of the last depth that its parent allows, and of none below a parent that never lived", async () => {
    const last = await hand({}, await heldRoot({ del_max_depth: 1 }));
    expect(last.agents).toEqual(["planner", "researcher"]);
    const dead = await heldRoot({ iat: NOW + 90, exp: NOW + 90 });
    expect(await errorOf(hand({}, dead))).toMatchObject({ code: "token_malformed", pointer: "/exp" });
    expect((await errorOf(hand({}, dead))).message).toContain("the delegation to hand on expires before it begins");
  });

  it("keeps budgets out of a chain of the draft, the parent's as the child's", async () => {
    for (const [parent, changed] of [
      [rich, {}],
      [rich, { budget: { calls: 1 } }],
      [held, { budget: { calls: 1 } }],
    ] as const) {
      const error = await errorOf(hand({ ...changed, interop: "aat-01" }, parent));
      expect(error).toMatchObject({ code: "config_invalid", pointer: "/budget" });
    }
    expect(rich.budget).toEqual(BUDGET);
    expect("budget" in held).toBe(false);
  });
});

describe("a chain that is looked into", () => {
  it("says which login stood behind it, where one did, and what is refused, where something is", async () => {
    const login = { kind: "id_token", iss: "https://login.example", sub: "a-1" };
    const told = await inspectDelegation(await heldRoot({ hw_src: login }), NOW);
    expect(told.login).toEqual({ kind: "id_token", issuer: "https://login.example", subject: "a-1" });
    const plain = await inspectDelegation(held, NOW);
    expect(["login" in plain, "refused" in (plain.tokens[0] as object)]).toEqual([false, false]);
  });

  it("is refused by the third token with a jti that the first has, and may have a budget at several places", async () => {
    const root = await world.root();
    const child = `${root}~${await world.child(root)}`;
    const third = await world.grandchild(child, { jti: "AAAAAAAAAAAAAAAAAAAAAA" });
    const { tokens } = await inspectDelegation(await parseDelegation(`${child}~${third}`), NOW);
    const rule = "each token of a chain has a jti of its own";
    expect(tokens.map(({ refused }) => refused?.code)).toEqual([undefined, undefined, "chain_link_broken"]);
    expect(tokens[2]?.refused).toMatchObject({ pointer: "/jti", rule, hop: 3 });
    const budget = { id: "b", from: NOW, until: NOW + 9999, calls: 5 };
    const aud = [PAY, "https://docs.example/mcp"];
    const several = await world.root({ aud, budget, ...details({ [`${PAY}#t`]: {} }) });
    expect((await inspectDelegation(await parseDelegation(several), NOW)).tokens[0]).not.toHaveProperty("refused");
  });
});
