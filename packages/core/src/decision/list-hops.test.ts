import { type CheckResourcesRequest, PlanKind } from "@cerbos/core";
import { describe, expect, it } from "vitest";
import { HopwiseError } from "../errors.ts";
import type { Hop } from "../principal/index.ts";
import type { PlacedEntry } from "../resource/index.ts";
import { allowAll, allowing, errorOf, never, pdpOf, type Result } from "../world.fixture.ts";
import type { AskedResource } from "./hop-request.ts";
import { type ListItem, type ListQuestion, listHops } from "./list-hops.ts";
import type { PolicyDecisionPoint } from "./pdp.ts";

const DEADLINE = 20;
const hops: readonly Hop[] = [
  { kind: "user", id: "alice" },
  { kind: "agent", id: "agent:planner" },
];
const principals = [
  { id: "alice", roles: ["analyst"] },
  { id: "agent:planner", roles: ["finance_agent"] },
];
const edge = { action: "delegate", resource: { kind: "delegation", id: "alice->agent:planner", attr: {} } };
const send: PlacedEntry = { kind: "payment", action: "send", scope: "acme", policyVersion: "2" };
const read: PlacedEntry = { kind: "invoice", action: "read" };
const listed = (entry: PlacedEntry, list = "list"): PlacedEntry => ({ ...entry, list });

const about = (entries: readonly (PlacedEntry | ListItem)[], edges: readonly (typeof edge)[] = []): ListQuestion => ({
  hops,
  principals,
  items: entries.map((it) => ({
    ...("entry" in it ? it : { tool: "tool", entry: it, known: {} }),
    ...(edges.length > 0 && { edges }),
  })),
  invocation: "inv",
  chainId: "chain",
});

/** What a decision point answers about one resource: each action by this function. */
const result = (asked: AskedResource, effectOf: (action: string) => string, changed: Result = {}): Result => {
  const actions = Object.fromEntries(asked.actions.map((action) => [action, `EFFECT_${effectOf(action)}`]));
  return allowing(asked, { actions, ...changed });
};

/** A decision point that gives these results and plans. It allows and shows everything by itself. */
function answering(
  results?: Parameters<typeof pdpOf>[0],
  planKindOf: Parameters<typeof pdpOf>[1] = () => PlanKind.ALWAYS_ALLOWED,
) {
  const { asked: checked, ...others } = pdpOf(results, planKindOf);
  return { checked, ...others };
}

const shownBy = async (pdp: PolicyDecisionPoint, question: ListQuestion) =>
  (await listHops(pdp, question, DEADLINE)).map((hidden) => hidden === undefined);

describe("what may be shown", () => {
  it("is nothing of nothing, and nobody is asked", async () => {
    const { pdp, checked, planned } = answering();
    expect(await shownBy(pdp, about([], [edge]))).toEqual([]);
    expect([checked, planned]).toEqual([[], []]);
  });

  it("is checked and planned side by side, and answered in the order of the items", async () => {
    const { pdp, checked, planned } = answering(
      ({ resources }) => resources.map((asked) => result(asked, (action) => (action === "list:a" ? "DENY" : "ALLOW"))),
      ({ resource }) => (resource.kind === "payment" ? PlanKind.ALWAYS_DENIED : PlanKind.CONDITIONAL),
    );
    const items = [send, listed(read, "list:a"), read, listed(read, "list:b"), listed(read, "list:a")];
    expect(await shownBy(pdp, about(items))).toEqual([false, false, true, true, false]);
    expect([checked.length, planned.length]).toEqual([2, 4]);
  });

  it("carries no item that one hop of the chain alone is denied", async () => {
    const { pdp } = answering(({ principal, resources }) =>
      resources.map((asked) =>
        result(asked, (action) => (action === "list:b" && principal.id === "agent:planner" ? "DENY" : "ALLOW")),
      ),
    );
    expect(await shownBy(pdp, about([listed(read, "list:a"), listed(read, "list:b")]))).toEqual([true, false]);
  });
});

describe("what is hidden", () => {
  it("is told with the first hop that is denied it, what that was asked, and with which roles", async () => {
    const { pdp } = answering(({ principal, resources }) =>
      resources.map((asked) =>
        result(asked, (action) =>
          action === "list:b" || (action === "list:c" && principal.id === "agent:planner") ? "DENY" : "ALLOW",
        ),
      ),
    );
    const items = ["list:a", "list:b", "list:c"].map((action) => listed(read, action));
    expect(await listHops(pdp, about(items), DEADLINE)).toEqual([
      undefined,
      {
        ...{ code: "policy_denied", hop: 0, cerbosCallIds: ["call"] },
        ...{ asked: { kind: "invoice", action: "list:b" }, roles: principals[0]?.roles },
      },
      {
        ...{ code: "policy_denied", hop: 1, cerbosCallIds: ["call"] },
        ...{ asked: { kind: "invoice", action: "list:c" }, roles: principals[1]?.roles },
      },
    ]);
  });

  it("is told with the scope and the version that were asked about", async () => {
    const { pdp } = answering(({ resources }) => resources.map((asked) => result(asked, () => "DENY")));
    const item = listed({ ...read, scope: "acme", policyVersion: "trial" }, "list:a");
    const [hidden] = await listHops(pdp, about([item]), DEADLINE);
    expect(hidden).toMatchObject({
      asked: { kind: "invoice", action: "list:a", scope: "acme", policyVersion: "trial" },
    });
  });

  it("is told with no call id where others shared the request: nobody can tell what was theirs", async () => {
    const { pdp } = answering(({ resources }) => resources.map((asked) => result(asked, () => "DENY")));
    const shared: PolicyDecisionPoint = {
      ...pdp,
      checkResources: async (request, options) =>
        Object.assign(await pdp.checkResources(request, options), { cerbosPositions: [3] }),
    };
    expect(await listHops(shared, about([listed(read, "list:a")]), DEADLINE)).toMatchObject([{ cerbosCallIds: [] }]);
  });

  it("is what a hop may not hand on, where it hands on each by itself, and nothing else", async () => {
    const { pdp, checked } = answering(({ resources }) =>
      resources.map((asked) => result(asked, () => (asked.resource.id === "no" ? "DENY" : "ALLOW"))),
    );
    const handing = (id: string) => [{ ...edge, resource: { ...edge.resource, id } }];
    const items = ["yes", "no", "yes"].map((id) => ({
      ...{ tool: "tool", entry: listed(read), known: {}, edges: handing(id) },
    }));
    const hidden = { code: "delegation_denied", hop: 0, cerbosCallIds: ["call"] };
    expect(await listHops(pdp, { ...about([]), items }, DEADLINE)).toEqual([undefined, hidden, undefined]);
    const edges = checked[0]?.resources.filter(({ resource }) => resource.kind === "delegation");
    expect(edges?.map(({ resource }) => resource.id)).toEqual(["yes", "no"]);
  });

  it("is everything where a hop may not hand on, and that is why", async () => {
    const { pdp } = answering(({ resources }) =>
      resources.map((asked) => result(asked, (action) => (action === "delegate" ? "DENY" : "ALLOW"))),
    );
    const hidden = { code: "delegation_denied", hop: 0, cerbosCallIds: ["call"] };
    expect(await listHops(pdp, about([listed(read), send], [edge]), DEADLINE)).toEqual([hidden, hidden]);
  });
});

describe("an entry with a listing action", () => {
  it("is asked about without arguments and attributes, with each hop's own principal, in one request a hop", async () => {
    const { pdp, checked } = answering();
    const items = [listed(send), listed(read, "list:a"), listed({ ...read, id: "id" }, "list:b")];
    expect(await shownBy(pdp, about(items, [edge]))).toEqual([true, true, true]);
    const resources = [
      { resource: { kind: "payment", id: "*", scope: "acme", policyVersion: "2" }, actions: ["list"] },
      { resource: { kind: "invoice", id: "*" }, actions: ["list:a", "list:b"] },
    ];
    const request = (hop: number) => ({
      principal: principals[hop],
      includeMetadata: false,
      requestId: `inv-${hop}`,
      requestContext: {
        annotations: { "hopwise.invocation": "inv", "hopwise.hop": hop, "hopwise.chain": "chain" },
      },
    });
    expect(checked).toStrictEqual([
      { ...request(0), resources: [{ resource: edge.resource, actions: ["delegate"] }, ...resources] },
      { ...request(1), resources },
    ]);
  });

  it("is asked about by the id that is known beforehand, and never by one that is not", async () => {
    const { pdp, checked } = answering(({ resources }) =>
      resources.map((asked) => result(asked, () => (asked.resource.id === "a" ? "ALLOW" : "DENY"))),
    );
    const entry = listed({ ...read, id: "uri" });
    const items = [{ uri: "a" }, { uri: "b" }, {}, { uri: "" }].map((known) => ({ tool: "tool", entry, known }));
    const more = [
      { tool: "tool", entry: listed({ ...read, id: () => "made" }), known: {} },
      { tool: "tool", entry: listed({ ...read, id: "toString" }), known: {} },
    ];
    expect(await shownBy(pdp, about([...items, ...more]))).toEqual([true, false, false, false, false, false]);
    expect(checked[0]?.resources.map(({ resource }) => resource.id)).toEqual(["a", "b", "*"]);
  });

  it.each([
    ["kind", { kind: "other" }],
    ["scope", { scope: "other" }],
    ["policy version", { policyVersion: "other" }],
  ])("is another question where its %s is another", async (_, changed) => {
    const { pdp, checked } = answering(({ resources }) =>
      resources.map((asked, i) => result(asked, () => (i === 0 ? "ALLOW" : "DENY"))),
    );
    expect(await shownBy(pdp, about([listed(read), listed({ ...read, ...changed })]))).toEqual([true, false]);
    expect(checked[0]?.resources).toHaveLength(2);
  });

  it("shares a request with at most 49 others and the handing over", async () => {
    const { pdp, checked } = answering(({ resources }) =>
      resources.map((asked) => result(asked, () => (/^k(48|49|119)$/.test(asked.resource.kind) ? "DENY" : "ALLOW"))),
    );
    const items = Array.from({ length: 120 }, (_, i) => listed({ kind: `k${i}`, action: "use" }));
    const shown = await shownBy(pdp, about(items, [edge]));
    expect(shown.flatMap((is, i) => (is ? [] : [i]))).toEqual([48, 49, 119]);
    expect(checked.map(({ principal, resources }) => [principal.id, resources.length])).toEqual([
      ["alice", 50],
      ["alice", 50],
      ["alice", 21],
      ["agent:planner", 50],
      ["agent:planner", 50],
      ["agent:planner", 20],
    ]);
  });

  it("shares a resource with at most 49 others, and the answers of two resources that are alike do not mix", async () => {
    const { pdp, checked } = answering(({ resources }) =>
      resources.map((asked) => result(asked, (action) => (/:(49|50|119)$/.test(action) ? "DENY" : "ALLOW"))),
    );
    const items = Array.from({ length: 120 }, (_, i) => listed(read, `list:${i}`));
    const shown = await shownBy(pdp, about(items));
    expect(shown.flatMap((is, i) => (is ? [] : [i]))).toEqual([49, 50, 119]);
    expect(checked[0]?.resources.map(({ actions }) => actions.length)).toEqual([50, 50, 20]);
  });

  it.each<[string, (asked: AskedResource) => Result | undefined]>([
    ["of another kind", (asked) => result(asked, () => "ALLOW", { resource: { kind: "x", id: "*" } })],
    ["of another id", (asked) => result(asked, () => "ALLOW", { resource: { kind: "invoice", id: "x" } })],
    ["without one of the actions", (asked) => result({ ...asked, actions: ["list:a"] }, () => "ALLOW")],
    ["of no effect", (asked) => result(asked, (action) => (action === "list:a" ? "ALLOW" : "UNSPECIFIED"))],
    [
      "with a principal that does not fit its schema",
      (asked) =>
        result(asked, () => "DENY", { validationErrors: [{ path: "/a", message: "m", source: "SOURCE_PRINCIPAL" }] }),
    ],
    [
      "with a resource that does not fit its schema, because it is not exempt",
      (asked) =>
        result(asked, () => "DENY", { validationErrors: [{ path: "/", message: "m", source: "SOURCE_RESOURCE" }] }),
    ],
    [
      "with an obligation that cannot be fulfilled",
      (asked) =>
        result(asked, () => "ALLOW", { outputs: [{ source: "r", action: "list:b", value: { redact: ["/x"] } }] }),
    ],
    ["missing", () => undefined],
  ])("is an error and no empty list where its answer is %s", async (_, answer) => {
    const { pdp } = answering(({ principal, resources }) =>
      principal.id === "alice"
        ? resources.map((asked) => result(asked, () => "ALLOW"))
        : resources.flatMap((asked) => answer(asked) ?? []),
    );
    const error = await errorOf(shownBy(pdp, about([listed(read, "list:a"), listed(read, "list:b")])));
    expect(error).toMatchObject({
      code: "policy_inconclusive",
      hop: 1,
      message: expect.stringContaining("the policies' answer about what may be shown cannot be relied on: "),
    });
  });

  it("is not denied an answer by the output of another action", async () => {
    const outputs = [{ source: "r", action: "list:b", value: { redact: ["x"] } }];
    const { pdp } = answering(({ resources }) =>
      resources.map((asked) => result(asked, (action) => (action === "list:b" ? "DENY" : "ALLOW"), { outputs })),
    );
    const items = [listed(read, "list:a"), listed(read, "list:b")];
    expect(await shownBy(pdp, about(items))).toEqual([true, false]);
  });
});

describe("a hop that may not hand on", () => {
  const denying = ({ resources }: CheckResourcesRequest) =>
    resources.map((asked) => result(asked, (action) => (action === "delegate" ? "DENY" : "ALLOW")));

  it("shows nothing of what it checks, and nothing of what it plans", async () => {
    expect(await shownBy(answering(denying).pdp, about([listed(read), read], [edge]))).toEqual([false, false]);
  });

  it("is asked alone where all entries are planned, and the last hop is not asked", async () => {
    const { pdp, checked } = answering();
    expect(await shownBy(pdp, about([read], [edge]))).toEqual([true]);
    expect(checked.map(({ principal, resources }) => [principal.id, resources])).toEqual([
      ["alice", [{ resource: edge.resource, actions: ["delegate"] }]],
    ]);
  });

  it("is an error where the answer about it cannot be read", async () => {
    const { pdp } = answering(({ resources }) =>
      resources.map((asked) => result(asked, (action) => (action === "delegate" ? "NO_MATCH" : "ALLOW"))),
    );
    expect(await errorOf(shownBy(pdp, about([listed(read), read], [edge])))).toMatchObject({
      code: "policy_inconclusive",
      hop: 0,
    });
  });
});

describe("an entry without a listing action", () => {
  it("is planned, and shown unless one hop is always denied", async () => {
    const { pdp, checked } = answering(allowAll, ({ principal, resource }) =>
      principal.id === "alice" || resource.kind === "invoice" ? PlanKind.CONDITIONAL : PlanKind.ALWAYS_DENIED,
    );
    expect(await shownBy(pdp, about([send, read, send]))).toEqual([false, true, false]);
    expect(checked).toEqual([]);
  });

  it("is planned once a hop where it is the same to policies", async () => {
    const { pdp, planned } = answering();
    expect(await shownBy(pdp, about([send, { ...send, id: "to" }, send]))).toEqual([true, true, true]);
    const resource = { kind: "payment", scope: "acme", policyVersion: "2" };
    expect(planned).toStrictEqual(principals.map((principal) => ({ principal, resource, actions: ["send"] })));
  });

  const wiki: PlacedEntry = { kind: "wiki", action: (tool) => `call:${tool}` };
  const wikiTools = (count: number) =>
    Array.from({ length: count }, (_, i) => ({ tool: `${i}`, entry: wiki, known: {} }));
  const sizes = (planned: readonly unknown[]) => planned.map((it) => (it as { actions: unknown[] }).actions.length);
  const aliceOnly = (planned: readonly { readonly principal: { readonly id: string } }[]) =>
    planned.filter(({ principal }) => principal.id === "alice");

  it("that stands for several tools is planned by the actions of all, twenty in a plan", async () => {
    const { pdp, planned } = answering();
    expect(await shownBy(pdp, about([...wikiTools(45), send]))).toEqual(Array(46).fill(true));
    expect(sizes(aliceOnly(planned))).toEqual([20, 20, 5, 1]);
    expect(planned[2]).toMatchObject({ actions: ["call:40", "call:41", "call:42", "call:43", "call:44"] });
  });

  it("is planned alone where one of its group is always denied, and no other group is asked about again", async () => {
    const { pdp, planned } = answering(undefined, (request) =>
      "actions" in request && request.actions.includes("call:21") ? PlanKind.ALWAYS_DENIED : PlanKind.CONDITIONAL,
    );
    const shown = await shownBy(pdp, about(wikiTools(23)));
    expect(shown.flatMap((is, i) => (is ? [] : [i]))).toEqual([21]);
    expect(sizes(aliceOnly(planned))).toEqual([20, 3, 1, 1, 1]);
  });

  it.each<[string, object]>([
    ["of no known kind", { kind: "KIND_UNSPECIFIED" }],
    ["that does not fit a schema", { kind: PlanKind.CONDITIONAL, validationErrors: [{ path: "/", message: "m" }] }],
  ])("is planned alone where the plan of its group is one %s", async (_, together) => {
    const pdp: PolicyDecisionPoint = {
      checkResources: () => never,
      planResources: async (request) =>
        ("actions" in request && request.actions.length > 1 ? together : { kind: PlanKind.ALWAYS_DENIED }) as never,
    };
    expect(await shownBy(pdp, about(wikiTools(3)))).toEqual([false, false, false]);
  });

  it.each([
    ["kind", { kind: "other" }],
    ["scope", { scope: "other" }],
    ["policy version", { policyVersion: "other" }],
  ])("is of another group where its %s is another", async (_, changed) => {
    const { pdp, planned } = answering();
    await shownBy(pdp, about([read, { ...read, action: "write" }, { ...read, ...changed }]));
    expect(sizes(aliceOnly(planned))).toEqual([2, 1]);
  });

  it("is planned without a scope and a version where it has none", async () => {
    const { pdp, planned } = answering();
    await shownBy(pdp, about([read]));
    expect(planned[0]).toStrictEqual({ principal: principals[0], resource: { kind: "invoice" }, actions: ["read"] });
  });

  it.each<[string, PlanKind]>([
    ["always allowed", PlanKind.ALWAYS_ALLOWED],
    ["always denied", PlanKind.ALWAYS_DENIED],
  ])("is an error that names the hop where the plan is %s but something does not fit its schema", async (_, kind) => {
    const planning = (errors: unknown): PolicyDecisionPoint => ({
      checkResources: () => never,
      planResources: async ({ principal }) =>
        ({ kind, validationErrors: principal.id === "alice" ? [] : errors }) as never,
    });
    const error = await errorOf(
      shownBy(planning([{ path: "/", message: "m", source: "SOURCE_PRINCIPAL" }]), about([send])),
    );
    expect(error).toMatchObject({
      code: "policy_inconclusive",
      hop: 1,
      message: expect.stringContaining("the policies' answer about what may be shown cannot be relied on: "),
    });
    expect(await shownBy(planning([]), about([send]))).toEqual([kind === PlanKind.ALWAYS_ALLOWED]);
  });

  it.each([undefined, null, "KIND_UNSPECIFIED", true])(
    "is an error where the plan is %j, which nobody understands",
    async (kind) => {
      const error = await errorOf(shownBy(answering(allowAll, () => kind).pdp, about([send])));
      expect(error.code).toBe("policy_inconclusive");
    },
  );
});

describe("a decision point that is not there", () => {
  const fail = async () => Promise.reject(new Error("14 UNAVAILABLE"));
  const hang = () => never;

  it.each<[string, PlacedEntry, () => Promise<unknown>]>([
    ["fails a plan", read, fail],
    ["hangs over a plan", read, hang],
    ["fails a check", listed(read), fail],
    ["hangs over a check", listed(read), hang],
  ])("is an error and never an empty list where it %s", async (_, entry, answer) => {
    const error = await errorOf(shownBy(answering(answer, answer).pdp, about([entry])));
    expect(error).toMatchObject({ code: "policy_unavailable", hop: 0 });
    expect(error.message).toContain("the policies could not be asked what may be shown");
    expect(error.cause).toBeInstanceOf(Error);
  });

  it("is an error also where it fails one request of several, or one hop of several", async () => {
    const kinds = Array.from({ length: 60 }, (_, i) => listed({ kind: `k${i}`, action: "use" }));
    const { pdp } = answering((request) =>
      request.principal.id !== "alice" && request.resources.length < 50 ? fail() : allowAll(request),
    );
    expect(await errorOf(shownBy(pdp, about(kinds)))).toMatchObject({ code: "policy_unavailable", hop: 1 });
  });

  it("is an error also where another hop already hides everything", async () => {
    const { pdp } = answering((request) =>
      request.principal.id === "alice" ? request.resources.map((asked) => result(asked, () => "DENY")) : fail(),
    );
    expect((await errorOf(shownBy(pdp, about([listed(read)])))).code).toBe("policy_unavailable");
  });

  it("asks for an end, by the signal, where the deadline is over", async () => {
    const { pdp, signals } = answering(hang, hang);
    await errorOf(shownBy(pdp, about([send, listed(read)])));
    expect(signals.map((signal) => signal?.aborted)).toEqual([true, true, true, true]);
  });

  it("that refuses the request for its schema is not unavailable: asking again will not help", async () => {
    const fault = Object.assign(new Error("schema"), { validationErrors: [] });
    const error = await errorOf(shownBy(answering(() => Promise.reject(fault)).pdp, about([listed(read)])));
    expect(error.code).toBe("policy_inconclusive");
  });
});

describe("a listing action that is asked with attributes", () => {
  const item = (tool: string, attributes?: Record<string, string>): ListItem => ({
    tool,
    entry: { ...read, list: () => ({ action: "list", id: "all", ...(attributes !== undefined && { attributes }) }) },
    known: {},
  });

  it("is asked with them, and with none where it gives none", async () => {
    const { pdp, checked } = answering();
    await shownBy(pdp, about([item("a", { owner: "alice" }), item("b")]));
    expect(checked[0]?.resources.map(({ resource }) => resource)).toStrictEqual([
      { kind: "invoice", id: "all", attr: { owner: "alice" } },
      { kind: "invoice", id: "all" },
    ]);
  });

  it("is another question where they are others: what is shown of one owner says nothing of another's", async () => {
    const { pdp } = answering(({ resources }) =>
      resources.map((asked) => result(asked, () => (asked.resource.attr?.["owner"] === "alice" ? "ALLOW" : "DENY"))),
    );
    const items = [item("a", { owner: "alice" }), item("b", { owner: "bob" }), item("c")];
    expect(await shownBy(pdp, about(items))).toEqual([true, false, false]);
  });

  it("has no id of an argument that happens to be called undefined", async () => {
    const { pdp, checked } = answering();
    await shownBy(pdp, about([{ tool: "tool", entry: listed(read), known: { undefined: "a" } }]));
    expect(checked[0]?.resources[0]?.resource.id).toBe("*");
  });
});

describe("obligations and faults behind a list", () => {
  const redacting = (action: string) => [{ source: "r", action, value: { redact: ["/x"] } }];

  it("are none of an item that is not shown, nor of the handing over: those are about calls", async () => {
    const { pdp } = answering(({ resources }) =>
      resources.map((asked) => {
        const [action = ""] = asked.actions;
        return result(asked, (it) => (it === "list:b" ? "DENY" : "ALLOW"), {
          outputs: action === "list:a" ? redacting("list:b") : redacting("delegate"),
        });
      }),
    );
    const items = [listed(read, "list:a"), listed(read, "list:b")];
    expect(await shownBy(pdp, about(items, [edge]))).toEqual([true, false]);
  });

  it("are an outage where the decision point says so in an error of our own", async () => {
    const fault = new HopwiseError("policy_unavailable", "14 UNAVAILABLE");
    const { pdp } = answering(() => Promise.reject(fault));
    expect(await errorOf(shownBy(pdp, about([listed(read)])))).toMatchObject({ code: "policy_unavailable", hop: 0 });
  });

  it("are named in the message: what is wrong with an answer or with a plan", async () => {
    const outputs = redacting("list");
    const obliging = answering(({ resources }) => resources.map((asked) => result(asked, () => "ALLOW", { outputs })));
    expect((await errorOf(shownBy(obliging.pdp, about([listed(read)])))).message).toContain(
      "cannot be relied on: a list has no result that an obligation could be about",
    );
    expect((await errorOf(shownBy(answering(allowAll, () => "x").pdp, about([read])))).message).toContain(
      "cannot be relied on: the plan is of no known kind",
    );
  });
});
