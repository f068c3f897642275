/** How each code comes about of a tool that gives rows. */
import type { Decision, ErrorCode, ToolMap } from "@hopwise/core";
import { checkApplied, type Filter } from "@hopwise/core/filter";
import { table, text, toSql } from "@hopwise/filter";
import { tools } from "../../examples/finance-team/company.ts";
import { credentialFor } from "../support/forge.ts";
import type { World } from "../support/world.ts";
import { type Case, producedBy, refusal } from "./case.ts";

/** The story's map, in which reading invoices gives rows. */
const ROWS: ToolMap = {
  ...tools,
  read_invoice: { kind: "invoice", action: "read", filter: { arguments: { id: null } } },
};

/** A call that gives rows. */
async function search(world: World, map: ToolMap = ROWS, held = world.planner) {
  const { authorizer, audit } = world.authorizer({ tools: map });
  const args = { id: "INV-9" };
  const credential = await credentialFor(held, "read_invoice", args);
  const decision = await authorizer.authorize({ tool: "read_invoice", arguments: args, credential, filters: true });
  return { decision, audit, credential };
}

function filterOf(decision: Decision): Filter {
  if (decision.outcome !== "allowed" || decision.filter === undefined) throw new Error("it was not allowed");
  return decision.filter;
}

export const FILTER_CODES = {
  grant_not_of_rows: {
    when: "a grant that constrains an argument which says nothing of a row, and the map does not say so",
    produce: async (world) => {
      const unsaid: ToolMap = { read_invoice: { kind: "invoice", action: "read", filter: {} } };
      const { decision, audit, credential } = await search(world, unsaid, world.researcher);
      if (decision.outcome !== "denied") throw new Error("it was not denied");
      return producedBy(decision, audit, credential);
    },
    says: /cannot be held against rows/,
    at: { hop: 2, pointer: "/id" },
    retryable: false,
  },
  filter_unsupported: {
    when: "a condition on an attribute that has no column",
    produce: async (world) => {
      const condition = filterOf((await search(world)).decision).take();
      return refusal(() => toSql(condition, table({ id: text(), columns: {} }), { dialect: "sqlite" }));
    },
    says: /region/,
  },
  filter_lapsed: {
    when: "a filter that is used too late",
    produce: async (world) => {
      const hurried: ToolMap = {
        read_invoice: { kind: "invoice", action: "read", filter: { arguments: { id: null }, withinMs: 1 } },
      };
      const filter = filterOf((await search(world, hurried)).decision);
      await new Promise((resolve) => setTimeout(resolve, 20));
      return refusal(() => filter.take());
    },
    says: /the filter serves one read, within 1 ms of its decision/,
  },
  filter_unapplied: {
    when: "a result of a tool that gives rows, of which none was checked",
    produce: async (world) => {
      const filter = filterOf((await search(world)).decision);
      return refusal(() => checkApplied(filter));
    },
    says: /the tool gives rows of "invoice", and returned without having them checked/,
  },
} satisfies Partial<Record<ErrorCode, Case>>;
