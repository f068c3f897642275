/** Which rows a chain may see, on the real policies and the real PDP. */
import { type Allowed, type Decision, delegate, type HeldDelegation, type Session } from "@hopwise/core";
import type { MemoryAudit } from "@hopwise/core/audit";
import type { Filter, Row, RowCondition } from "@hopwise/core/filter";
import { anyArguments, exact, type Grant, grant, oneOf, wildcard } from "@hopwise/core/grant";
import { describe, expect, it } from "vitest";
import { invoices, tools } from "../../examples/finance-team/company.ts";
import { worldHere } from "../support/world.ts";

const world = await worldHere();
const planner = await chain(grant({ search_invoices: { text: wildcard() } }));

/** A chain from alice to the planner, who may search. */
async function chain(handed: Grant): Promise<HeldDelegation> {
  const wide = await world.issuer.issue({
    subject: "alice",
    agent: "planner",
    holder: world.keys.planner,
    audience: world.planner.audience,
    grant: grant({ search_invoices: anyArguments }),
  });
  return delegate(wide, { to: "researcher", holder: world.keys.researcher, grant: handed });
}

const CALL = { tool: "search_invoices", arguments: { text: "paper" } };
const ROWS: readonly Row[] = Object.entries(invoices).map(([id, { region, supplier, amount, iban }]) => ({
  id,
  attributes: { region, supplier, amount, iban },
}));

async function sessionOf(delegation = planner, options = {}): Promise<{ session: Session; audit: MemoryAudit }> {
  const { authorizer, audit } = world.authorizer(options);
  return { session: await authorizer.openSession(delegation), audit };
}

function filterOf(decision: Decision): Filter {
  expect(decision).toMatchObject({ outcome: "allowed" });
  return (decision as Allowed).filter as Filter;
}

describe("a filter", () => {
  it("says which rows every hop may see, and checks each that was read", async () => {
    const { session, audit } = await sessionOf();
    const decision = await session.filter(CALL);
    const filter = filterOf(decision);
    const condition = filter.take();
    expect(condition).toMatchObject({ required: ["region", "supplier", "amount"], unknown: "sql" });
    expect(JSON.stringify(condition.expression)).toContain('"EMEA"');
    const seen = await filter.check(ROWS);
    expect(seen.map((row) => row?.obligations?.redact)).toEqual([["/iban"], ["/iban"], undefined]);
    expect(seen[2]).toBeUndefined();
    expect(filter.applied).toEqual({ rows: 2, leftOut: 1 });
    const [record] = audit.records;
    expect(record).toMatchObject({
      outcome: "allowed",
      asked: { kind: "invoice", action: "read" },
      rows: { condition: expect.stringContaining("R.attr.region"), conditionHash: expect.any(String) },
    });
    expect(record?.verdicts.map(({ sees }) => sees)).toEqual(["some", "some", "some"]);
    expect(JSON.stringify([decision, record?.rows])).not.toContain("EMEA");
  });

  it("holds a grant's constraint against rows, by what the tool map says of the argument", async () => {
    const held = await chain(grant({ search_invoices: { text: wildcard(), supplier: oneOf("Globex") } }));
    const { session } = await sessionOf(held);
    const filter = filterOf(await session.filter(CALL));
    expect(JSON.stringify((filter.take() as RowCondition).expression)).toContain("Globex");
    expect((await filter.check(ROWS)).map((row) => row !== undefined)).toEqual([true, false, false]);
  });

  it("is refused for a constraint on an argument that the map does not know of", async () => {
    const map = { ...tools, search_invoices: { ...tools["search_invoices"], filter: {} } } as typeof tools;
    const held = await chain(grant({ search_invoices: { text: exact("paper") } }));
    const { session } = await sessionOf(held, { tools: map });
    expect(await session.filter(CALL)).toMatchObject({ code: "grant_not_of_rows", hop: 2, pointer: "/text" });
  });

  it("is asked for: a call that would show rows without it is denied", async () => {
    const { session } = await sessionOf();
    expect(await session.authorize({ ...CALL, fulfils: true })).toMatchObject({ code: "policy_inconclusive" });
    await expect(session.filter({ tool: "read_invoice", arguments: { id: "INV-7" } })).rejects.toMatchObject({
      code: "config_invalid",
    });
  });

  it("serves one read", async () => {
    const { session } = await sessionOf();
    const filter = filterOf(await session.filter(CALL));
    await expect(filter.check(ROWS)).rejects.toMatchObject({ code: "config_invalid" });
    filter.take();
    expect(() => filter.take()).toThrow(expect.objectContaining({ code: "filter_unapplied" }));
  });
});
