import type { CheckResourcesRequest, PlanResourcesRequest, PlanResourcesResponse, Principal } from "@cerbos/core";
import { describe, expect, it } from "vitest";
import type { Hop } from "../principal/index.ts";
import { allowing, never, pdpOf } from "../world.fixture.ts";
import type { PolicyDecisionPoint } from "./pdp.ts";
import { planRows } from "./plan-rows.ts";

const hops: readonly Hop[] = [
  { kind: "user", id: "alice" },
  { kind: "agent", id: "agent:planner" },
];
const principals: readonly Principal[] = hops.map(({ id }) => ({ id, roles: ["r"] }));
const edge = { action: "delegate", resource: { kind: "delegation", id: "alice->agent:planner", attr: {} } };
const question = {
  ...{ hops, principals, invocation: "inv", chainId: "chain" },
  ...{ resource: { kind: "invoice", attr: { args: {} } }, action: "read" },
};

type Plan = Partial<Record<keyof PlanResourcesResponse | "condition", unknown>>;

/** Plans as told, by hop; and answers about the handing over. */
function pointOf(planOf: (hop: number, request: PlanResourcesRequest) => Plan, edgeEffect = "EFFECT_ALLOW") {
  const planned: PlanResourcesRequest[] = [];
  const signals: unknown[] = [];
  const checks = pdpOf((request: CheckResourcesRequest) =>
    request.resources.map((asked) => allowing(asked, { actions: { delegate: edgeEffect } })),
  );
  const pdp: PolicyDecisionPoint = {
    ...checks.pdp,
    planResources: async (request, options) => {
      planned.push(request);
      signals.push(options?.signal);
      const hop = principals.findIndex(({ id }) => id === request.principal.id);
      return { cerbosCallId: `call-${hop}`, requestId: request.requestId, ...planOf(hop, request) } as never;
    },
  };
  return { pdp, planned, signals, checks };
}

const ALL = { kind: "KIND_ALWAYS_ALLOWED" };
const NONE = { kind: "KIND_ALWAYS_DENIED" };
const REGION = { name: "request.resource.attr.region" };
const SOME = { kind: "KIND_CONDITIONAL", condition: { operator: "eq", operands: [REGION, { value: "EMEA" }] } };

describe("the rows that every hop may see", () => {
  it("are planned once for each, with its own principal, and with what its other requests say", async () => {
    const { pdp, planned, signals } = pointOf(() => ALL);
    await planRows(pdp, question, 1000);
    expect(planned).toEqual(
      principals.map((principal, hop) => ({
        principal,
        resource: question.resource,
        actions: ["read"],
        requestId: `inv-${hop}`,
        requestContext: {
          annotations: { "hopwise.invocation": "inv", "hopwise.hop": hop, "hopwise.chain": "chain" },
        },
      })),
    );
    expect(signals.every((signal) => signal instanceof AbortSignal)).toBe(true);
  });

  it("are all, some or none: the hop that sees none is denied", async () => {
    const verdictsOf = async (plan: Plan) => planRows(pointOf((hop) => (hop === 0 ? plan : ALL)).pdp, question, 1000);
    const of = { hop: 0, kind: "user", id: "alice", roles: ["r"], reasons: [], cerbosCallId: "call-0" };
    expect((await verdictsOf(ALL))[0]).toEqual({ verdict: { ...of, effect: "allow", sees: "all" }, rows: true });
    expect((await verdictsOf(NONE))[0]).toEqual({ verdict: { ...of, effect: "deny", sees: "none" }, rows: false });
    const [some, other] = await verdictsOf(SOME);
    expect(some?.verdict).toEqual({ ...of, effect: "allow", sees: "some" });
    expect(some?.rows).toBeTypeOf("object");
    expect(other).toMatchObject({ verdict: { id: "agent:planner", effect: "allow" }, rows: true });
  });

  it("are known of a plan whose request is not named, as Cerbos before 0.50 answers", async () => {
    const [first] = await planRows(pointOf(() => ({ ...ALL, requestId: "" })).pdp, question, 1000);
    expect(first).toMatchObject({ verdict: { effect: "allow" }, rows: true });
  });

  it.each<[string, Plan, RegExp]>([
    ["it answered another request", { ...ALL, requestId: "other-0" }, /^it answered another request$/],
    ["its plan is of no known kind", { kind: "KIND_ODD" }, /^the plan is of no known kind$/],
  ])("cannot be told where %s: that is no empty list, and no outage", async (_, plan, problem) => {
    const [first, second] = await planRows(pointOf((hop) => (hop === 0 ? plan : ALL)).pdp, question, 1000);
    expect(first?.verdict).toMatchObject({ effect: "error", cerbosCallId: "call-0" });
    expect(first?.verdict.problem).toMatch(problem);
    expect(first?.verdict.unavailable).toBeUndefined();
    expect(Object.keys(first ?? {})).toEqual(["verdict"]);
    expect(second).toMatchObject({ verdict: { effect: "allow" }, rows: true });
  });

  it("cannot be told where the decision point does not answer in time", async () => {
    const { pdp } = pointOf(() => ALL);
    const hanging = { ...pdp, planResources: () => never };
    const [first] = await planRows(hanging, question, 20);
    expect(first?.verdict).toMatchObject({ effect: "error", unavailable: true, problem: "no answer within 20 ms" });
  });
});

describe("the handing over, beside plans", () => {
  it.each([
    ["EFFECT_ALLOW", "allow"],
    ["EFFECT_DENY", "deny"],
    ["EFFECT_ODD", "error"],
  ])("is asked by a check of its own, of who hands on alone: %s is %s", async (effect, delegation) => {
    const { pdp, checks } = pointOf(() => ALL, effect);
    const [first, last] = await planRows(pdp, { ...question, edges: [edge] }, 1000);
    expect(first?.verdict).toMatchObject({ effect: "allow", sees: "all", delegation });
    expect(Object.keys(last?.verdict ?? {})).not.toContain("delegation");
    expect(checks.asked).toMatchObject([
      { principal: { id: "alice" }, includeMetadata: true, resources: [{ actions: ["delegate"] }] },
    ]);
    expect(checks.signals).toEqual([expect.any(AbortSignal)]);
  });

  it("is not asked where policies do not rule on it", async () => {
    const { pdp, checks } = pointOf(() => ALL);
    const [first] = await planRows(pdp, question, 1000);
    expect([checks.asked, Object.keys(first?.verdict ?? {}).includes("delegation")]).toEqual([[], false]);
  });
});
