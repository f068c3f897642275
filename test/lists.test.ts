/** What lists show on the real PDP, with strict evaluation and schemas: what docs/lists.md says, sentence by sentence. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Pdp, startPdp } from "@hopwise/cerbos";
import type { AuthorizerOptions, Denied, ToolEntry, ToolMap } from "@hopwise/core";
import type { Listed, PolicyDecisionPoint } from "@hopwise/core/adapter";
import { anyArguments, grant } from "@hopwise/core/grant";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "./support/temporary-folder.ts";
import { createWorld, type World } from "./support/world.ts";

let world: World;
let pdp: Pdp;
const policies = temporaryFolder(afterAll);

beforeAll(async () => {
  writePolicies();
  [world, pdp] = await Promise.all([createWorld(), startPdp({ policies })]);
});
afterAll(() => Promise.all([world.pdp.close(), pdp.close()]));

type Json = { readonly [name: string]: unknown };

const when = (expr: string): Json => ({ condition: { match: { expr } } });
const allow = (actions: readonly string[], more: Json = { roles: ["*"] }): Json => ({
  actions,
  effect: "EFFECT_ALLOW",
  ...more,
});
const deny = (actions: readonly string[], expr: string): Json => ({
  actions,
  effect: "EFFECT_DENY",
  roles: ["*"],
  ...when(expr),
});
const small = (actions: readonly string[]): Json =>
  allow(actions, { roles: ["*"], ...when("R.attr.args.amount < 5.0") });
const exempt = (actions?: readonly string[]): Json => ({
  schemas: { resourceSchema: { ref: "cerbos:///call.json", ...(actions && { ignoreWhen: { actions } }) } },
});

/** One kind of resource for each thing that can be right or wrong. */
const KINDS: { readonly [kind: string]: readonly [rules: readonly Json[], more?: Json] } = {
  sound: [
    [allow(["list"]), allow(["use"], { roles: ["*"], ...when("V.amount < 5.0") })],
    { ...exempt(["list"]), variables: { local: { amount: "R.attr.args.amount" } } },
  ],
  wide: [[allow(["*"])]],
  by_principal: [[allow(["use"])]],
  obliges: [[allow(["list"], { roles: ["*"], output: { when: { ruleActivated: '{"redact": ["/amount"]}' } } })]],
  not_exempt: [[allow(["list"]), small(["use"])], exempt()],
  reads_arguments: [[small(["list", "use"])]],
  deny_reads_arguments: [[allow(["list", "use"]), deny(["*"], "R.attr.args.amount > 5.0")]],
  by_resource: [[allow(["list", "use"], { derivedRoles: ["near"] })], { importDerivedRoles: ["relations"] }],
  by_hop: [
    [allow(["list"], { derivedRoles: ["insider"] }), allow(["use"], { derivedRoles: ["near"] })],
    { importDerivedRoles: ["relations"] },
  ],
  fenced: [[allow(["list", "use"])]],
  optional_argument: [[allow(["list", "use"]), deny(["use"], "has(R.attr.args.memo)")]],
  document: [[allow(["list", "read"], { roles: ["*"], ...when('R.id == "doc://open"') })]],
  named: [[allow(["list:*"]), deny(["list:7", "list:57"], "true")]],
  principal: [[allow(["list"])], { schemas: { principalSchema: { ref: "cerbos:///cleared.json" } } }],
};

function writePolicies(): void {
  const write = (name: string, content: Json): void => {
    writeFileSync(join(policies, name), JSON.stringify(content)); // JSON is YAML, and needs no quoting rules of its own
  };
  const policy = (name: string, content: Json): void =>
    write(`${name}.yaml`, { apiVersion: "api.cerbos.dev/v1", ...content });
  mkdirSync(join(policies, "_schemas"));
  write("_schemas/call.json", {
    type: "object",
    required: ["args"],
    properties: { args: { type: "object", required: ["amount"], properties: { amount: { type: "number" } } } },
  });
  write("_schemas/cleared.json", { type: "object", required: ["clearance"] });
  for (const [resource, [rules, more]] of Object.entries(KINDS)) {
    policy(resource, { resourcePolicy: { resource, version: "default", rules, ...more } });
  }
  const relations = [
    { name: "near", parentRoles: ["*"], ...when("R.attr.region == P.attr.delegation.user.attr.region") },
    { name: "insider", parentRoles: ["*"], ...when('P.attr.delegation.user.attr.department == "finance"') },
  ];
  policy("relations", { derivedRoles: { name: "relations", definitions: relations } });
  for (const [i, principal] of ["alice", "agent:planner"].entries()) {
    const rules = [{ resource: "by_principal", actions: [{ action: "*", effect: "EFFECT_ALLOW" }] }];
    policy(`principal-${i}`, { principalPolicy: { principal, version: "default", rules } });
  }
  const known = Object.keys(KINDS).map((resource) => ({
    resource,
    allowActions: resource === "fenced" ? ["use"] : ["*"],
  }));
  policy("agents", { rolePolicy: { role: "finance_agent", version: "default", rules: known } });
}

const listing = (kind: string): ToolEntry => ({ kind, action: "use", list: "list" });
const planned = (kind: string): ToolEntry => ({ kind, action: "use" });

/** The planner of alice, with everything handed over. */
async function open(tools: ToolMap, options: Partial<AuthorizerOptions> = {}) {
  const names = Object.keys(tools);
  const held = await world.issuer.issue({
    subject: "alice",
    agent: "planner",
    holder: world.keys.planner,
    grant: grant(Object.fromEntries(names.map((name) => [name, anyArguments]))),
  });
  const { authorizer, audit } = world.authorizer({
    cerbos: pdp,
    tools,
    delegation: "grants-only",
    deadlineMs: 10_000,
    ...options,
  });
  const session = await authorizer.openSession(held);
  const list = (items: readonly Listed[] = names.map((tool) => ({ tool }))) => session.list(items);
  return { session, list, audit };
}

/** Whether the one tool of this entry is shown. */
async function isShown(tool: ToolEntry): Promise<boolean> {
  const { list } = await open({ tool });
  const answer = await list();
  if (answer.outcome === "denied") throw new Error(answer.message);
  return answer.shown[0] === true;
}

/** A client that notes its requests. */
function listening(): { readonly cerbos: PolicyDecisionPoint; readonly requests: string[] } {
  const requests: string[] = [];
  const cerbos: PolicyDecisionPoint = {
    checkResources: (request, options) => {
      requests.push(`check ${request.principal.id} ${request.resources.length}`);
      return pdp.client.checkResources(request, options);
    },
    planResources: (request, options) => {
      requests.push(`plan ${request.principal.id}`);
      return pdp.client.planResources(request, options);
    },
  };
  return { cerbos, requests };
}

describe("a listing action", () => {
  it("shows a tool whose calls need arguments, past the schema and the variables of its calls", async () => {
    expect(await isShown(listing("sound"))).toBe(true);
  });

  it("that the schema does not exempt is an error that says so, and no empty list", async () => {
    const { list } = await open({ a: listing("sound"), b: listing("not_exempt") });
    const answer = (await list()) as Denied;
    expect(answer).toMatchObject({ outcome: "denied", code: "policy_inconclusive", hop: 0 });
    expect(answer.message).toContain("the resource does not fit its schema at \"/\": missing properties: 'args'");
  });

  it("is allowed by a rule, and by a principal policy, for all actions", async () => {
    expect(await isShown(listing("wide"))).toBe(true);
    expect(await isShown(listing("by_principal"))).toBe(true);
  });

  it("with a name in it is allowed by list:*, but not where the name has another colon", async () => {
    const named = (list: string) => isShown({ kind: "named", action: "use", list });
    expect([await named("list:pay"), await named("list:pay:all"), await named("list::pay")]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it("is asked of the policy version and the scope of its entry, and hidden where they have no rule", async () => {
    expect(await isShown({ ...listing("sound"), policyVersion: "other" })).toBe(false);
    expect(await isShown({ ...listing("sound"), scope: "acme" })).toBe(false);
  });

  it("is an error where its rule has an output that cannot be fulfilled", async () => {
    const { list } = await open({ tool: listing("obliges") });
    expect(await list()).toMatchObject({ outcome: "denied", code: "policy_inconclusive" });
  });

  it("is an error where a hop does not fit its schema", async () => {
    const { list } = await open({ tool: listing("principal") });
    expect(await list()).toMatchObject({ outcome: "denied", code: "policy_inconclusive" });
  });

  it("hides a tool where its rule reads what only a call has: arguments, or attributes of the resource", async () => {
    expect(await isShown(listing("reads_arguments"))).toBe(false);
    expect(await isShown(listing("by_resource"))).toBe(false);
  });

  it("shows a tool by a derived role that looks at the hop alone, beside one that cannot be evaluated", async () => {
    expect(await isShown(listing("by_hop"))).toBe(true);
  });

  it("hides a tool where a DENY rule for all actions reads arguments: strict evaluation denies", async () => {
    expect(await isShown(listing("deny_reads_arguments"))).toBe(false);
  });

  it("hides a tool where the agent's role policy does not name it", async () => {
    expect(await isShown(listing("fenced"))).toBe(false);
    expect(await isShown(planned("fenced"))).toBe(true);
  });

  it("tells items apart by an id that is known beforehand; a plan does not know it", async () => {
    const uris = ["doc://open", "doc://secret"].map((uri) => ({ tool: "mcp:resources/read", arguments: { uri } }));
    const entry = { kind: "document", action: "read", id: "uri" };
    const shown = async (of: ToolEntry) => (await (await open({ "mcp:resources/read": of })).list(uris)) as object;
    expect(await shown({ ...entry, list: "list" })).toMatchObject({ shown: [true, false] });
    expect(await shown(entry)).toMatchObject({ shown: [true, true] });
  });

  it("asks about fifty names in one request a hop, and reads each answer as that of its own name", async () => {
    const { cerbos, requests } = listening();
    const tools = Object.fromEntries(
      Array.from({ length: 60 }, (_, i) => [`tool_${i}`, { kind: "named", action: `use:${i}`, list: `list:${i}` }]),
    );
    const { list, audit } = await open(tools, { cerbos });
    const answer = await list();
    const hidden = answer.outcome === "listed" && answer.shown.flatMap((shown, i) => (shown ? [] : [i]));
    expect(hidden).toEqual([7, 57]);
    expect(requests).toEqual(["check alice 2", "check agent:planner 2"]);
    expect(audit.records.at(-1)).toMatchObject({ tool: "mcp:tools/list", shown: { items: 58, of: 60 } });
  });
});

describe("a plan", () => {
  it("shows a tool whose calls need arguments", async () => {
    expect(await isShown(planned("reads_arguments"))).toBe(true);
    expect(await isShown(planned("by_resource"))).toBe(true);
  });

  it("takes a request for a plan for each hop and each kind", async () => {
    const { cerbos, requests } = listening();
    const { list } = await open({ a: planned("sound"), b: planned("by_hop") }, { cerbos });
    await list();
    expect(requests.toSorted()).toEqual(["plan agent:planner", "plan agent:planner", "plan alice", "plan alice"]);
  });

  it("can hide a tool that can be called, where a rule asks whether an optional argument is there", async () => {
    const { list, session } = await open({ tool: planned("optional_argument") });
    expect(await list()).toMatchObject({ shown: [false] });
    expect((await session.authorize({ tool: "tool", arguments: { amount: 1 } })).outcome).toBe("allowed");
    expect(await isShown(listing("optional_argument"))).toBe(true);
  });
});

describe("handing over", () => {
  it.each([
    ["a listing action", listing("sound"), ["check alice 2", "check agent:planner 1"]],
    ["plans", planned("sound"), ["check alice 1", "plan agent:planner", "plan alice"]],
  ])("that no policy allows shows nothing by %s", async (_, tool, asked) => {
    const { cerbos, requests } = listening();
    const { list } = await open({ tool }, { cerbos, delegation: { kind: "delegation", action: "delegate" } });
    expect(await list()).toMatchObject({ outcome: "listed", shown: [false] });
    expect(requests.toSorted()).toEqual(asked.toSorted());
  });
});
