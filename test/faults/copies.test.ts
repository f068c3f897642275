/**
 * A bundle, or a hot reload, puts a second copy of the packages into a process. What one copy alone can read is refused by the other
 * one, in words that say so: in itself it is right, and nothing in it shows what is wrong.
 */
import * as core from "@hopwise/core";
import { allowAll, createCompany } from "@hopwise/core/testing";
import * as filter from "@hopwise/filter";
import { expect, it, vi } from "vitest";

const company = await createCompany({
  users: { alice: { roles: ["clerk"] } },
  agents: { planner: { roles: ["agent"] } },
  tools: { pay: { kind: "payment", action: "pay", id: "to" } },
});
const held = await company.chain("alice", "planner");
vi.resetModules();
const other: { core: typeof core; filter: typeof filter } = {
  core: await import("@hopwise/core"),
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
  column: filter.text(),
  table: filter.table({ id: filter.text(), columns: {} }),
};

it.each<[what: string, use: (copy: typeof other) => unknown]>([
  ["a delegation", (copy) => copy.core.serialize(made.delegation)],
  ["trust", (copy) => copy.core.createAuthorizer({ ...options, trust: made.trust })],
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
  expect(await words({ core, filter })).not.toMatch(/another copy/);
});
