/** Tools that give rows, in a loop of the AI SDK and on a FastMCP server over HTTP: what leaves is what every hop may see. */
import { authorizeTools, currentFilter } from "@hopwise/ai-sdk";
import type { HeldDelegation } from "@hopwise/core";
import { grant, wildcard } from "@hopwise/core/grant";
import { currentFilter as onServer } from "@hopwise/fastmcp";
import { guardedServer } from "@hopwise/fastmcp/testing";
import { number, table, text, visibleRows } from "@hopwise/filter";
import type { Tool, ToolSet } from "ai";
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { invoices } from "../../examples/finance-team/company.ts";
import { LOOPS, scripted } from "../support/language-model.ts";
import { worldHere } from "../support/world.ts";

const INVOICES = table({
  id: text(),
  columns: { region: text(), supplier: text(), amount: number(), iban: text({ null: "absent" }) },
});
const ROWS = Object.entries(invoices).map(([id, { region, supplier, amount, iban }]) => ({
  id,
  region,
  supplier,
  amount,
  iban,
}));

/** What a tool that gives rows may do, and what its caller gets. */
type Search = () => Promise<unknown>;
const READ: Search = () =>
  visibleRows(currentFilter(), INVOICES, { dialect: "memory" }, (passes) => ROWS.filter(passes));
const READ_TOO_MUCH: Search = () => visibleRows(currentFilter(), INVOICES, { dialect: "memory" }, () => ROWS);
const FORGETFUL: Search = async () => ROWS;
const HALF: Search = async () => {
  currentFilter()?.take();
  return ROWS;
};
const CATCHING: Search = () =>
  visibleRows(currentFilter(), INVOICES, { dialect: "memory" }, () => [{ id: "INV-7" }]).catch(() => ROWS as never);
const CATCHING_LATE: Search = async () => {
  const rows = await READ();
  currentFilter()?.fail(new Error("lost"));
  return rows;
};
const AGAIN: Search = async () => {
  await READ();
  return READ().catch(() => ROWS as never);
};
const TALKATIVE: Search = async () => {
  throw new Error(`failed at ${JSON.stringify(ROWS)}`);
};
const TWICE: Search = async () => [await READ(), await READ()];

/** The researcher is a reader: the policies take the account out of each row. */
const SHOWN = ["INV-7", "INV-9"].map((id) => ({
  ...ROWS.find((row) => row.id === id),
  iban: "[redacted]",
}));

const world = await worldHere();
let searching: HeldDelegation;
beforeAll(async () => {
  const { delegate } = await import("@hopwise/core");
  const handed = grant({ search_invoices: { text: wildcard() } });
  const { audience } = world.planner;
  const own = { subject: "alice", agent: "planner", holder: world.keys.planner, audience, grant: handed };
  searching = await delegate(await world.issuer.issue(own), {
    to: "researcher",
    holder: world.keys.researcher,
    grant: handed,
  });
});

const ARGUMENTS = { text: "paper" };

interface Answer {
  readonly text: string;
  readonly rows?: { readonly shown: number; readonly leftOut: number };
  readonly withheld?: true | undefined;
  readonly code?: string;
  readonly message?: string;
}
type Run = (search: Search) => Promise<Answer>;

async function inLoop(loop: (typeof LOOPS)[number][1], search: Search): Promise<Answer> {
  const { authorizer, audit } = world.authorizer();
  const search_invoices = { inputSchema: z.object({ text: z.string() }), execute: search } as Tool;
  const tools = (await authorizeTools({ search_invoices }, { authorizer, delegation: searching })) as ToolSet;
  const script = scripted([{ tool: "search_invoices", input: ARGUMENTS }]);
  await loop(script.model, tools);
  return { text: script.shown(), ...audit.outcomes[0] };
}

async function onFastMcp(http: object, search: Search): Promise<Answer> {
  const { authorizer, audit } = world.authorizer();
  await using server = await guardedServer(authorizer, {
    http,
    tools: { search_invoices: search as never },
  });
  const { result } = await server.call(searching, "search_invoices", ARGUMENTS);
  return { text: JSON.stringify(result), ...audit.outcomes[0] };
}

const WAYS: readonly [string, Run][] = [
  ...LOOPS.map(([name, loop]): [string, Run] => [`a loop of ${name}`, (search) => inLoop(loop, search)]),
  ["a FastMCP server", (search) => onFastMcp({}, search)],
  ["a FastMCP server without sessions", (search) => onFastMcp({ stateless: true }, search)],
];

describe.each(WAYS)("in %s", (_, run) => {
  it("a search shows what every hop may see, changed as the policies oblige to, and says how many rows that were", async () => {
    const { text: shown, rows } = await run(READ);
    for (const { id, supplier } of SHOWN as typeof ROWS) {
      expect(shown).toContain(id);
      expect(shown).toContain(supplier);
    }
    expect(shown).not.toContain("INV-21");
    expect(shown).not.toContain("DE02120300000000202051");
    expect(shown.split("[redacted]").length - 1).toBeGreaterThanOrEqual(2);
    expect(rows).toEqual({ shown: 2, leftOut: 0 });
  });

  it("a query that forgot its condition shows no more", async () => {
    const { text: shown, rows } = await run(READ_TOO_MUCH);
    expect(shown).toContain("INV-9");
    expect(shown).not.toContain("INV-21");
    expect(rows).toEqual({ shown: 2, leftOut: 1 });
  });

  it.each<[string, Search, string, RegExp]>([
    [
      "does not ask for its filter",
      FORGETFUL,
      "filter_unapplied",
      /without having them checked; read them by visibleRows, with await/,
    ],
    ["takes the condition, and has nothing checked", HALF, "filter_unapplied", /returned without having them checked/],
    ["catches what its read threw", CATCHING, "config_invalid", /"region" of each is not in the row; select it/],
    ["loses its read after the check", CATCHING_LATE, "filter_unapplied", /returned without having them checked/],
    ["catches that it read twice", AGAIN, "filter_unapplied", /used already; it serves one read/],
  ])("nothing is shown of a tool that %s, and its outcome says why", async (_, search, code, why) => {
    const { text: shown, ...outcome } = await run(search);
    expect(shown).toContain("filter_unapplied");
    for (const { id } of ROWS) expect(shown).not.toContain(id);
    expect(outcome).toMatchObject({ outcome: "returned", withheld: true, code, message: expect.stringMatching(why) });
    expect(outcome.rows).toBeUndefined();
  });

  it.each([
    ["throws what it read", TALKATIVE, "The tool failed."],
    ["reads twice", TWICE, "Do not call it again; report it."],
  ])("nothing is shown of a tool that %s", async (_, search, told) => {
    const { text: shown } = await run(search);
    expect(shown).toContain(told);
    for (const { id } of ROWS) expect(shown).not.toContain(id);
  });
});

describe.each(LOOPS)("a tool that gives several results, one after the other, in a loop of %s", (_, loop) => {
  const giving = (...results: readonly (() => unknown)[]): Search =>
    async function* () {
      for (const result of results) yield await result();
    } as never;

  it("may say something before it has read: that is held back, whatever it is", async () => {
    for (const before of ["reading", ROWS]) {
      const { text: shown, rows } = await inLoop(
        loop,
        giving(() => before, READ),
      );
      expect(shown).toContain("INV-9");
      expect(shown).not.toMatch(/INV-21|DE02120300000000202051|reading/);
      expect(rows).toEqual({ shown: 2, leftOut: 0 });
    }
  });

  it("is withheld where it read nothing by its filter", async () => {
    const { text: shown, code } = await inLoop(
      loop,
      giving(
        () => "reading",
        () => ROWS,
      ),
    );
    expect([code, shown.includes("INV-")]).toEqual(["filter_unapplied", false]);
  });
});

it("there is no filter outside of a call, nor in one of another tool", async () => {
  expect([currentFilter(), onServer()]).toEqual([undefined, undefined]);
  await expect(READ()).rejects.toMatchObject({ code: "config_invalid" });
});
