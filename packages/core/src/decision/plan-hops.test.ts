import { PlanKind, type PlanResourcesRequest } from "@cerbos/core";
import { describe, expect, it } from "vitest";

import { errorOf, never } from "../testing.fixture.ts";
import type { PolicyDecisionPoint } from "./pdp.ts";
import { couldBeAllowed, type PlanQuestion } from "./plan-hops.ts";

const principals = [
  { id: "alice", roles: ["analyst"] },
  { id: "agent:planner", roles: ["finance_agent"] },
];
const send: PlanQuestion = { kind: "payment", action: "send", scope: "acme", policyVersion: "2" };
const read: PlanQuestion = { kind: "invoice", action: "read" };

function planning(kindOf: (request: PlanResourcesRequest) => unknown) {
  const asked: PlanResourcesRequest[] = [];
  const pdp: PolicyDecisionPoint = {
    checkResources: () => never,
    planResources: async (request) => {
      asked.push(request);
      return { kind: await kindOf(request) } as never;
    },
  };
  return { pdp, asked };
}

describe("what may be shown", () => {
  it("is what every hop could be allowed, and nothing that one of them never is", async () => {
    const { pdp } = planning(({ principal, resource }) =>
      principal.id === "alice" || resource.kind === "invoice" ? PlanKind.CONDITIONAL : PlanKind.ALWAYS_DENIED,
    );
    expect(await couldBeAllowed(pdp, principals, [send, read, send], 20)).toEqual([false, true, false]);
  });

  it("is asked once a hop for entries that are the same to policies", async () => {
    const { pdp, asked } = planning(() => PlanKind.ALWAYS_ALLOWED);
    expect(await couldBeAllowed(pdp, principals, [send, { ...send }, send], 20)).toEqual([true, true, true]);
    const resource = { kind: "payment", scope: "acme", policyVersion: "2" };
    expect(asked).toEqual(principals.map((principal) => ({ principal, resource, actions: ["send"] })));
  });

  it("is asked without a scope and a version where the entry has none", async () => {
    const { pdp, asked } = planning(() => PlanKind.ALWAYS_ALLOWED);
    await couldBeAllowed(pdp, principals.slice(0, 1), [read], 20);
    expect(asked).toStrictEqual([{ principal: principals[0], resource: { kind: "invoice" }, actions: ["read"] }]);
  });

  it.each<[string, PlanKind]>([
    ["always allowed", PlanKind.ALWAYS_ALLOWED],
    ["always denied", PlanKind.ALWAYS_DENIED],
  ])("is an error that names the hop where the plan is %s but something does not fit its schema", async (_, kind) => {
    const answering = (errors: unknown): PolicyDecisionPoint => ({
      checkResources: () => never,
      planResources: async ({ principal }) =>
        ({ kind, validationErrors: principal.id === "alice" ? [] : errors }) as never,
    });
    const invalid = [{ path: "/a", message: "m", source: "SOURCE_PRINCIPAL" }];
    expect(await errorOf(couldBeAllowed(answering(invalid), principals, [send], 20))).toMatchObject({
      code: "policy_inconclusive",
      hop: 1,
      message: expect.stringContaining("the policies' answer about what may be shown cannot be relied on"),
    });
    const allowed = kind === PlanKind.ALWAYS_ALLOWED;
    expect(await couldBeAllowed(answering([]), principals, [send], 20)).toEqual([allowed]);
  });

  it("asks for an end, by the signal, where the deadline is over", async () => {
    const signals: (AbortSignal | undefined)[] = [];
    const hanging: PolicyDecisionPoint = {
      checkResources: () => never,
      planResources: (_, options) => {
        signals.push(options?.signal);
        return never;
      },
    };
    await errorOf(couldBeAllowed(hanging, principals, [send], 20));
    expect(signals.map((signal) => signal?.aborted)).toEqual([true, true]);
  });

  it.each([undefined, null, "KIND_UNSPECIFIED", true])(
    "is an error where the plan is %j, which nobody understands",
    async (kind) => {
      const error = await errorOf(couldBeAllowed(planning(() => kind).pdp, principals, [send], 20));
      expect(error.code).toBe("policy_inconclusive");
    },
  );

  it("is nothing of nothing", async () => {
    expect(await couldBeAllowed(planning(() => never).pdp, principals, [], 20)).toEqual([]);
  });

  it.each<[string, () => unknown]>([
    ["fails", async () => Promise.reject(new Error("14 UNAVAILABLE"))],
    ["hangs", () => never],
  ])("is an error and never an empty list where the decision point %s", async (_, kindOf) => {
    const error = await errorOf(couldBeAllowed(planning(kindOf).pdp, principals, [send, read], 20));
    expect(error.code).toBe("policy_unavailable");
    expect(error.message).toContain("the policies could not be asked what may be shown");
    expect(error.cause).toBeInstanceOf(Error);
  });
});
