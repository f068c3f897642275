import { type Allowed, delegate } from "@hopwise/core";
import { readGrant } from "@hopwise/core/grant";
import { createCompany } from "@hopwise/core/testing";
import { SpanKind, SpanStatusCode } from "@opentelemetry/api";
import { AlwaysOffSampler, type ReadableSpan } from "@opentelemetry/sdk-trace";
import { describe, expect, it, onTestFinished } from "vitest";
import { PAY_SERVER } from "../../examples/finance-team/company.ts";
import { carolsPlanner, LARGE } from "../support/approvals.ts";
import { GOOD } from "../support/calls.ts";
import { credentialFor } from "../support/forge.ts";
import { failing } from "../support/policy-clients.ts";
import { type World, worldHere } from "../support/world.ts";
import { recorder, treeOf } from "./recorder.ts";

const world = await worldHere();

type Options = Parameters<World["authorizer"]>[0];

/** An authorizer of the story that is watched. */
function watched(options: Options = {}, sdk: Parameters<typeof recorder>[0] = {}) {
  const watch = recorder(sdk);
  onTestFinished(watch.close);
  return { ...watch, ...world.authorizer({ telemetry: watch.telemetry, ...options }) };
}

const READ = { tool: "read_invoice", arguments: { id: "INV-7" } } as const;
const READ_PROVEN = async () => ({
  ...READ,
  fulfils: true,
  credential: await credentialFor(world.researcher, READ.tool, READ.arguments),
});

const rootOf = (spans: readonly ReadableSpan[]): ReadableSpan =>
  spans.find(({ parentSpanContext }) => parentSpanContext === undefined) as ReadableSpan;

describe("the trace of a call", () => {
  it("that is allowed has a span for the call, one for each stage, and one for each hop that was asked", async () => {
    const { authorizer, spans, audit } = watched();
    const decision = await authorizer.authorize(await READ_PROVEN());
    expect(decision.outcome).toBe("allowed");
    const all = await spans();
    expect(treeOf(all)).toEqual([
      "authorize read_invoice",
      "  hopwise.arguments",
      "  hopwise.token",
      "  hopwise.proof",
      "  hopwise.state",
      "  hopwise.agents",
      "  hopwise.grant",
      "  hopwise.grant",
      "  hopwise.context",
      "  hopwise.policy",
      "    hopwise.hop alice allow",
      "    hopwise.hop agent:planner allow",
      "    hopwise.hop agent:researcher allow",
      "  hopwise.state",
      "  hopwise.audit",
    ]);
    expect(rootOf(all).attributes).toEqual({
      "hopwise.invocation": decision.invocation,
      "hopwise.via": "proof",
      "hopwise.outcome": "allowed",
      "hopwise.verified": true,
      "hopwise.chain.id": decision.chain?.id,
      "hopwise.chain.depth": 2,
      "hopwise.user.id": "alice",
      "hopwise.policy.kind": "invoice",
      "hopwise.policy.action": "read",
      "gen_ai.operation.name": "execute_tool",
      "gen_ai.tool.name": "read_invoice",
      "gen_ai.agent.name": "researcher",
    });
    const hop = all.find(({ attributes }) => attributes["hopwise.hop.id"] === "agent:researcher");
    expect(hop?.kind).toBe(SpanKind.CLIENT);
    expect(hop?.attributes).toEqual({
      "hopwise.hop": 2,
      "hopwise.hop.kind": "agent",
      "hopwise.hop.id": "agent:researcher",
      "hopwise.effect": "allow",
      "hopwise.policy": "resource.invoice.vdefault",
      "hopwise.cerbos_call_id": audit.records[0]?.verdicts[2]?.cerbosCallId,
    });
    expect(all.map(({ status }) => status.code)).not.toContain(SpanStatusCode.ERROR);
  });

  it("that is denied names code, stage and hop, and is no error: it is a good answer", async () => {
    const { send_payment } = world.planner.grant;
    const paying = await delegate(world.planner, {
      to: "researcher",
      holder: world.keys.researcher,
      grant: readGrant({ send_payment }),
    });
    const { authorizer, spans } = watched();
    const session = await authorizer.openSession(paying);
    const decision = await session.authorize({ tool: "send_payment", arguments: GOOD });
    expect(decision).toMatchObject({ outcome: "denied", code: "policy_denied", hop: 2 });
    const all = await spans();
    expect(treeOf(all).slice(-4)).toEqual([
      "  hopwise.policy",
      "    hopwise.hop alice allow",
      "    hopwise.hop agent:planner allow",
      "    hopwise.hop agent:researcher deny",
    ]);
    expect(rootOf(all).attributes).toMatchObject({
      "hopwise.via": "session",
      "hopwise.outcome": "denied",
      "hopwise.code": "policy_denied",
      "hopwise.stage": "policy",
      "hopwise.hop": 2,
    });
    expect(all.find(({ name }) => name === "hopwise.policy")?.attributes["hopwise.code"]).toBe("policy_denied");
    expect(all.map(({ status }) => status.code)).not.toContain(SpanStatusCode.ERROR);
  });

  it("that could not be decided for an outage is an error, by its code and without a text", async () => {
    const { authorizer, spans } = watched({ cerbos: failing(new Error("no route to hunter2")) });
    await authorizer.authorize(await READ_PROVEN());
    const all = await spans();
    const failed = all.filter(({ status }) => status.code === SpanStatusCode.ERROR);
    expect(treeOf(failed)).toEqual([
      "authorize read_invoice",
      "  hopwise.policy",
      "    hopwise.hop alice error",
      "    hopwise.hop agent:planner error",
      "    hopwise.hop agent:researcher error",
    ]);
    for (const { attributes, status } of failed) {
      expect(attributes["error.type"]).toBe("policy_unavailable");
      expect(status.message).toBeUndefined();
    }
  });

  it("of nobody who showed a key is short, and does not repeat a tool's name that is not ours", async () => {
    const { authorizer, spans } = watched();
    await authorizer.authorize({ tool: "INV-9 of hunter2", arguments: {}, credential: undefined });
    const all = await spans();
    expect(treeOf(all)).toEqual(["authorize", "  hopwise.arguments"]);
    expect(rootOf(all).attributes).toEqual({
      "hopwise.invocation": expect.any(String),
      "hopwise.via": "proof",
      "hopwise.outcome": "denied",
      "hopwise.verified": false,
      "hopwise.code": "proof_missing",
      "hopwise.stage": "proof",
    });
  });

  it("of a list says how many items it shows of how many", async () => {
    const { authorizer, spans } = watched();
    const session = await authorizer.openSession(world.planner);
    await session.list([{ tool: "send_payment" }, { tool: "read_invoice" }, { tool: "unheard_of" }]);
    const all = await spans();
    expect(treeOf(all)).toEqual([
      "authorize tools/list",
      "  hopwise.arguments",
      "  hopwise.token",
      "  hopwise.state",
      "  hopwise.agents",
      "  hopwise.agents",
      "  hopwise.context",
      "  hopwise.policy",
      "  hopwise.state",
      "  hopwise.audit",
    ]);
    expect(rootOf(all).attributes).toMatchObject({
      "mcp.method.name": "tools/list",
      "hopwise.outcome": "allowed",
      "hopwise.list.items": 3,
      "hopwise.list.shown": 2,
    });
    expect(rootOf(all).attributes).not.toHaveProperty("gen_ai.operation.name");
  });

  it('names a tool that only "*" stands for once policies were asked about it', async () => {
    const { authorizer, spans, points } = watched({ tools: { "*": { kind: "invoice", action: "read" } } });
    await authorizer.authorize(await READ_PROVEN());
    expect(rootOf(await spans()).name).toBe("authorize read_invoice");
    expect((await points()).find(({ metric }) => metric === "hopwise.decisions")?.attributes).toMatchObject({
      "gen_ai.tool.name": "read_invoice",
    });
  });

  it("of one that waits for people says so, and is counted as such, with the stage in which that was found", async () => {
    const { authorizer, spans, points } = watched();
    const call = { tool: "send_payment", arguments: LARGE };
    const credential = await credentialFor(await carolsPlanner(world), call.tool, call.arguments);
    expect((await authorizer.authorize({ ...call, credential })).outcome).toBe("pending");
    const all = await spans();
    expect(treeOf(all)).toContain("  hopwise.approval");
    expect(rootOf(all).attributes).toMatchObject({ "hopwise.outcome": "pending" });
    expect((await points()).find(({ metric }) => metric === "hopwise.decisions")).toMatchObject({
      attributes: { "hopwise.outcome": "pending", "gen_ai.tool.name": "send_payment" },
      count: 1,
    });
  });

  it("is not made where the sampler does not keep it; the decision is the same, and it is counted", async () => {
    const { authorizer, spans, points } = watched({}, { sampler: new AlwaysOffSampler() });
    expect((await authorizer.authorize(await READ_PROVEN())).outcome).toBe("allowed");
    expect(await spans()).toEqual([]);
    expect((await points()).find(({ metric }) => metric === "hopwise.decisions")?.count).toBe(1);
  });
});

describe("a caller's word on which trace it calls from", () => {
  const TRACE = "0af7651916cd43dd8448eb211c80319c";
  const traceparent = `00-${TRACE}-b7ad6b7169203331-01`;

  it("is a link once the caller is verified, never a parent", async () => {
    const { authorizer, spans } = watched();
    await authorizer.authorize({ ...(await READ_PROVEN()), traceparent });
    const call = rootOf(await spans());
    expect(call.links.map(({ context }) => context.traceId)).toEqual([TRACE]);
    expect(call.parentSpanContext).toBeUndefined();
    expect(call.spanContext().traceId).not.toBe(TRACE);
  });

  it.each([
    ["of a stranger", { traceparent, credential: undefined }],
    ["that is malformed", { traceparent: `${traceparent}-INV-9` }],
    ["that is all zeros", { traceparent: "00-00000000000000000000000000000000-0000000000000000-01" }],
  ])("%s is dropped", async (_, changed) => {
    const { authorizer, spans } = watched();
    await authorizer.authorize({ ...(await READ_PROVEN()), ...changed });
    expect(rootOf(await spans()).links).toEqual([]);
  });
});

describe("the metrics", () => {
  it("count decisions by outcome, code and tool, strangers by code alone, and what came of calls", async () => {
    const { authorizer, points } = watched();
    const session = await authorizer.openSession(world.planner);
    const pay = (amount: number) => session.authorize({ tool: "send_payment", arguments: { ...GOOD, amount } });
    const decisions = await Promise.all([pay(400), pay(400), pay(400)]);
    const [returned, withheld, failed] = decisions as [Allowed, Allowed, Allowed];
    await pay(4000);
    await session.list([{ tool: "send_payment" }]);
    await session.authorize({ tool: "made_up_by_a_model", arguments: {} });
    await authorizer.authorize({ tool: "send_payment", arguments: GOOD, credential: undefined });
    await authorizer.report(returned, { outcome: "returned", result: "paid to Globex" });
    await authorizer.report(withheld, { outcome: "returned", result: "paid", withheld: true });
    await authorizer.report(failed, { outcome: "failed" });

    const counted = (await points()).filter(({ metric }) => !metric.endsWith("duration"));
    const pay_ = { "gen_ai.tool.name": "send_payment" };
    expect(counted.map(({ metric, attributes, count }) => [metric, attributes, count])).toEqual([
      ["hopwise.decisions", { "hopwise.outcome": "allowed", ...pay_ }, 3],
      ["hopwise.decisions", { "hopwise.outcome": "denied", "hopwise.code": "policy_denied", ...pay_ }, 1],
      ["hopwise.decisions", { "hopwise.outcome": "allowed", "mcp.method.name": "tools/list" }, 1],
      [
        "hopwise.decisions",
        { "hopwise.outcome": "denied", "hopwise.code": "grant_tool_missing", "gen_ai.tool.name": "_OTHER" },
        1,
      ],
      ["hopwise.unverified_attempts", { "hopwise.code": "proof_missing" }, 1],
      ["hopwise.outcomes", { "hopwise.result": "returned", ...pay_ }, 1],
      ["hopwise.outcomes", { "hopwise.result": "withheld", ...pay_ }, 1],
      ["hopwise.outcomes", { "hopwise.result": "failed", ...pay_ }, 1],
    ]);
  });

  it("count what shadow mode alone let run, by code and tool, and not as a denial", async () => {
    const { authorizer, points, spans } = watched({ shadow: "everything", onWarning: () => {} });
    const session = await authorizer.openSession(world.planner);
    await session.authorize({ tool: "send_payment", arguments: { ...GOOD, amount: 4000 } });
    await authorizer.authorize({ tool: "send_payment", arguments: GOOD, credential: undefined });
    const counted = (await points()).filter(({ metric }) => !metric.endsWith("duration"));
    const pay_ = { "gen_ai.tool.name": "send_payment" };
    expect(counted.map(({ metric, attributes, count }) => [metric, attributes, count])).toEqual([
      ["hopwise.decisions", { "hopwise.outcome": "allowed", ...pay_ }, 1],
      ["hopwise.shadow.calls", { "hopwise.code": "policy_denied", "hopwise.verified": true, ...pay_ }, 1],
      ["hopwise.shadow.calls", { "hopwise.code": "proof_missing", "hopwise.verified": false, ...pay_ }, 1],
    ]);
    const roots = (await spans()).filter(({ parentSpanContext }) => parentSpanContext === undefined);
    expect(roots.map(({ attributes }) => attributes)).toMatchObject([
      { "hopwise.outcome": "allowed", "hopwise.enforced": false, "hopwise.shadow.code": "policy_denied" },
      { "hopwise.enforced": false, "hopwise.shadow.stage": "proof", "hopwise.verified": false },
    ]);
  });

  it("count no more than a thousand tools by names that the map has not, whatever a caller makes up", async () => {
    const { telemetry, points, close } = recorder();
    onTestFinished(close);
    const company = await createCompany();
    const anything = { kind: "thing", action: "use" };
    const authorizer = company.authorizer({ telemetry, tools: { "*": anything, last: anything } });
    const ask = async (tool: string) => {
      const decision = await authorizer.authorize({
        tool,
        arguments: {},
        user: { issuer: company.issuer.trustAnchor.issuer, subject: "alice" },
      });
      if (decision.outcome === "allowed") await authorizer.report(decision, { outcome: "failed" });
    };
    for (let i = 0; i < 1010; i++) await ask(`made_up_${i}`);
    await ask("made_up_7");
    await ask("last");
    for (const metric of ["hopwise.decisions", "hopwise.outcomes"]) {
      const counted = (await points()).filter((point) => point.metric === metric);
      const counts = new Map(counted.map(({ attributes, count }) => [attributes["gen_ai.tool.name"], count]));
      expect([counts.size, counts.get("_OTHER"), counts.get("made_up_7"), counts.get("last")]).toEqual([
        1002, 10, 2, 1,
      ]);
    }
  });

  it("measure, in seconds, each call and each of its stages", async () => {
    const { authorizer, points } = watched();
    await authorizer.authorize(await READ_PROVEN());
    await authorizer.authorize({ ...READ, credential: undefined });
    const measured = (await points()).filter(({ metric }) => metric.endsWith("duration"));
    expect(new Set(measured.map(({ unit }) => unit))).toEqual(new Set(["s"]));
    const stages = ["arguments", "token", "proof", "state", "agents", "grant", "context", "policy", "audit"];
    // In the order in which they end, which nobody promises: the stores are asked beside the stages that follow.
    const asText = (one: object): string => JSON.stringify(one);
    const told = measured.map(({ metric, attributes, count }) => [metric, attributes, count]);
    const expected = [
      ["hopwise.authorize.duration", { "hopwise.outcome": "allowed", "hopwise.verified": true }, 1],
      ["hopwise.authorize.duration", { "hopwise.outcome": "denied", "hopwise.verified": false }, 1],
      ...stages.map((stage) => ["hopwise.stage.duration", { "hopwise.stage": stage }, stage === "arguments" ? 2 : 1]),
    ];
    expect(told.map(asText).toSorted()).toEqual(expected.map(asText).toSorted());
  });
});

it("telemetry is for one authorizer: another one in the same process tells nothing", async () => {
  const { spans } = watched();
  const { authorizer } = world.authorizer();
  await authorizer.authorize(await READ_PROVEN());
  expect(await spans()).toEqual([]);
  expect(authorizer.audience).toEqual([PAY_SERVER]);
});
