/**
 * Several decision points under different policies, in whatever order and with whatever faults they answer: all answers of
 * a decision are of one of them. None of them allows the call, or shows the tool, and any two of them together would.
 */
import { resilient } from "@hopwise/cerbos";
import type { Decision, Session } from "@hopwise/core";
import type { PolicyDecisionPoint } from "@hopwise/core/adapter";
import { answeringPdp, createCompany, type TestAuthorizer } from "@hopwise/core/testing";
import fc from "fast-check";
import { expect, it } from "vitest";
import { ran } from "../support/ran.ts";
import { expectMet, PATIENCE, report, runs, SEED, thousands } from "./random/runs.ts";

const CASES = runs(150, 5000);
const AT_ONCE = 6;
const TOOL = "send_payment";

/** How a target ends one request. */
const anyEnd = fc.oneof(
  { weight: 12, arbitrary: fc.constant("answer" as const) },
  { weight: 3, arbitrary: fc.constantFrom("fail" as const, "other results" as const, "no answer" as const) },
  { weight: 1, arbitrary: fc.constantFrom("refuse" as const, "hang" as const, "fewer results" as const) },
);
const anyRequest = fc.record({ waitMs: fc.oneof(fc.constant(0), fc.nat({ max: 6 })), end: anyEnd });
/** What each target does with its requests, over and over. */
const anyTarget = fc.array(anyRequest, { minLength: 1, maxLength: 7 });
const anyCase = fc.record({
  targets: fc.array(anyTarget, { minLength: 2, maxLength: 3 }),
  patienceMs: fc.integer({ min: 1, max: 6 }),
  faultsInARow: fc.integer({ min: 1, max: 4 }),
  restMs: fc.integer({ min: 1, max: 20 }),
  nested: fc.boolean(),
});

const company = await createCompany({
  tools: { [TOOL]: { kind: "payment", action: "send", list: "list" } },
});
const researcher = await company.chain("alice", "planner", "researcher");
const HOPS = ["alice", "agent:planner", "agent:researcher"];

/** Denies one hop alone, and says its name with each answer. */
function targetOf(index: number, does: readonly (typeof anyRequest extends fc.Arbitrary<infer T> ? T : never)[]) {
  const right = answeringPdp(({ principal }) => ({
    effect: principal.id === HOPS[index] ? "deny" : "allow",
    outputs: [`target ${index}`],
  }));
  let next = 0;
  const checkResources: PolicyDecisionPoint["checkResources"] = async (request) => {
    const { waitMs, end } = does[next++ % does.length] as (typeof does)[number];
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    if (end === "fail") throw Object.assign(new Error("gone"), { name: "NotOK", code: 14 });
    if (end === "refuse") throw Object.assign(new Error("wrong"), { name: "NotOK", code: 3 });
    if (end === "hang") return new Promise(() => {});
    if (end === "no answer") return undefined as never;
    const answer = await right.checkResources(request);
    if (end === "other results") return { ...answer, results: answer.results.map(() => undefined) } as never;
    if (end === "fewer results") return { ...answer, results: answer.results.slice(1) } as never;
    return answer;
  };
  return { checkResources, planResources: right.planResources };
}

/** The short deadline is for the decision points: on a busy machine it may pass while a session is opened. */
async function opened(authorizer: TestAuthorizer): Promise<Session> {
  return authorizer.openSession(researcher).catch(() => opened(authorizer));
}

const namesIn = (decision: Decision): ReadonlySet<string> =>
  new Set(decision.verdicts.flatMap(({ reasons }) => reasons));

it(
  "a decision has the answers of one decision point, whatever happens to it and to the others",
  async () => {
    const tally = new Map<string, number>();
    const count = (what: string): void => void tally.set(what, (tally.get(what) ?? 0) + 1);
    const check = async ({ targets, nested, ...options }: typeof anyCase extends fc.Arbitrary<infer T> ? T : never) => {
      const fakes = targets.map((does, i) => targetOf(i, does));
      const [first, ...others] = fakes as [PolicyDecisionPoint, ...PolicyDecisionPoint[]];
      const cerbos = nested ? resilient([first, resilient(others, options)], options) : resilient(fakes, options);
      const authorizer = company.authorizer({ cerbos, deadlineMs: 30 });
      const session = await opened(authorizer);
      const ask = async (): Promise<void> => {
        const decision = await session.authorize({ tool: TOOL, arguments: {} });
        const names = namesIn(decision);
        expect([...names].slice(1), "of several").toEqual([]);
        expect(decision.outcome).toBe("denied");
        if (decision.outcome === "denied") count(decision.code);
        const listing = await session.list([{ tool: TOOL }]);
        if (listing.outcome === "listed") expect(listing.shown).toEqual([false]);
        count(listing.outcome === "listed" ? "lists" : "no lists");
      };
      for (let i = 0; i < 2; i++) await Promise.all(Array.from({ length: AT_ONCE }, ask));
      ran("decisions of several decision points", AT_ONCE * 2);
    };
    await fc.assert(fc.asyncProperty(anyCase, check), { numRuns: CASES, seed: SEED });
    report("several decision points", [
      `cases: ${thousands(CASES)}`,
      ...[...tally].map(([what, times]) => `${what}: ${thousands(times)}`),
      "decisions with answers of two: 0",
    ]);
    for (const what of ["policy_denied", "policy_unavailable", "lists"]) expectMet(what, tally.get(what), CASES * 1.6);
  },
  PATIENCE,
);
