import type { CheckResourcesRequest, PlanResourcesRequest, Principal } from "@cerbos/core";
import { describe, expect, it } from "vitest";
import type { PolicyDecisionPoint } from "../decision/index.ts";
import { errorOf } from "../world.fixture.ts";
import { allowAll, answeringPdp, denyAll } from "./answering-pdp.ts";
import { watchedPdp } from "./watched-pdp.ts";

const principal: Principal = { id: "agent:planner", roles: ["agent"] };
const payment = { kind: "payment", id: "Globex", attr: { args: { amount: 400 } } };
const request: CheckResourcesRequest = {
  principal,
  resources: [
    { resource: payment, actions: ["send", "read"] },
    { resource: { kind: "invoice", id: "INV-7" }, actions: ["read"] },
  ],
  requestId: "inv-0",
};
const plan: PlanResourcesRequest = { principal, resource: { kind: "payment" }, action: "send" };

describe("a decision point without policies", () => {
  it("allows everything, as Cerbos would say it", async () => {
    const pdp = allowAll();
    expect(await pdp.checkResources(request)).toMatchObject({
      requestId: "inv-0",
      results: [
        { resource: { kind: "payment", id: "Globex" }, actions: { send: "EFFECT_ALLOW", read: "EFFECT_ALLOW" } },
        { resource: { kind: "invoice", id: "INV-7" }, actions: { read: "EFFECT_ALLOW" }, outputs: [] },
      ],
    });
    expect(await pdp.planResources(plan)).toMatchObject({ kind: "KIND_ALWAYS_ALLOWED", validationErrors: [] });
  });

  it("denies everything, with its reason for each action", async () => {
    expect((await denyAll().checkResources(request)).results[1]?.outputs).toEqual([]);
    const pdp = denyAll("closed on Sundays");
    const { results } = await pdp.checkResources(request);
    expect(results.map(({ actions }) => actions)).toEqual([
      { send: "EFFECT_DENY", read: "EFFECT_DENY" },
      { read: "EFFECT_DENY" },
    ]);
    expect(results[0]?.outputs).toEqual([
      { action: "send", source: "resource.payment.vdefault#told", value: "closed on Sundays" },
      { action: "read", source: "resource.payment.vdefault#told", value: "closed on Sundays" },
    ]);
    expect(await pdp.planResources(plan)).toMatchObject({ kind: "KIND_ALWAYS_DENIED" });
  });

  it("answers each question by its rule, and remembers them in their order", async () => {
    const pdp = answeringPdp(async ({ resource, action, args }) =>
      resource.kind === "payment" && action === "send" && args?.["amount"] === 400 ? "deny" : "allow",
    );
    const { results } = await pdp.checkResources(request);
    expect(results.map(({ actions }) => actions)).toEqual([
      { send: "EFFECT_DENY", read: "EFFECT_ALLOW" },
      { read: "EFFECT_ALLOW" },
    ]);
    expect(await pdp.planResources(plan)).toMatchObject({ kind: "KIND_ALWAYS_ALLOWED" });
    const own = { principal, resource: payment, args: { amount: 400 } };
    expect(pdp.asked).toEqual([
      { ...own, action: "send" },
      { ...own, action: "read" },
      { principal, resource: { kind: "invoice", id: "INV-7" }, action: "read", args: undefined },
      { principal, resource: { kind: "payment", id: "*" }, action: "send", args: undefined },
    ]);
  });

  it("says what it was decided by only where it is asked for that", async () => {
    const { results } = await allowAll().checkResources(request);
    expect(results[0]?.metadata).toBeUndefined();
    const told = await allowAll().checkResources({ ...request, includeMetadata: true });
    expect(told.results[0]?.metadata?.actions["send"]).toEqual({
      matchedPolicy: "resource.payment.vdefault",
      matchedScope: "",
    });
  });

  it("fails the whole request with an error that it was given, and with one that its rule throws", async () => {
    const down = new Error("connection refused");
    await expect(answeringPdp(down).checkResources(request)).rejects.toBe(down);
    await expect(answeringPdp(() => down).planResources(plan)).rejects.toBe(down);
    const throwing = answeringPdp(() => {
      throw down;
    });
    await expect(throwing.checkResources(request)).rejects.toBe(down);
  });

  it.each([undefined, "alow", { effect: "allow" }, { effect: "maybe", outputs: [] }])(
    "refuses what is no answer of its rule, rather than denying by it: %j",
    async (answer) => {
      const pdp = answeringPdp(() => answer as never);
      for (const asked of [pdp.checkResources(request), pdp.planResources(plan)]) {
        const error = await errorOf(asked);
        expect(error.code).toBe("config_invalid");
        expect(error.message).toContain("answeringPdp: the rule's answer");
      }
    },
  );

  it("hangs where it was told to, and remembers by which signal it was given up", async () => {
    const pdp = answeringPdp(({ resource }) => (resource.kind === "invoice" ? "hang" : "allow"));
    const { signal } = new AbortController();
    const answer = pdp.checkResources(request, { signal });
    expect(await Promise.race([answer, new Promise((done) => setTimeout(done, 10, "no answer"))])).toBe("no answer");
    expect(await pdp.planResources(plan, { signal })).toMatchObject({ kind: "KIND_ALWAYS_ALLOWED" });
    expect(pdp.signals).toEqual([signal, signal]);
  });

  it("is told another rule between two requests", async () => {
    const pdp = allowAll();
    pdp.tell("deny");
    expect((await pdp.checkResources(request)).results[1]?.actions).toEqual({ read: "EFFECT_DENY" });
  });
});

describe("a decision point that is watched", () => {
  it("answers as the other one, which is asked with the same request and signal, and remembers every question", async () => {
    const other = answeringPdp(({ action }) => (action === "send" ? "deny" : "allow"));
    const pdp = watchedPdp({ client: other });
    const { signal } = new AbortController();
    expect((await pdp.checkResources(request, { signal })).results.map(({ actions }) => actions)).toEqual([
      { send: "EFFECT_DENY", read: "EFFECT_ALLOW" },
      { read: "EFFECT_ALLOW" },
    ]);
    expect(await pdp.planResources(plan, { signal })).toMatchObject({ kind: "KIND_ALWAYS_DENIED" });
    expect(pdp.asked).toHaveLength(4);
    expect(pdp.asked).toEqual(other.asked);
    expect([pdp.signals, other.signals]).toEqual([
      [signal, signal],
      [signal, signal],
    ]);
  });

  it("leave by one that asks as a whole, target by target, and are remembered as often as they are asked", async () => {
    const [first, second] = [answeringPdp(new Error("gone")), allowAll()];
    const several: PolicyDecisionPoint = {
      ...second,
      whole: (ask) => {
        const { signal } = new AbortController();
        return ask(first, signal).catch(() => ask(second, signal));
      },
    };
    const watched = watchedPdp(several);
    const answers = await watched.whole?.((one, signal) => one.checkResources(request, { signal }));
    expect(answers?.results).toHaveLength(2);
    expect(watched.asked).toEqual([...first.asked, ...second.asked]);
    expect(watched.signals).toHaveLength(2);
    expect(watchedPdp(second).whole).toBeUndefined();
  });
});
