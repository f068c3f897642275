import { rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { GRPC } from "@cerbos/grpc";
import { authorizeTools } from "@hopwise/ai-sdk";
import { type Pdp, startPdp } from "@hopwise/cerbos";
import type { Session, ToolMap } from "@hopwise/core";
import { modelView, type PolicyDecisionPoint } from "@hopwise/core/adapter";
import type { AuxData } from "@hopwise/core/sources";
import { describe, expect, it, onTestFinished } from "vitest";
import { pidsOf, runFolder } from "../../packages/cerbos/src/testing/processes.ts";
import { until } from "../../packages/cerbos/src/testing/until.ts";
import { denied, GOOD, paymentTool, switchable } from "../support/calls.ts";
import { type Answer, answering, failing, hanging, planning, waiting } from "../support/policy-clients.ts";
import { STORY_POLICIES } from "../support/story-pdp.ts";
import { worldHere } from "../support/world.ts";

const world = await worldHere();

const pay = { tool: "send_payment", arguments: GOOD };

const sessionOn = (cerbos: PolicyDecisionPoint, deadlineMs = 1000): Promise<Session> =>
  world.authorizer({ cerbos, deadlineMs }).authorizer.openSession(world.planner);

/** A PDP of a test's own, which the test may ill-treat. */
async function ownPdp(): Promise<Pdp & { readonly pid: number }> {
  const pdp = await startPdp({ policies: STORY_POLICIES });
  onTestFinished(() => pdp.close());
  return { ...pdp, pid: pidsOf(runFolder(pdp.target)).pdp };
}

function nobody(): GRPC {
  const client = new GRPC("unix:/nowhere/cerbos.sock", { tls: false });
  onTestFinished(() => client.close());
  return client;
}

describe("a request that Cerbos never takes", () => {
  const send_payment = { kind: "payment", action: "send" };
  const auxData = (): AuxData => ({ jwt: { token: "no.such.key" } });
  it.each<[string, ToolMap, object, object?]>([
    ["for a JWT that it has no keys for", { send_payment }, GOOD, { auxData }],
    ["for its size", { send_payment }, { ...GOOD, to: "x".repeat(5_000_000) }],
    ["for an empty name of an attribute", { send_payment: { ...send_payment, attributes: () => ({ "": 1 }) } }, GOOD],
  ])(
    "%s is told apart from an outage, to the operator and on record, and is not worth a second try",
    async (_, tools, args, own) => {
      const limits = { argumentsSize: 10_000_000 };
      const { authorizer, audit } = world.authorizer({ tools, limits, deadlineMs: 5000, ...own });
      const session = await authorizer.openSession(world.planner);
      const decision = denied(await session.authorize({ tool: "send_payment", arguments: args }));
      expect(decision).toMatchObject({ code: "policy_request_refused", stage: "policy", hop: 0, retryable: false });
      expect(modelView(decision)).toMatchObject({ code: "policy_inconclusive", retryable: false });
      expect(audit.records.at(-1)).toMatchObject({ code: "policy_request_refused", verdicts: [{ refused: true }, {}] });
    },
  );

  it("is no empty list either", async () => {
    const tools: ToolMap = { send_payment: { ...send_payment, list: "list" } };
    const session = await world.authorizer({ tools, auxData }).authorizer.openSession(world.planner);
    const answer = denied(await session.list([{ tool: "send_payment" }]));
    expect(answer).toMatchObject({ code: "policy_request_refused", retryable: false });
  });
});

describe("a policy decision point", () => {
  it("that is not there denies each call as unavailable, and says so at the first hop", async () => {
    const session = await sessionOn(nobody());
    expect(await session.authorize(pay)).toMatchObject({
      outcome: "denied",
      code: "policy_unavailable",
      hop: 0,
      retryable: true,
    });
  });

  it("that is killed while calls are under way lets none of them run undecided, and none hang", async () => {
    const pdp = await ownPdp();
    const { authorizer, audit } = world.authorizer({ cerbos: pdp });
    const payment = await paymentTool(authorizer, world.planner);
    const calls = Array.from({ length: 40 }, (_, i) => payment.call({ ...GOOD, amount: i + 1 }));
    await Promise.race(calls);
    process.kill(pdp.pid, "SIGKILL");
    await pdp.exited;
    const answers = await Promise.all([...calls, payment.call()]);
    expect(answers.at(-1)).toContain("policy_unavailable");
    const paid = answers.filter((answer) => answer === "paid").length;
    const unavailable = answers.filter((answer) => answer.includes("policy_unavailable")).length;
    expect(paid + unavailable).toBe(41);
    expect(payment.runs).toHaveLength(paid);
    const records = audit.records.filter(({ tool }) => tool === "send_payment");
    expect(records).toHaveLength(41);
    expect(records.filter(({ outcome }) => outcome === "allowed")).toHaveLength(paid);
  });

  it("that was killed stays gone for its authorizer; another one has another address and needs another authorizer", async () => {
    const first = await ownPdp();
    const session = await sessionOn(first.client);
    expect((await session.authorize(pay)).outcome).toBe("allowed");
    process.kill(first.pid, "SIGKILL");
    await first.exited;
    const second = await ownPdp();
    expect(second.target).not.toBe(first.target);
    expect(denied(await session.authorize(pay)).code).toBe("policy_unavailable");
    expect((await (await sessionOn(second.client)).authorize(pay)).outcome).toBe("allowed");
  });

  it("that somebody else restarts at the same address is found again, by itself", async () => {
    const address = `/tmp/hopwise-faults-${process.pid}.sock`;
    const link = await forward(address, world.pdp.target.replace("unix:", ""));
    const client = new GRPC(`unix:${address}`, { tls: false });
    onTestFinished(() => client.close());
    const session = await sessionOn(client);
    expect((await session.authorize(pay)).outcome).toBe("allowed");
    await link.cut();
    expect(denied(await session.authorize(pay)).code).toBe("policy_unavailable");
    await forward(address, world.pdp.target.replace("unix:", ""));
    await until(async () => (await session.authorize(pay)).outcome === "allowed");
  });

  it("that hangs (its process is stopped) denies when the deadline is over, and allows again when it goes on", async () => {
    const pdp = await ownPdp();
    const session = await sessionOn(pdp.client, 200);
    process.kill(pdp.pid, "SIGSTOP");
    onTestFinished(() => void resume(pdp.pid));
    const decision = denied(await session.authorize(pay));
    expect(decision.code).toBe("policy_unavailable");
    expect(decision.message).toMatch(/no answer within 200 ms|aborted/i);
    resume(pdp.pid);
    await until(async () => (await session.authorize(pay)).outcome === "allowed");
  });

  it("that never answers and does not listen to signals is told to stop, and the call is denied", async () => {
    const pdp = hanging();
    const session = await sessionOn(pdp, 50);
    expect(denied(await session.authorize(pay)).message).toContain("no answer within 50 ms");
    expect(pdp.signals.map(({ aborted }) => aborted)).toEqual([true, true]);
  });

  it("that answers too late changes nothing any more: one decision, one record, no run", async () => {
    const right = answering((answer) => answer);
    const pdp = switchable(right);
    const { authorizer, audit } = world.authorizer({ cerbos: pdp, deadlineMs: 50 });
    const payment = await paymentTool(authorizer, world.planner);
    const slow = waiting(right);
    pdp.use(slow);
    expect(await payment.call()).toContain("policy_unavailable");
    slow.release();
    await settled();
    expect(payment.runs).toEqual([]);
    expect(audit.records.filter(({ tool }) => tool === "send_payment")).toMatchObject([{ outcome: "denied" }]);
  });

  it("that takes its time, but not too long, decides as ever", async () => {
    const slow = waiting(world.pdp.client);
    const session = await sessionOn(slow, 10_000);
    const decision = session.authorize(pay);
    await settled();
    slow.release();
    expect((await decision).outcome).toBe("allowed");
  });

  it("that fails for one hop of three denies the call, naming that hop", async () => {
    const failsForPlanner: PolicyDecisionPoint = {
      planResources: (...args) => world.pdp.client.planResources(...args),
      checkResources: async (request, options) => {
        if (request.principal.id === "agent:planner") throw new Error("connection reset");
        return world.pdp.client.checkResources(request, options);
      },
    };
    const { authorizer } = world.authorizer({ cerbos: failsForPlanner });
    const session = await authorizer.openSession(world.researcher);
    const decision = denied(await session.authorize({ tool: "read_invoice", arguments: { id: "INV-7" } }));
    expect(decision).toMatchObject({ code: "policy_unavailable", hop: 1 });
    expect(decision.verdicts.map(({ effect }) => effect)).toEqual(["allow", "error", "allow"]);
  });
});

/** Answers in which one thing is wrong: a broken PDP, a broken client, or somebody in between. */
const GARBAGE: readonly (readonly [what: string, answer: (right: Answer) => unknown])[] = [
  ["nothing at all", () => undefined],
  ["null", () => null],
  ["a text", () => "EFFECT_ALLOW"],
  ["an object without results", () => ({})],
  ["results that are no list", (right) => ({ ...right, results: { 0: right.results[0] } })],
  ["no results", (right) => ({ ...right, results: [] })],
  ["the call without the edge", (right) => ({ ...right, results: right.results.slice(0, 1) })],
  ["the edge before the call", (right) => ({ ...right, results: right.results.toReversed() })],
  ["the same answer twice", (right) => ({ ...right, results: [right.results[0], right.results[0]] })],
  ["one answer more than was asked", (right) => ({ ...right, results: [...right.results, right.results[0]] })],
  ["another kind of resource", changed({ resource: { kind: "invoice", id: "Globex" } })],
  ["another resource", changed({ resource: { kind: "payment", id: "Mallory Ltd" } })],
  ["no actions", changed({ actions: {} })],
  ["another action", changed({ actions: { read: "EFFECT_ALLOW", delegate: "EFFECT_ALLOW" } })],
  ["effects that are only inherited", changed({ actions: Object.create(actions("EFFECT_ALLOW")) })],
  ["true", changed({ actions: actions(true) })],
  ["an effect in other words", changed({ actions: actions("ALLOW") })],
  ["the effect of no match", changed({ actions: actions("EFFECT_NO_MATCH") })],
  ["a list of effects", changed({ actions: actions(["EFFECT_ALLOW"]) })],
  ["no list of schema violations", changed({ validationErrors: undefined as never })],
  ["a schema violation that is only a text", changed({ validationErrors: ["broken"] })],
  ["no list of outputs", changed({ outputs: undefined as never })],
];

function changed(change: Partial<Answer["results"][number]>): (right: Answer) => Answer {
  return (right) => ({ ...right, results: right.results.map((result) => ({ ...result, ...change })) });
}

/** This effect for the call; nothing is wrong with the edge, so that it is the call's that must be noticed. */
function actions(effect: unknown): Answer["results"][number]["actions"] {
  return { send: effect, delegate: "EFFECT_ALLOW" };
}

describe("an answer that is", () => {
  it("right is understood, so that the ones below fail for what is wrong in them", async () => {
    const session = await sessionOn(answering((right) => right));
    expect((await session.authorize(pay)).outcome).toBe("allowed");
  });

  it.each(GARBAGE)("%s allows nothing, and breaks nothing", async (_, answer) => {
    const { authorizer } = world.authorizer({ cerbos: answering(answer) });
    const payment = await paymentTool(authorizer, world.planner);
    expect(await payment.call()).toMatch(/Not allowed \((policy_unavailable|policy_inconclusive)\)/);
    expect(payment.runs).toEqual([]);
  });
});

/** A tool without a listing action: whether it is shown is planned. */
const planned: ToolMap = { send_payment: { kind: "payment", action: "send" } };

const OUTAGES: readonly [string, () => PolicyDecisionPoint][] = [
  ["nobody there", nobody],
  ["no answer", hanging],
  ["a failure", () => failing(new Error("connection reset"))],
  ["a failure that is no error", () => failing("gone")],
  ["nothing for an answer", () => ({ ...planning(undefined), checkResources: async () => undefined as never })],
];

describe.each([
  ["by a listing action", {}],
  ["by plans", { tools: planned, delegation: "grants-only" as const }],
])("a list %s", (_, options) => {
  it.each(OUTAGES)("is an error and never empty during an outage: %s", async (_, cerbos) => {
    const { authorizer, audit } = world.authorizer({ cerbos: cerbos(), deadlineMs: 250, ...options });
    const session = await authorizer.openSession(world.planner);
    expect(denied(await session.list([{ tool: "send_payment" }]))).toMatchObject({
      code: "policy_unavailable",
      retryable: true,
    });
    const tools = { send_payment: { execute: async () => "paid" } };
    await expect(authorizeTools(tools, { authorizer, delegation: world.planner })).rejects.toMatchObject({
      name: "HopwiseError",
      code: "policy_unavailable",
    });
    expect(audit.records.map(({ tool, outcome }) => [tool, outcome])).toEqual([
      ["mcp:tools/list", "denied"],
      ["mcp:tools/list", "denied"],
    ]);
  });
});

describe("an answer about a list that makes no sense", () => {
  const NONSENSE = [{}, { kind: "KIND_UNSPECIFIED" }, { kind: ["KIND_ALWAYS_ALLOWED"] }, { kind: true }];
  const listOn = async (plan: unknown) => {
    const { authorizer } = world.authorizer({ cerbos: planning(plan), tools: planned });
    return (await authorizer.openSession(world.planner)).list([{ tool: "send_payment" }]);
  };

  it.each(NONSENSE)("shows nothing: %o", async (plan) => {
    const answer = await listOn(plan);
    if (answer.outcome === "listed") expect(answer.shown).toEqual([false]);
  });

  it.each(NONSENSE)("is an error and no empty list: %o", async (plan) => {
    expect(denied(await listOn(plan)).code).toMatch(/policy_unavailable|policy_inconclusive/);
  });
});

/** Everything that only waited for its turn has had it. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

interface Link {
  cut(): Promise<void>;
}

/** An address of one's own that leads to a PDP, until it is cut. */
async function forward(address: string, target: string): Promise<Link> {
  const open = new Set<Socket>();
  const server: Server = createServer((inner) => {
    const outer = connect({ path: target });
    for (const [from, to] of [
      [inner, outer],
      [outer, inner],
    ] as const) {
      open.add(from);
      from.on("error", () => to.destroy()).on("close", () => to.destroy());
      from.pipe(to);
    }
  });
  await new Promise<void>((resolve) => server.listen(address, resolve));
  const cut = async (): Promise<void> => {
    for (const socket of open) socket.destroy();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
    rmSync(address, { force: true });
  };
  onTestFinished(cut);
  return { cut };
}

function resume(pid: number): void {
  try {
    process.kill(pid, "SIGCONT");
  } catch {
    // already gone
  }
}
