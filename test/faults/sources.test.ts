import type { AuthorizerOptions, ToolEntry } from "@hopwise/core";
import type { JsonObject } from "@hopwise/core/adapter";
import { resourceAttributesFrom, userAttributesFrom } from "@hopwise/core/sources";
import { describe, expect, it } from "vitest";
import { ISSUER, registerAgents, tools, users } from "../../examples/finance-team/company.ts";
import { denied, GOOD, paymentTool } from "../support/calls.ts";
import { answering } from "../support/policy-clients.ts";
import { worldHere } from "../support/world.ts";

const world = await worldHere();

const fail = (): never => {
  throw new Error("postgres://admin:hunter2@db is down");
};
const reject = async (): Promise<never> => fail();
const throwText = (): never => {
  throw "hunter2";
};
const hang = (): Promise<never> => new Promise(() => {});

const DOWN0 = { code: "context_unavailable", hop: 0 };
const DOWN = { code: "context_unavailable" };
const REGISTRY_DOWN = { code: "registry_unavailable" };
const BAD0 = { code: "attributes_invalid", hop: 0 };
const BAD1 = { code: "attributes_invalid", hop: 1 };
const BAD = { code: "attributes_invalid" };
const BAD_KEYS = { code: "agent_invalid", hop: 1 };
const NO_USER = { code: "user_unknown", hop: 0 };
const NO_RESOURCE = { code: "resource_unknown", hop: 0 };
const UNKNOWN = { code: "agent_unknown", hop: 1 };

/** What callers see in the place of a code that would tell them too much. */
const SHOWN: { readonly [code: string]: string } = {
  user_unknown: "policy_denied",
  resource_unknown: "policy_denied",
  registry_unavailable: "context_unavailable",
  agent_invalid: "attributes_invalid",
};

type Fault = readonly [what: string, answer: () => unknown, expected: { readonly code: string; readonly hop?: number }];

const alice = { id: "alice", roles: ["analyst"], attributes: { department: "finance", region: "EMEA" } };
const withAttributes = (attributes: unknown) => () => ({ ...alice, attributes });
const cyclic: { self?: unknown } = {};
cyclic.self = cyclic;
const trap = { department: "finance" };
Object.defineProperty(trap, "region", { enumerable: true, get: fail });

/** Attributes that no policy may be asked with; users, agents and resources alike. */
const BAD_ATTRIBUTES: readonly (readonly [what: string, attributes: unknown])[] = [
  ["a list", [1]],
  ["a text", "finance"],
  ["a date", new Date(0)],
  ["a map", new Map([["department", "finance"]])],
  ["a date in them", { since: new Date(0) }],
  ["NaN in them", { paymentLimit: Number.NaN }],
  ["infinity in them", { paymentLimit: Number.POSITIVE_INFINITY }],
  ["a number that no double holds", { paymentLimit: 2 ** 60 }],
  ["a bigint in them", { paymentLimit: 1000n }],
  ["a function in them", { paymentLimit: () => 1000 }],
  ["a symbol as a name", { [Symbol("department")]: "finance" }],
  ["a hole in a list", { limits: [undefined, 1] }],
  ["half a character", { region: "\ud800" }],
  ["themselves in them", cyclic],
  ["a getter that throws", trap],
  ["a member __proto__", JSON.parse('{"__proto__": {"paymentLimit": 1000000}}')],
  ["a million characters", { memo: "x".repeat(1_000_000) }],
];

const USERS: readonly Fault[] = [
  ["throws", fail, DOWN0],
  ["rejects", reject, DOWN0],
  ["throws a text", throwText, DOWN0],
  ["never answers", hang, DOWN],
  ["knows nobody", () => undefined, NO_USER],
  ["says null", () => null, NO_USER],
  ["says a text", () => "alice", BAD],
  ["gives no id", () => ({ roles: ["analyst"] }), BAD],
  ["gives a number for an id", () => ({ ...alice, id: 5 }), BAD],
  ["gives an empty id", () => ({ ...alice, id: "" }), BAD0],
  ["gives an agent's id", () => ({ ...alice, id: "agent:planner" }), BAD0],
  ["gives the bare prefix of agents", () => ({ ...alice, id: "agent:" }), BAD0],
  ["gives no roles", () => ({ id: "alice" }), BAD],
  ["gives null for roles", () => ({ id: "alice", roles: null }), BAD],
  ["gives an empty list of roles", () => ({ id: "alice", roles: [] }), BAD0],
  ["gives null for attributes", withAttributes(null), BAD],
  ["gives an attribute of our own name", withAttributes({ delegation: { kind: "user", depth: 0 } }), BAD0],
  ["gives that name with nothing in it", withAttributes({ delegation: undefined }), BAD0],
  ...BAD_ATTRIBUTES.map(
    ([what, it]): Fault => [`gives attributes that are, or have, ${what}`, withAttributes(it), BAD0],
  ),
];

const agent = { roles: ["finance_agent"], attributes: { class: "finance", owner: "x" } };
const planner = () => ({ ...agent, keys: [world.keys.planner.publicJwk] });
const agentWith = (change: object) => () => ({ ...planner(), ...change });

const AGENTS: readonly Fault[] = [
  ["throws", fail, { ...REGISTRY_DOWN, hop: 1 }],
  ["rejects", reject, { ...REGISTRY_DOWN, hop: 1 }],
  ["never answers", hang, REGISTRY_DOWN],
  ["knows no such agent", () => undefined, UNKNOWN],
  ["says null", () => null, UNKNOWN],
  ["gives no keys", () => agent, BAD_KEYS],
  ["gives an empty list of keys", agentWith({ keys: [] }), UNKNOWN],
  ["gives a text for its keys", agentWith({ keys: "planner" }), BAD_KEYS],
  ["gives another agent's key", () => ({ ...agent, keys: [world.keys.researcher.publicJwk] }), UNKNOWN],
  ["gives null for a key", agentWith({ keys: [null] }), BAD_KEYS],
  ["gives nonsense for its keys", agentWith({ keys: [5, {}, "x"] }), BAD_KEYS],
  ["gives no roles", agentWith({ roles: undefined }), BAD],
  ["gives an empty list of roles", agentWith({ roles: [] }), BAD1],
  ["gives an attribute of our own name", agentWith({ attributes: { delegation: { kind: "user" } } }), BAD1],
  ...BAD_ATTRIBUTES.map(
    ([what, it]): Fault => [`gives attributes that are, or have, ${what}`, agentWith({ attributes: it }), BAD1],
  ),
];

const LOADERS: readonly Fault[] = [
  ["throws", fail, DOWN],
  ["rejects", reject, DOWN],
  ["throws a text", throwText, DOWN],
  ["never answers", hang, DOWN],
  ["says nothing", () => undefined, NO_RESOURCE],
  ["says null", () => null, NO_RESOURCE],
  ["gives an attribute of our own name", () => ({ args: { amount: 1 } }), BAD],
  ...BAD_ATTRIBUTES.map(([what, it]): Fault => [`gives attributes that are, or have, ${what}`, () => it, BAD]),
];

/** Asks for one payment while one source is broken: first in a tool that was listed before, then as a list. */
async function payWhile(source: "users" | "agents" | "loader", answer: () => unknown) {
  let broken = false;
  let asked = 0;
  const good = registerAgents({ planner: world.keys.planner.publicJwk, researcher: world.keys.researcher.publicJwk });
  const loads = tools["send_payment"] as ToolEntry & { attributes: (args: JsonObject) => JsonObject };
  const options: Partial<AuthorizerOptions> = {
    // Short only where it is waited for: whatever else answers may be slow on a busy machine.
    deadlineMs: answer === hang ? 300 : 10_000,
    cerbos: answering((right) => {
      asked++;
      return right;
    }),
    users: { find: (subject) => (broken && source === "users" ? (answer() as never) : users.find(subject)) },
    agents: { find: (name) => (broken && source === "agents" ? (answer() as never) : good.find(name)) },
    tools: {
      send_payment: {
        ...loads,
        attributes: (args) => (broken && source === "loader" ? (answer() as never) : loads.attributes(args)),
      },
    },
  };
  const { authorizer, audit } = world.authorizer(options);
  const payment = await paymentTool(authorizer, world.planner);
  const session = await authorizer.openSession(world.planner);
  broken = true;
  const text = await payment.call();
  const list = await session.list([{ tool: "send_payment" }]);
  return { text, list, runs: payment.runs, asked, record: audit.records.find(({ tool }) => tool === "send_payment") };
}

async function mustDeny(source: "users" | "agents" | "loader", [, answer, expected]: Fault): Promise<void> {
  const { text, list, runs, asked, record } = await payWhile(source, answer);
  expect(text).toContain(`Not allowed (${SHOWN[expected.code] ?? expected.code})`);
  expect(runs, "the tool did not run").toEqual([]);
  // About what is not there, policies are asked all the same: whether they answer must not tell it.
  if (expected.code !== "resource_unknown") expect(asked, "no policy was asked").toBe(0);
  expect(record).toMatchObject({ outcome: "denied", ...expected });
  expect(JSON.stringify(record)).not.toContain("hunter2");
  if (source !== "loader") expect(denied(list), "no empty list").toMatchObject(expected);
}

describe("a user directory that", () => {
  it.each(USERS)("%s denies the call", (...fault) => mustDeny("users", fault));
});

describe("an agent registry that", () => {
  it.each(AGENTS)("%s denies the call", (...fault) => mustDeny("agents", fault));

  it("is asked for an agent with the name of something every object has knows none", async () => {
    const held = await world.issuer.issue({
      subject: "alice",
      agent: "constructor",
      holder: world.keys.planner,
      grant: world.planner.grant,
    });
    const session = await world.authorizer().authorizer.openSession(held);
    expect(denied(await session.authorize({ tool: "send_payment", arguments: GOOD }))).toMatchObject(UNKNOWN);
  });
});

describe("a resource loader that", () => {
  it.each(LOADERS)("%s denies the call", (...fault) => mustDeny("loader", fault));

  it("changes the arguments cannot: they are frozen, and the call is denied", async () => {
    const attributes = (args: JsonObject): JsonObject => {
      (args as { amount: number }).amount = 1;
      return {};
    };
    const map = { send_payment: { kind: "payment", action: "send", attributes } };
    const session = await world.authorizer({ tools: map }).authorizer.openSession(world.planner);
    expect(denied(await session.authorize({ tool: "send_payment", arguments: { ...GOOD } }))).toMatchObject(DOWN);
  });

  it("is asked once for all hops, and told the arguments, nothing of who asks", async () => {
    const seen: unknown[][] = [];
    const attributes = (...all: unknown[]): JsonObject => {
      seen.push(all);
      return { region: "EMEA", supplier: "Globex", amount: 400 };
    };
    const map = { read_invoice: { kind: "invoice", action: "read", id: "id", attributes } };
    const session = await world.authorizer({ tools: map }).authorizer.openSession(world.researcher);
    const args = { id: "INV-7" };
    const decision = await session.authorize({ tool: "read_invoice", arguments: args, fulfils: true });
    expect(decision.outcome).toBe("allowed");
    expect(seen).toEqual([[args, { tool: "read_invoice", arguments: args, tenant: ISSUER }]]);
  });
});

describe("an optional source that never answers", () => {
  const optional = { optional: true } as const;
  const unheard = () => ({ ...optional, find: hang });
  const slow = { ...optional, name: "slow", deadlineMs: 200 };
  const SILENT = [
    ["of its own kind", unheard, unheard],
    [
      "asked one by one, with the deadline of the authorizer",
      () => userAttributesFrom({ ...slow, find: hang }),
      () => resourceAttributesFrom({ ...slow, key: "to", find: hang }),
    ],
    [
      "asked for many at once, with the deadline of the authorizer",
      () => userAttributesFrom({ ...slow, findMany: hang }),
      () => resourceAttributesFrom({ ...slow, key: "to", findMany: hang }),
    ],
  ] as const;

  it.each(SILENT)("is left out, %s: the call is not kept waiting until it is denied", async (_, ofUser, ofResource) => {
    const map = { send_payment: { kind: "payment", action: "send", sources: { supplier: ofResource() } } };
    const sources = { user: { risk: ofUser() } };
    const { authorizer, audit } = world.authorizer({
      cerbos: answering((right) => right),
      tools: map,
      sources,
      deadlineMs: 200,
    });
    const session = await authorizer.openSession(world.planner);
    expect((await session.authorize({ tool: "send_payment", arguments: GOOD })).outcome).toBe("allowed");
    expect(audit.records[0]?.context?.filter(({ missing }) => missing).map(({ of }) => of)).toEqual([
      "alice",
      "resource",
    ]);
  });
});

describe("the id of a resource", () => {
  it.each<[string, ToolEntry["id"], object]>([
    ["is an argument that is not there", "payee", GOOD],
    ["is an argument that every object has", "constructor", GOOD],
    ["is an argument that is empty", "to", { ...GOOD, to: "" }],
    ["comes from a function that throws", fail, GOOD],
    ["comes from a function that says nothing", () => undefined as never, GOOD],
    ["comes from a function that says an empty text", () => "", GOOD],
  ])("that %s denies the call", async (_, id, args) => {
    const map = { send_payment: { kind: "payment", action: "send", ...(id !== undefined && { id }) } };
    const { authorizer } = world.authorizer({ tools: map });
    const session = await authorizer.openSession(world.planner);
    const decision = denied(await session.authorize({ tool: "send_payment", arguments: args }));
    expect(decision).toMatchObject({ code: "arguments_malformed", retryable: false });
    expect(decision.message).not.toContain("hunter2");
  });
});

describe("roles", () => {
  const ROLES = ["admin", ["analyst", 5], [undefined], [null], [{}], [["analyst"]]].map((roles) => [roles] as const);
  const allowAnybody = answering((right) => right);
  const payWith = async (roles: unknown) => {
    const { authorizer } = world.authorizer({
      cerbos: allowAnybody,
      users: { find: () => ({ ...alice, roles }) as never },
    });
    return (await authorizer.openSession(world.planner)).authorize({ tool: "send_payment", arguments: GOOD });
  };

  it.each(ROLES)("that are no list of texts deny the call: %o", async (roles) => {
    expect(denied(await payWith(roles))).toMatchObject(BAD0);
  });

  it("that are empty texts deny the call as what they are, at no time as an outage", async () => {
    const find = () => ({ ...alice, roles: [""] });
    const session = await world.authorizer({ users: { find } }).authorizer.openSession(world.planner);
    const decision = denied(await session.authorize({ tool: "send_payment", arguments: GOOD }));
    expect(decision.code).toBe("attributes_invalid");
  });
});
