/** Policies that divide by what somebody sends: of a zero they make a number that no answer of the real PDP can carry. */
import { connectPdp, type Pdp } from "@hopwise/cerbos";
import type { Allowed, Decision } from "@hopwise/core";
import { createCompany } from "@hopwise/core/testing";
import { list, number, table, text, visibleRows } from "@hopwise/filter";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { pdpWith } from "./small-policies.ts";

const SHARE = `{ when: { ruleActivated: '{"limit": {"/lines": R.attr.args.of / R.attr.args.by}}' } }`;
const OF_ROW = `{ when: { ruleActivated: '{"limit": {"/lines": R.attr.most / R.attr.parts}}' } }`;
const RULES = [
  `{ actions: [take], effect: EFFECT_ALLOW, roles: ["*"], output: ${SHARE} }`,
  `{ actions: [look], effect: EFFECT_ALLOW, roles: ["*"] }`,
  `{ actions: [search], effect: EFFECT_ALLOW, roles: ["*"], condition: { match: { expr: R.attr.most < R.attr.args.of / R.attr.args.by } } }`,
  `{ actions: [search_all], effect: EFFECT_ALLOW, roles: ["*"], output: ${OF_ROW} }`,
];
const OF_CALL = { arguments: { of: null, by: null } };
const tools = {
  take: { kind: "doc", action: "take" },
  look: { kind: "doc", action: "look" },
  search: { kind: "doc", action: "search", filter: OF_CALL },
  search_all: { kind: "doc", action: "search_all", filter: { withinMs: 20_000 } },
};

let pdp: Pdp;
beforeAll(async () => {
  pdp = await pdpWith({ doc: RULES });
});
afterAll(() => pdp.close());

async function scene() {
  // The first fault would keep every call from it.
  const connected = await connectPdp({ targets: [pdp.target], faultsInARow: 1, restMs: 60_000 });
  onTestFinished(() => connected.close());
  const company = await createCompany({ tools });
  const authorizer = company.authorizer({ cerbos: connected, delegation: "grants-only", deadlineMs: 10_000 });
  return authorizer.openSession(await company.chain("alice", "planner"));
}

const by = (zero: number) => ({ arguments: { of: 6, by: zero } });
const codeOf = (decision: Decision) => (decision.outcome === "denied" ? decision.code : decision.outcome);

it("who sends a zero gets a denial that says why, and keeps nobody else's call from the decision point", async () => {
  const session = await scene();
  const denied = { code: "policy_inconclusive", message: expect.stringMatching(/a number in it is not finite/) };
  expect(await session.authorize({ tool: "take", ...by(0), fulfils: true })).toMatchObject(denied);
  expect(await session.filter({ tool: "search", ...by(0) })).toMatchObject(denied);
  expect(codeOf(await session.filter({ tool: "search", ...by(2) }))).toBe("allowed");
  const calls = [0, 2, 0, 2, 0, 2, 0, 2, 2, 0, 2, 2].map((zero) =>
    session.authorize({ tool: zero === 0 ? "take" : "look", ...by(zero), fulfils: true }),
  );
  const codes = (await Promise.all(calls)).map(codeOf);
  expect(codes.filter((code) => code === "allowed")).toHaveLength(7);
  expect(codes.filter((code) => code === "policy_inconclusive")).toHaveLength(5);
});

it("a row with a zero ends no search: it is left out, and the record says so", async () => {
  const session = await scene();
  const decision = (await session.filter({ tool: "search_all", arguments: {} })) as Allowed;
  const docs = table({ id: text(), columns: { lines: list("text"), most: number(), parts: number() } });
  const rows = Array.from({ length: 60 }, (_, i) => ({
    id: `d${i}`,
    lines: ["a", "b"],
    most: 2,
    parts: i === 7 ? 0 : 2,
  }));
  const found = await visibleRows(decision.filter, docs, { dialect: "memory" }, (passes) => rows.filter(passes));
  const divided = rows.filter(({ parts }) => parts > 0);
  expect(found).toEqual(divided.map((row) => ({ ...row, lines: ["a"] })));
  expect(decision.filter?.applied).toEqual({ rows: 59, leftOut: 1, unfulfilled: 1 });
});
