/** What the handing over obliges to holds of each row of a search: on the real engine, with the second check and without. */
import type { Pdp } from "@hopwise/cerbos";
import type { Allowed, Decision } from "@hopwise/core";
import { createCompany } from "@hopwise/core/testing";
import { table, text, visibleRows } from "@hopwise/filter";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pdpWith } from "../faults/small-policies.ts";

const READ = `{ actions: [read], effect: EFFECT_ALLOW, roles: ["*"], condition: { match: { expr: 'R.attr.region == "EMEA"' } } }`;
const handing = (output: string) =>
  `{ actions: [delegate], effect: EFFECT_ALLOW, roles: ["*"], output: { when: { ruleActivated: '${output}' } } }`;
const KINDS = {
  doc: [READ],
  approval: [`{ actions: [approve], effect: EFFECT_ALLOW, roles: ["*"] }`],
  taking_out: [handing('{"redact": ["/iban"]}')],
  asking: [handing('{"approval": "a person hands this on"}')],
};

let pdp: Pdp;
beforeAll(async () => {
  pdp = await pdpWith(KINDS);
});
afterAll(() => pdp.close());

const DOCS = table({ id: text(), columns: { region: text(), iban: text("account") } });
const ROWS = [
  { id: "d1", region: "EMEA", account: "DE1" },
  { id: "d2", region: "AMER", account: "DE2" },
];

describe.each([false, true])("what the handing over obliges to (plansSuffice: %s)", (plansSuffice) => {
  async function scene(kind: string) {
    const tools = { search: { kind: "doc", action: "read", filter: { plansSuffice, withinMs: 20_000 } } };
    const users = { alice: { roles: ["employee"] }, dana: { roles: ["boss"] } };
    const company = await createCompany({ users, approvers: ["dana"], tools });
    const delegation = { kind, action: "delegate" };
    const authorizer = company.authorizer({ cerbos: pdp, delegation, deadlineMs: 10_000 });
    return { authorizer, held: await company.chain("alice", "planner", "researcher") };
  }
  const found = (decision: Decision) =>
    visibleRows((decision as Allowed).filter, DOCS, { dialect: "memory" }, (passes) => ROWS.filter(passes));

  it("is done to each row", async () => {
    const { authorizer, held } = await scene("taking_out");
    const decision = await authorizer.filter(held, "search", {}, { fulfils: true });
    expect(await found(decision)).toEqual([{ id: "d1", region: "EMEA", account: "[redacted]" }]);
  });

  it("is done once a person approved the call: no row needs another approval", async () => {
    const { authorizer, held } = await scene("asking");
    const waits = await authorizer.filter(held, "search", {});
    expect(waits).toMatchObject({ outcome: "pending" });
    await authorizer.answer("dana", "yes", waits);
    const approval = waits.outcome === "pending" ? waits.approval.request : "";
    expect(await found(await authorizer.filter(held, "search", {}, { approval }))).toEqual(ROWS.slice(0, 1));
  });
});
