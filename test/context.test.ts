/** Enrichment on the real engine: policies see the whole context, schemas hold it to that, records say where it was from. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Pdp, startPdp } from "@hopwise/cerbos";
import {
  type AuthorizerOptions,
  type Denied,
  delegate,
  type HeldDelegation,
  mapTool,
  type ToolMap,
} from "@hopwise/core";
import { cerbosFastmcpNaming, describeContext } from "@hopwise/core/describe";
import { anyArguments, grant } from "@hopwise/core/grant";
import {
  type AttributeSource,
  agentsFrom,
  resourceAttributesFrom,
  userAttributesFrom,
  usersFrom,
} from "@hopwise/core/sources";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { tools as storyTools, users as storyUsers } from "../examples/finance-team/company.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";
import { createWorld, type World } from "./support/world.ts";

const text = { type: "string" };
const payment = z.object({ to: z.string(), amount: z.number().int(), memo: z.string().optional() });

/** Alice's risk, her agents' health and the supplier of a payment, each from a source of its own. */
function contextWith(
  changed: { readonly risk?: AttributeSource<never>; readonly supplier?: AttributeSource<never> } = {},
) {
  const asked = { users: 0, agents: 0, suppliers: [] as string[] };
  const users = usersFrom({
    name: "directory",
    ttlMs: 60_000,
    schema: { type: "object", required: ["region"], properties: { region: text } },
    find: ({ subject }) => {
      asked.users++;
      return subject === "alice" ? { id: "alice", roles: ["analyst"], attributes: { region: "EMEA" } } : undefined;
    },
  });
  const agents = agentsFrom({
    name: "registry",
    ttlMs: 60_000,
    find: (name) => {
      asked.agents++;
      const keys = [world.keys[name as "planner"]?.publicJwk].filter((key) => key !== undefined);
      return { roles: ["finance_agent"], class: "finance", owner: "finance-team", keys };
    },
  });
  const risk = userAttributesFrom({
    name: "risk service",
    schema: { type: "object", required: ["score"], properties: { score: { type: "integer" } } },
    find: () => ({ score: 3 }),
  });
  const supplier = resourceAttributesFrom({
    name: "suppliers",
    key: "to",
    ttlMs: 60_000,
    schema: { type: "object", required: ["region"], properties: { region: text } },
    findMany: async (keys) => {
      asked.suppliers.push(keys.map(({ id }) => id).join());
      return keys.map(({ id }) => (id === "Globex" ? { region: "EMEA" } : undefined));
    },
  });
  const tools: ToolMap = {
    send_payment: mapTool(payment, {
      kind: "supplier_payment",
      action: "send",
      id: "to",
      keepInRecord: ["amount"],
      hideFromPolicies: ["memo"],
      sources: { supplier: changed.supplier ?? supplier },
    }),
  };
  const options = {
    tools,
    users,
    agents,
    sources: { user: { risk: changed.risk ?? risk } },
    delegation: "grants-only",
  } satisfies Partial<AuthorizerOptions>;
  return { options, asked };
}

const POLICY = `apiVersion: api.cerbos.dev/v1
resourcePolicy:
  resource: supplier_payment
  version: default
  schemas:
    principalSchema: { ref: "cerbos:///principal.json" }
    resourceSchema: { ref: "cerbos:///supplier_payment.json" }
  rules:
    - name: same_region
      actions: [send]
      effect: EFFECT_ALLOW
      roles: [analyst, finance_agent]
      condition: { match: { expr: R.attr.supplier.region == P.attr.delegation.user.attr.region } }
    - name: risky
      actions: [send]
      effect: EFFECT_DENY
      roles: ["*"]
      condition: { match: { expr: P.attr.delegation.user.attr.risk.score > 5 } }
      output: { when: { ruleActivated: '{"reason": "too risky"}' } }
    - name: class_of_agents
      actions: [send]
      effect: EFFECT_DENY
      roles: [finance_agent]
      condition: { match: { expr: P.attr.class != "finance" } }
    - name: not_with_a_memo
      actions: [send]
      effect: EFFECT_DENY
      roles: ["*"]
      condition: { match: { expr: has(R.attr.args.memo) } }
`;

let world: World;
let pdp: Pdp;
let held: HeldDelegation;
const folder = temporaryFolder(afterAll);

beforeAll(async () => {
  world = await createWorld();
  const { schemas } = describeContext(contextWith().options);
  const files = Object.entries(schemas).map(([file, schema]) => [`_schemas/${file}`, JSON.stringify(schema)] as const);
  for (const [file, content] of [...files, ["payment.yaml", POLICY] as const]) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), content);
  }
  pdp = await startPdp({ policies: folder });
  held = await world.issuer.issue({
    subject: "alice",
    agent: "planner",
    holder: world.keys.planner,
    grant: grant({ send_payment: anyArguments, greet: anyArguments, read_data: anyArguments, hidden: anyArguments }),
  });
});
afterAll(() => Promise.all([world.pdp.close(), pdp.close()]));

async function payWith(context: ReturnType<typeof contextWith>, args: object = { to: "Globex", amount: 5 }) {
  const { authorizer, audit } = world.authorizer({ cerbos: pdp, ...context.options });
  const session = await authorizer.openSession(held);
  const pay = () => session.authorize({ tool: "send_payment", arguments: args });
  return { decision: await pay(), pay, audit };
}

describe("the context of a call", () => {
  it("is seen whole by policies, under schemas that were written from its description", async () => {
    const { decision, audit } = await payWith(contextWith());
    expect(decision).toMatchObject({ outcome: "allowed", verdicts: [{ hop: 0 }, { hop: 1 }] });
    expect(audit.records[0]?.context).toEqual([
      { of: "alice", source: "directory", ageMs: 0 },
      { of: "agent:planner", source: "registry", ageMs: 0 },
      { of: "alice", source: "risk service", ageMs: 0 },
      { of: "resource", source: "suppliers", ageMs: 0 },
    ]);
  });

  it("is asked for once within its time, and the record says how old it was", async () => {
    const context = contextWith();
    const { pay, audit } = await payWith(context);
    await new Promise((resolve) => setTimeout(resolve, 5));
    await pay();
    expect(context.asked).toEqual({ users: 1, agents: 1, suppliers: ["Globex"] });
    const ages = audit.records[1]?.context?.map(({ source, ageMs }) => [source, ageMs > 0]);
    expect(ages).toEqual([
      ["directory", true],
      ["registry", true],
      ["risk service", false],
      ["suppliers", true],
    ]);
  });

  it("is asked for together by calls of one moment", async () => {
    const context = contextWith();
    const { authorizer } = world.authorizer({ cerbos: pdp, ...context.options });
    const session = await authorizer.openSession(held);
    const calls = ["Globex", "Initech", "Globex"].map((to) =>
      session.authorize({ tool: "send_payment", arguments: { to, amount: 5 } }),
    );
    expect((await Promise.all(calls)).map(({ outcome }) => outcome)).toEqual(["allowed", "denied", "allowed"]);
    expect(context.asked).toMatchObject({ users: 1, agents: 1, suppliers: ["Globex,Initech"] });
  });

  it("denies where a required source has nothing, and says which", async () => {
    const { decision } = await payWith(contextWith(), { to: "Nobody", amount: 5 });
    expect(decision).toMatchObject({ code: "resource_unknown", retryable: false });
    expect((decision as Denied).message).toContain('"supplier"');
  });

  it("is a denial of the policies' where a source is optional, missing, and a rule needs it", async () => {
    const down = { find: () => Promise.reject(new Error("down")), optional: true };
    const { decision, audit } = await payWith(contextWith({ risk: down }));
    // The schema was written for a required source; strict evaluation would deny as well.
    expect(decision).toMatchObject({ outcome: "denied", code: "policy_inconclusive" });
    expect(audit.records[0]?.context).toContainEqual({ of: "alice", source: "risk", ageMs: 0, missing: true });
  });

  it.each([
    ["another type than its schema says", { find: () => ({ score: "3" }) }],
    ["less than its schema says", { find: () => ({}) }],
  ])("is inconclusive where a source gives %s", async (_, risk) => {
    const { decision } = await payWith(contextWith({ risk }));
    expect(decision).toMatchObject({ code: "policy_inconclusive", hop: 0 });
    expect((decision as Denied).message).toMatch(/does not fit its schema at "\/(delegation|risk)/);
  });

  it("lets a policy rule on what a source says", async () => {
    const { decision } = await payWith(contextWith({ risk: { find: () => ({ score: 6 }) } }));
    expect(decision).toMatchObject({ code: "policy_denied", hop: 0, reason: "too risky" });
  });

  it("keeps from policies what the map hides, and in the record what it names, no more", async () => {
    const { decision, audit } = await payWith(contextWith(), { to: "Globex", amount: 5, memo: "private" });
    expect(decision.outcome).toBe("allowed");
    expect(audit.records[0]?.arguments).toEqual({ amount: 5 });
    expect(JSON.stringify(audit.records)).not.toMatch(/Globex|private/);
  });
});

describe("what the registry says an agent may do at most", () => {
  const limited = (own: object) => ({
    find: (name: string) => ({
      roles: [name === "planner" ? "finance_agent" : "reader_agent"],
      class: name === "planner" ? "finance" : "reader",
      owner: "finance-team",
      keys: [world.keys[name as "planner"].publicJwk],
      ...(name === "planner" && own),
    }),
  });

  it("holds whatever it was handed, for calls and lists alike", async () => {
    const { authorizer } = world.authorizer({ agents: limited({ tools: ["read_invoice"] }) });
    const session = await authorizer.openSession(world.planner);
    const pay = { tool: "send_payment", arguments: { to: "Globex", amount: 4, currency: "EUR" } };
    expect(await session.authorize(pay)).toMatchObject({ code: "agent_tool_refused", hop: 1 });
    const list = await session.list(["send_payment", "read_invoice"].map((tool) => ({ tool })));
    expect(list).toMatchObject({ shown: [false, true] });
  });

  it("holds for whoever it delegates to", async () => {
    const { authorizer } = world.authorizer({ agents: limited({ maxDepth: 1 }) });
    const read = { tool: "read_invoice", arguments: { id: "INV-9" } };
    const own = await authorizer.openSession(world.planner);
    expect((await own.authorize(read)).outcome).toBe("allowed");
    const handed = await authorizer.openSession(world.researcher);
    expect(await handed.authorize({ ...read, fulfils: true })).toMatchObject({ code: "agent_depth_refused", hop: 1 });
  });
});

describe("the description of a context", () => {
  it("lists what policies may rely on, tool by tool, and who says it", () => {
    const { tools, user, agent, schemas } = describeContext(contextWith().options);
    expect(tools["send_payment"]).toMatchObject({ kind: "supplier_payment", action: "send" });
    const rows = tools["send_payment"]?.attributes.map(({ path, type, required, from }) =>
      [path, type, required ? "always" : "perhaps", from].join(", "),
    );
    expect(rows).toEqual([
      "R.attr.supplier, object, always, suppliers",
      "R.attr.supplier.region, string, always, suppliers",
      "R.attr.args, object, always, the caller",
      "R.attr.args.to, string, always, the caller",
      "R.attr.args.amount, integer, always, the caller",
    ]);
    expect(user.map(({ path }) => path)).toEqual(
      expect.arrayContaining(["P.attr.region", "P.attr.risk.score", "P.attr.delegation.user.attr.risk"]),
    );
    expect(agent.map(({ path }) => path)).toEqual(expect.arrayContaining(["P.attr.class", "P.attr.owner"]));
    expect(Object.keys(schemas)).toEqual(["supplier_payment.json", "principal.json"]);
  });

  it("has a schema for each kind, one for several tools, and one for the handing over", () => {
    const delegation = { kind: "delegation", action: "delegate" };
    const { options } = contextWith();
    const tools: ToolMap = {
      ...storyTools,
      ...options.tools,
      hold_payment: { kind: "supplier_payment", action: "hold" },
    };
    const { schemas } = describeContext({ ...options, users: storyUsers, tools, delegation });
    expect(schemas["supplier_payment.json"]).toMatchObject({
      anyOf: [{ title: "tool send_payment" }, { title: "tool hold_payment" }],
    });
    expect(Object.keys(schemas).sort()).toEqual(
      [
        ...["delegation.json", "invoice.json", "ledger.json", "principal.json", "supplier_payment.json"],
        ...["mcp_prompt.json", "mcp_resource.json"],
      ].sort(),
    );
  });
});

describe("policies that were written for cerbos-fastmcp", () => {
  const PYTHON = `apiVersion: api.cerbos.dev/v1
resourcePolicy:
  resource: mcp_server
  version: default
  rules:
    - actions: ["tools/list", "tools/call::greet"]
      effect: EFFECT_ALLOW
      roles: [analyst, finance_agent, reader_agent]
    - actions: ["tools/list::*"]
      effect: EFFECT_ALLOW
      roles: [analyst, finance_agent, reader_agent]
      condition: { match: { expr: R.attr.tool_name == R.id && size(R.attr.arguments) == 0 && R.id != "hidden" } }
    - actions: ["tools/call::read_data"]
      effect: EFFECT_ALLOW
      roles: [analyst, finance_agent]
      condition:
        match:
          all:
            of:
              - expr: R.id == "read_data" && R.attr.tool_name == "read_data" && R.attr.source == "client"
              - expr: R.attr.arguments.region == "EMEA"
      output: { when: { ruleActivated: '"from their own region"', conditionNotMet: '"from another region"' } }
`;
  let python: Pdp;
  const policies = temporaryFolder(afterAll);
  beforeAll(async () => {
    writeFileSync(join(policies, "mcp.yaml"), PYTHON);
    python = await startPdp({ policies });
  });
  afterAll(() => python.close());

  it("hold unchanged, now for every hop", async () => {
    const { authorizer } = world.authorizer({
      cerbos: python,
      tools: cerbosFastmcpNaming(),
      delegation: "grants-only",
    });
    const ask = async (delegation: HeldDelegation, tool: string, args: object) => {
      const session = await authorizer.openSession(delegation);
      const decision = await session.authorize({ tool, arguments: args });
      return decision.outcome === "denied" ? [decision.code, decision.hop, decision.reason] : decision.outcome;
    };
    expect(await ask(held, "greet", { name: "Ada" })).toBe("allowed");
    expect(await ask(held, "read_data", { region: "EMEA" })).toBe("allowed");
    expect(await ask(held, "read_data", { region: "APAC" })).toEqual(["policy_denied", 0, "from another region"]);
    const reader = await delegate(held, {
      to: "researcher",
      holder: world.keys.researcher,
      grant: grant({ greet: anyArguments, read_data: anyArguments }),
    });
    expect(await ask(reader, "greet", { name: "Ada" })).toBe("allowed");
    expect(await ask(reader, "read_data", { region: "EMEA" })).toEqual(["policy_denied", 2, undefined]);
  });

  it("rule on lists as well: on each as a whole, and on each of its tools by name", async () => {
    const { authorizer } = world.authorizer({
      cerbos: python,
      tools: cerbosFastmcpNaming(),
      delegation: "grants-only",
    });
    const session = await authorizer.openSession(held);
    const items = ["greet", "read_data", "hidden"].map((tool) => ({ tool }));
    expect(await session.list(items)).toMatchObject({ shown: [true, true, false] });
    const closed = {
      ...cerbosFastmcpNaming(),
      "mcp:tools/list": { kind: "mcp_server", action: "x", list: "tools/shut" },
    };
    const shut = await world
      .authorizer({ cerbos: python, tools: closed, delegation: "grants-only" })
      .authorizer.openSession(held);
    expect(await shut.list(items)).toMatchObject({ outcome: "listed", shown: [false, false, false] });
  });
});
