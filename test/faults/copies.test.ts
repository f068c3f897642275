/**
 * A bundle, or a hot reload, puts a second copy of the packages into a process. What one copy alone can read is refused by the other
 * one, in words that say so: in itself it is right, and nothing in it shows what is wrong.
 */
import * as core from "@hopwise/core";
import * as state from "@hopwise/core/state";
import { allowAll, createCompany } from "@hopwise/core/testing";
import * as filter from "@hopwise/filter";
import { expect, it, vi } from "vitest";

const company = await createCompany({
  users: { alice: { roles: ["clerk"] } },
  agents: { planner: { roles: ["agent"] } },
  tools: { pay: { kind: "payment", action: "pay", id: "to" } },
});
const held = await company.chain("alice", "planner");
const signer = await core.generateSigner();
vi.resetModules();
const other: { core: typeof core; state: typeof state; filter: typeof filter } = {
  core: await import("@hopwise/core"),
  state: await import("@hopwise/core/state"),
  filter: await import("@hopwise/filter"),
};

const options = {
  cerbos: allowAll(),
  audience: company.audience,
  users: company.users,
  agents: company.agents,
  tools: {},
  audit: core.memoryAudit(),
};
const made = {
  delegation: held,
  trust: core.createTrust([]),
  state: core.memoryState(),
  nonces: state.createNonces({ secret: new Uint8Array(32).fill(7) }),
  column: filter.text(),
  table: filter.table({ id: filter.text(), columns: {} }),
};

it.each<[what: string, use: (copy: typeof other) => unknown]>([
  ["a delegation", (copy) => copy.core.serialize(made.delegation)],
  ["trust", (copy) => copy.core.createAuthorizer({ ...options, trust: made.trust })],
  [
    "a state, for its log's readers",
    (copy) =>
      copy.state.revocationEndpoint({
        feed: { state: made.state, signer, audience: company.audience, mayRead: () => true },
      }),
  ],
  [
    "a state, for signed revocations",
    (copy) => copy.state.acceptRevocations({ state: made.state, trust: [], audience: company.audience }),
  ],
  ["a column", (copy) => copy.filter.table({ id: made.column, columns: {} })],
  ["a column of an attribute", (copy) => copy.filter.table({ id: copy.filter.text(), columns: { a: made.column } })],
  ["a table, for SQL", (copy) => copy.filter.toSql({} as never, made.table, { dialect: "sqlite" })],
  ["a table, for a predicate", (copy) => copy.filter.toPredicate({} as never, made.table)],
])("%s of another copy is refused as what it is", async (_, use) => {
  const words = async (copy: typeof other): Promise<string> => {
    try {
      await use(copy);
      return "taken";
    } catch (error) {
      return (error as Error).message;
    }
  };
  expect(await words(other)).toMatch(/got one of another copy of Hopwise's packages/);
  expect(await words({ core, state, filter })).not.toMatch(/another copy/);
});

it("nonces that others may take, beside a memory of one process, are refused whichever copy made the one and the other", () => {
  const trust = [company.issuer.trustAnchor];
  for (const { state: of } of [made, { state: other.core.memoryState() }]) {
    for (const copy of [core, other.core]) {
      const create = () => copy.createAuthorizer({ ...options, trust, state: of, nonces: made.nonces });
      expect(create).toThrow(/secret/);
    }
  }
});
