import type { PlanResourcesRequest } from "@cerbos/core";
import { beforeAll, describe, expect, it } from "vitest";
import type { Allowed } from "../decision/index.ts";
import { HopwiseError } from "../errors.ts";
import type { Filter, Row } from "../filter/index.ts";
import type { ToolMap } from "../resource/index.ts";
import { memoryRevocations } from "../state/index.ts";
import { ARGUMENTS, allowAll, allowing, errorOf, NOW, pdpOf } from "../world.fixture.ts";
import { BY_ALICE, codeOf, createScene, decide, type Parts, payment, type Scene } from "./point.fixture.ts";
import { reporter } from "./report.ts";

let scene: Scene;
beforeAll(async () => {
  scene = await createScene();
});

const AMOUNT = { operator: "le", operands: [{ name: "request.resource.attr.amount" }, { value: 4_242_424_242 }] };
const rowsBy = (filter: NonNullable<ToolMap[string]["filter"]>): ToolMap => ({
  send_payment: { kind: "payment", action: "send", filter },
});
const TOOLS = rowsBy({ arguments: { to: null, amount: null } });
const ROWS: readonly Row[] = [
  { id: "p1", attributes: { amount: 1 } },
  { id: "p2", attributes: { amount: 2 } },
];

/** A decision point whose plans are these, hop by hop. */
const planning = (plan: (request: PlanResourcesRequest) => object, checks = allowAll as never) => {
  const { pdp, ...asked } = pdpOf(checks);
  const planned: PlanResourcesRequest[] = [];
  const cerbos = {
    ...pdp,
    planResources: async (request: PlanResourcesRequest) => {
      planned.push(request);
      return { cerbosCallId: "call", requestId: request.requestId, validationErrors: [], ...plan(request) } as never;
    },
  };
  return { ...asked, cerbos, planned };
};
const conditional = () => ({ kind: "KIND_CONDITIONAL", condition: AMOUNT });

async function filtered(parts: Parts = {}, caller = scene.inSession) {
  const { cerbos, ...asked } = planning(conditional);
  const { point, audit } = scene.point({ cerbos, tools: TOOLS, ...parts });
  const decision = await decide(payment(caller), point, { filters: true });
  return { decision, filter: (decision as Allowed).filter as Filter, audit, point, ...asked };
}

describe("a call of a tool that gives rows", () => {
  it("asks for the plan of every hop, with the arguments that are known, and checks nothing else", async () => {
    const { decision, planned, asked } = await filtered();
    expect(decision.outcome).toBe("allowed");
    expect(asked).toEqual([]);
    expect(planned.map(({ principal }) => principal.id)).toEqual(["alice", "agent:planner", "agent:researcher"]);
    expect(planned[0]).toMatchObject({
      resource: { kind: "payment", attr: { args: ARGUMENTS } },
      actions: ["send"],
      requestContext: { annotations: { "hopwise.hop": 0 } },
    });
  });

  it("is denied where one hop may see no row, or a plan cannot be relied on", async () => {
    const denying = (hop: string, plan: object) =>
      planning(({ principal }) => (principal.id === hop ? plan : conditional())).cerbos;
    for (const hop of ["alice", "agent:planner", "agent:researcher"]) {
      const of = async (plan: object) => codeOf((await filtered({ cerbos: denying(hop, plan) })).decision);
      expect(await of({ kind: "KIND_ALWAYS_DENIED" })).toBe("policy_denied");
      expect(await of({ kind: "KIND_ALWAYS_DENIED", validationErrors: [{ path: "/x" }] })).toBe("policy_inconclusive");
      expect(await of({ kind: "KIND_NEW" })).toBe("policy_inconclusive");
      expect(await of({ ...conditional(), requestId: "another" })).toBe("policy_inconclusive");
      expect(
        await of({
          get kind(): string {
            throw new Error("secret");
          },
        }),
      ).toBe("policy_unavailable");
    }
  });

  it("asks who may hand on, as for a call", async () => {
    const delegation = { kind: "delegation", action: "delegate" };
    const { cerbos, asked } = planning(conditional, ((request: Parameters<typeof allowAll>[0]) =>
      request.resources.map((it) =>
        allowing(it, request.principal.id === "agent:planner" ? { actions: { delegate: "EFFECT_DENY" } } : {}),
      )) as never);
    const { decision } = await filtered({ cerbos, delegation });
    expect(decision).toMatchObject({ code: "delegation_denied", hop: 1 });
    expect(asked.map(({ principal }) => principal.id)).toEqual(["alice", "agent:planner"]);
  });

  it("takes the same way for a user without agents", async () => {
    const { filter, planned } = await filtered({}, BY_ALICE);
    expect(planned).toHaveLength(1);
    expect(filter.take()).toEqual({ expression: AMOUNT, required: [], unknown: "sql" });
  });

  it("is denied unless the enforcement point says that it applies the filter", async () => {
    const { point } = await filtered();
    expect(await decide(payment(scene.inSession), point, { fulfils: true })).toMatchObject({
      code: "policy_inconclusive",
      message: expect.stringContaining("filters: true"),
    });
  });

  it("joins what all hops may see with what was handed over", async () => {
    const tools = rowsBy({ arguments: { to: null, amount: "R.attr.total" } });
    const { filter } = await filtered({ tools });
    const { expression } = filter.take();
    expect(JSON.stringify(expression)).toContain('"request.resource.attr.total"');
    expect(
      JSON.stringify(expression).split(JSON.stringify(AMOUNT)).length,
      "the same plan of three hops is said once",
    ).toBe(2);
  });

  it("shows its condition nowhere: not in the decision, not in the record", async () => {
    const { decision, audit } = await filtered();
    expect(JSON.stringify([decision, audit.records])).not.toContain("4242424242");
    expect(audit.records[0]?.rows).toEqual({
      condition: "le(R.attr.amount, ?)",
      conditionHash: expect.stringMatching(/^[\w-]{43}$/),
    });
  });
});

describe("the filter of a call", () => {
  it("counts what may be shown and what the second check left out, over several parts of one read", async () => {
    const { cerbos } = planning(conditional, ((request: Parameters<typeof allowAll>[0]) =>
      request.resources.map((it) =>
        allowing(it, it.resource.id === "p2" ? { actions: { send: "EFFECT_DENY" } } : {}),
      )) as never);
    const { filter } = await filtered({ cerbos });
    expect(filter.applied).toBeUndefined();
    filter.take();
    expect(await filter.check(ROWS)).toEqual([{}, undefined]);
    expect(await filter.check([])).toEqual([]);
    expect(await filter.check(ROWS)).toEqual([{}, undefined]);
    expect(filter.applied).toEqual({ rows: 2, leftOut: 2 });
  });

  it("is not applied where one part of the read could not be checked, whatever the other parts were", async () => {
    let down = false;
    const { cerbos } = planning(conditional, ((request: Parameters<typeof allowAll>[0]) => {
      if (down) throw new Error("down");
      return allowAll(request);
    }) as never);
    const { filter } = await filtered({ cerbos });
    filter.take();
    await filter.check(ROWS);
    expect(filter.applied).toEqual({ rows: 2, leftOut: 0 });
    down = true;
    await expect(filter.check(ROWS)).rejects.toMatchObject({ code: "policy_unavailable" });
    down = false;
    await filter.check(ROWS);
    expect(filter.applied).toBeUndefined();
    expect(filter.fault).toMatchObject({ code: "policy_unavailable", told: "policy_unavailable" });
  });

  it("leaves out what fits no table, and says what of a program's mistakes its caller may know: nothing", async () => {
    const { filter } = await filtered();
    filter.take();
    expect(await filter.check([undefined, ROWS[0]])).toEqual([undefined, {}]);
    expect(filter.applied).toEqual({ rows: 1, leftOut: 1, unfit: 1 });
    filter.fail(new Error("quotes a row"));
    expect([filter.fault, filter.applied], "nothing of a read that failed may be shown").toEqual([
      undefined,
      undefined,
    ]);
    await expect(filter.check(5 as never)).rejects.toMatchObject({ code: "config_invalid" });
    expect(filter.fault).toMatchObject({ code: "config_invalid", told: undefined });
  });

  it("counts the rows that no question holds, and asks about none of them", async () => {
    for (const plansSuffice of [false, true]) {
      const { filter, asked } = await filtered({ tools: rowsBy({ ...TOOLS["send_payment"]?.filter, plansSuffice }) });
      filter.take();
      const large = { id: "p3", attributes: { text: "x".repeat(500_000) } };
      expect(await filter.check([large, ...ROWS, { id: "p4", attributes: { amount: 2 ** 53 } }])).toEqual([
        undefined,
        {},
        {},
        undefined,
      ]);
      expect(await filter.check([large])).toEqual([undefined]);
      expect(filter.applied).toEqual({ rows: 2, leftOut: 3, tooLarge: 3 });
      expect(asked.flatMap(({ resources }) => resources.map(({ resource }) => resource.id))).not.toContain("p3");
    }
  });

  it("counts the rows that cannot be changed as policies oblige to, and is not applied where they are all that was found", async () => {
    const { cerbos } = planning(conditional, ((request: Parameters<typeof allowAll>[0]) =>
      request.resources.map((it) =>
        allowing(
          it,
          it.resource.id === "p2"
            ? { outputs: [{ source: "r", action: "send", value: { redact: ["no pointer"] } }] }
            : {},
        ),
      )) as never);
    const { filter, decision, point, audit } = await filtered({ cerbos });
    filter.take();
    expect(await filter.check([ROWS[1]])).toEqual([undefined]);
    const unread = { code: "policy_inconclusive", told: "policy_inconclusive" };
    expect([filter.applied, filter.fault], "an empty list would look as if there were none").toMatchObject([
      undefined,
      unread,
    ]);
    expect(await filter.check([...ROWS, ...ROWS]), "another part of the read").toEqual([{}, undefined, {}, undefined]);
    expect([filter.applied, filter.fault]).toEqual([{ rows: 2, leftOut: 3, unfulfilled: 3 }, undefined]);
    filter.leaveOut(1, new HopwiseError("result_withheld", "a pointer leads into a text"));
    expect(filter.applied).toEqual({ rows: 1, leftOut: 4, unfulfilled: 4 });
    for (const rows of [2, -1, 0.5, Number.NaN, "1" as never]) {
      expect(() => filter.leaveOut(rows, undefined)).toThrow("at most 1 here");
    }
    filter.leaveOut(0, undefined);
    await reporter(point)(decision as Allowed, { outcome: "returned", result: [] });
    expect(audit.outcomes).toMatchObject([{ rows: { shown: 1, leftOut: 4, unfulfilled: 4 } }]);
    filter.leaveOut(1, new Error("quotes a row"));
    expect([filter.applied, filter.fault]).toMatchObject([undefined, unread]);
  });

  it("says why nothing can be shown in words of its own, where what went wrong may quote a row", async () => {
    const { filter } = await filtered();
    filter.take();
    await filter.check(ROWS);
    filter.leaveOut(2, new Error("secret"));
    expect(filter.applied).toBeUndefined();
    expect(filter.fault).toEqual({
      code: "result_withheld",
      message: "rows could not be changed as the policies oblige to",
      told: "result_withheld",
    });
  });

  it("is used once: to come again would not help its caller, who is told so", async () => {
    const { filter } = await filtered();
    filter.take();
    expect(() => filter.take()).toThrow(
      expect.objectContaining({ code: "filter_unapplied", message: expect.stringContaining("used already") }),
    );
  });

  it("checks nothing that was read without it", async () => {
    const { filter, asked } = await filtered();
    expect(await errorOf(filter.check(ROWS))).toMatchObject({
      code: "config_invalid",
      message: "check: take the filter's condition first, and read by it",
    });
    expect(asked).toEqual([]);
    expect(filter.fault).toBeDefined();
  });

  it("checks no row where plans suffice, and still looks at the chain", async () => {
    const revocations = memoryRevocations(() => NOW * 1000);
    const tools = rowsBy({ ...TOOLS["send_payment"]?.filter, plansSuffice: true });
    const { filter, asked } = await filtered({ tools, revocations });
    expect(filter.take().unknown).toBe("weak");
    expect([filter.plansSuffice, (await filtered()).filter.plansSuffice]).toEqual([true, false]);
    expect(await filter.check(ROWS)).toEqual([{}, {}]);
    expect(asked).toEqual([]);
    revocations.revoke({ agent: "planner" }, NOW + 600);
    await expect(filter.check(ROWS)).rejects.toMatchObject({ code: "revoked" });
  });

  it("shows no row that a grant does not let pass, whatever the policies and the database say", async () => {
    const tools = rowsBy({ arguments: { to: "R.id", amount: "R.attr.amount" } });
    const { filter, asked } = await filtered({ tools });
    filter.take();
    const { to } = ARGUMENTS as { to: string };
    const rows = [
      { id: to, attributes: { amount: 1 } },
      { id: to, attributes: {} },
      { id: to, attributes: { amount: "1" } },
      { id: to, attributes: { amount: 1001 } },
    ];
    expect((await filter.check(rows)).map((row) => row !== undefined)).toEqual([true, false, false, false]);
    expect(asked[0]?.resources).toHaveLength(1);
  });

  it("serves no read once the chain is over", async () => {
    let now = NOW * 1000;
    for (const plansSuffice of [false, true]) {
      const tools = rowsBy({ ...TOOLS["send_payment"]?.filter, plansSuffice });
      const { filter } = await filtered({ tools, clock: () => now });
      now += 86_400_000;
      expect(() => filter.take()).toThrow(expect.objectContaining({ code: "token_expired" }));
      now = NOW * 1000;
    }
  });

  it("lapses by the clock, too, which goes on while the machine sleeps", async () => {
    let now = NOW * 1000;
    const tools = rowsBy({ ...TOOLS["send_payment"]?.filter, withinMs: 10_000 });
    const [{ filter }, { filter: taken }] = [
      await filtered({ tools, clock: () => now }),
      await filtered({ tools, clock: () => now }),
    ];
    taken.take();
    now += 10_001;
    const lapsed = { code: "filter_lapsed" };
    expect(() => filter.take()).toThrow(expect.objectContaining(lapsed));
    await expect(taken.check(ROWS)).rejects.toMatchObject(lapsed);
  });

  it("lapses, for the read and for the check", async () => {
    const tools = rowsBy({ ...TOOLS["send_payment"]?.filter, withinMs: 1 });
    const { filter } = await filtered({ tools });
    const { filter: taken } = await filtered({ tools: rowsBy({ ...TOOLS["send_payment"]?.filter, withinMs: 40 }) });
    taken.take();
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(() => filter.take()).toThrow(
      expect.objectContaining({
        code: "filter_lapsed",
        message:
          "the filter serves one read, within 1 ms of its decision; ask anew, or give the tool's filter a longer withinMs",
      }),
    );
    await expect(taken.check(ROWS)).rejects.toMatchObject({ code: "filter_lapsed" });
  });

  it.each([
    ["no list", { length: 1 }],
    ["a row without an id", [{ attributes: {} }]],
    ["a row whose id is empty", [{ id: "", attributes: {} }]],
    ["a row that is none", [null]],
  ])("takes no %s", async (_, rows) => {
    const { filter } = await filtered();
    filter.take();
    await expect(filter.check(rows as never)).rejects.toMatchObject({ code: "config_invalid" });
  });

  it.each([
    ["that are no plain data", { at: new Date(0) }],
    ["of which one has the name of the arguments", { args: { to: "Mallory Ltd" } }],
    ["that are missing", undefined],
  ])("takes no attributes %s", async (_, attributes) => {
    const { filter } = await filtered();
    filter.take();
    await expect(filter.check([{ id: "p1", attributes }] as never)).rejects.toMatchObject({
      code: "attributes_invalid",
    });
  });
});
