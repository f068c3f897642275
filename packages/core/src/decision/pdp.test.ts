import { describe, expect, it } from "vitest";
import { type PolicyDecisionPoint, withHeaders } from "./pdp.ts";

describe("a decision point that is asked with headers", () => {
  const asking = () => {
    const asked: unknown[][] = [];
    const pdp: PolicyDecisionPoint = {
      checkResources: async (...given) => asked.push(["check", ...given]) as never,
      planResources: async (...given) => asked.push(["plan", ...given]) as never,
    };
    return { pdp, asked };
  };

  it("gets the same questions, with its deadline's signal and the headers beside it", async () => {
    const { pdp, asked } = asking();
    const { signal } = new AbortController();
    const request = { principal: { id: "alice", roles: ["r"] } };
    const traced = withHeaders(pdp, { traceparent: "00-1" });
    await traced.checkResources(request as never, { signal });
    await traced.planResources(request as never, { signal });
    const options = { signal, headers: { traceparent: "00-1" } };
    expect(asked).toEqual([
      ["check", request, options],
      ["plan", request, options],
    ]);
  });

  it("is asked as a whole with the same headers, where it can be asked like that", async () => {
    const { pdp, asked } = asking();
    const { signal } = new AbortController();
    expect(withHeaders(pdp, { traceparent: "00-1" }).whole).toBeUndefined();
    const several: PolicyDecisionPoint = {
      ...pdp,
      async whole(ask, options) {
        expect([this, options]).toEqual([several, { signal }]);
        return ask(pdp, signal);
      },
    };
    const traced = withHeaders(several, { traceparent: "00-1" }) as Required<PolicyDecisionPoint>;
    const answer = await traced.whole(
      async (one, own) => [await one.checkResources("q" as never, { signal: own }), own],
      { signal },
    );
    expect(answer).toEqual([1, signal]);
    expect(asked).toEqual([["check", "q", { signal, headers: { traceparent: "00-1" } }]]);
  });

  it("is the very same where there are none", () => {
    const { pdp } = asking();
    expect(withHeaders(pdp, undefined)).toBe(pdp);
  });
});
