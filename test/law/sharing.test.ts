/**
 * Shared requests on the real engine: whatever comes together, each question gets the answer that it gets alone, and
 * nothing of another's. Principals, attributes, actions, tokens and options are random; some questions are wrong.
 */
import { shareRequests } from "@hopwise/cerbos";
import type { PolicyDecisionPoint } from "@hopwise/core/adapter";
import fc from "fast-check";
import { expect, it } from "vitest";
import { ran } from "../support/ran.ts";
import { connectStoryPdp } from "../support/story-pdp.ts";
import { expectMet, PATIENCE, report, runs, SEED } from "./random/runs.ts";

type Request = Parameters<PolicyDecisionPoint["checkResources"]>[0];
type Response = Awaited<ReturnType<PolicyDecisionPoint["checkResources"]>>;

const RUNS = runs(15, 500);

const oneOf = <T>(...of: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...of);
const chain = [{ id: "alice", kind: "user" }];
const delegation = { kind: "user", depth: 0, user: "alice", chain };

/** Few, so that many share; some differ in one place alone, or look alike as JSON. */
const principal = fc.record({
  id: oneOf("alice", "bob"),
  roles: oneOf(["employee"], ["employee", "analyst"], ["nobody"]),
  attr: oneOf<unknown>(
    { delegation, department: "finance", region: "EMEA", paymentLimit: 1000 },
    { delegation, department: "finance", region: "EMEA", paymentLimit: 100 },
    { delegation, department: "finance", region: "APAC", paymentLimit: 1000 },
    { delegation: { ...delegation, chain: [] }, department: "finance", region: "EMEA", paymentLimit: 1000 },
    { delegation },
    {},
    JSON.parse('{ "__proto__": { "region": "EMEA" } }'),
  ),
});

const args = fc.oneof(
  fc.record({
    to: oneOf("acme", ""),
    amount: oneOf<unknown>(1, 100, 101, 5000, "5", 0.5, Number.NaN),
    currency: oneOf("EUR", "eur"),
  }),
  oneOf<unknown>({}, undefined, null, { id: "INV-7" }, { account: "A" }),
  // These look alike as JSON, or nearly so.
  oneOf<unknown>(
    { amount: 1, to: "acme" },
    { 1: 2, 2: 1 },
    { amount: "1" },
    { to: "\ud800" },
    Array(2),
    new Date(0),
    10n,
  ),
);
const resource = fc.oneof(
  fc.record({
    kind: oneOf("payment", "invoice", "ledger", "nowhere", "p a"),
    id: oneOf("same", "same", "same", "other", "é", "e\u0301", "\ufffd", "\ud800", ""),
    attr: fc.record(
      {
        args,
        supplierKnown: fc.boolean(),
        region: oneOf("EMEA", "APAC"),
        supplier: oneOf("acme"),
        amount: oneOf(5, -0, 900),
      },
      { requiredKeys: [] },
    ),
  }),
  fc.record({
    kind: oneOf("delegation"),
    id: oneOf("alice->agent:planner"),
    attr: fc.record({
      to: oneOf("agent:planner"),
      toKind: oneOf("agent", "user"),
      depth: oneOf(0, 1, 2, 4),
      expiresIn: fc.nat(100_000),
      everyTool: fc.boolean(),
      actions: oneOf(["send_payment"], []),
    }),
  }),
);
const actions = fc.oneof(
  fc.subarray(["send", "read", "view", "delegate", "approve"], { minLength: 1 }),
  oneOf(["send"], ["send"], ["read"], ["delegate"], ["__proto__", "read"], [], ["read", "read"]),
);
const entries = fc.array(fc.record({ resource, actions }), { minLength: 1, maxLength: 3 });
/** Of two principals, so that many share. */
const questions = fc
  .record({
    principals: fc.tuple(principal, principal),
    asked: fc.array(
      fc.record({
        who: oneOf(0, 0, 1),
        resources: entries,
        includeMetadata: oneOf(true, true, true, false),
        token: fc.nat(9).map((n) => n === 0),
      }),
      { minLength: 30, maxLength: 60 },
    ),
  })
  .map(({ principals, asked }) => asked.map(({ who, ...question }) => ({ ...question, principal: principals[who] })));

/** Cerbos names members, and lists errors, in whatever order. */
function inOrder(result: Response["results"][number]): object {
  const errors = result.validationErrors.map((it) =>
    JSON.stringify({ ...it, message: it.message.split(/[ ,]+/).sort() }),
  );
  return { ...result, validationErrors: errors.sort() };
}

it(
  "gives each question the answer that it gets alone",
  async () => {
    const { client, close } = connectStoryPdp();
    const seen = { shared: 0, alone: 0, refused: 0 };
    const outcome = async (asked: PolicyDecisionPoint, request: Request): Promise<unknown> => {
      const answer = await asked.checkResources(request).catch(String);
      if (typeof answer === "string") return answer;
      return JSON.parse(JSON.stringify([answer.requestId, answer.results.map(inOrder)]));
    };
    let number = 0;
    await fc.assert(
      fc.asyncProperty(questions, oneOf(1, 2, 3), oneOf(2, 7, 25), async (asked, requestsUnderWay, questionsInOne) => {
        const requests = asked.map(({ token, ...request }): Request => {
          number++;
          return {
            ...(request as Request),
            requestId: `q${number}`,
            ...(token && { auxData: { jwt: { token: "no.such.token" } } }),
          };
        });
        const counting: PolicyDecisionPoint = {
          planResources: client.planResources.bind(client),
          checkResources: async (request, options): Promise<Response> => {
            const several = String(request.requestId).startsWith("shared-");
            seen[several ? "shared" : "alone"]++;
            if (several) expect(new Set(request.resources).size).toBeLessThanOrEqual(50);
            return client.checkResources(request, options);
          },
        };
        const shared = shareRequests(counting, { requestsUnderWay, questionsInOne });
        const together = await Promise.all(requests.map((request) => outcome(shared, request)));
        const alone = await Promise.all(requests.map((request) => outcome(client, request)));
        expect(together).toEqual(alone);
        seen.refused += alone.filter((it) => typeof it === "string").length;
        ran("questions", requests.length);
      }),
      { numRuns: RUNS, seed: SEED },
    );
    await close();
    report(
      "requests",
      Object.entries(seen).map(([what, count]) => `${what}: ${count}`),
    );
    expectMet("the rarest", Math.min(seen.shared, seen.alone, seen.refused), 4 * RUNS);
  },
  PATIENCE,
);
