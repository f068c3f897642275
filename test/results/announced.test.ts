/**
 * What a tool announces of its results holds, whatever policies do to them: each client takes what comes, and a call
 * whose result it could not take never runs.
 */
import { authorizeTools } from "@hopwise/ai-sdk";
import { createMcpClient } from "@hopwise/ai-sdk/mcp";
import type { Pdp } from "@hopwise/cerbos";
import type { HeldDelegation } from "@hopwise/core";
import type { MayChange, Obligations } from "@hopwise/core/adapter";
import { type Company, createCompany, type TestAuthorizer } from "@hopwise/core/testing";
import { type GuardedServer, guardedServer } from "@hopwise/fastmcp/testing";
import type { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { generateText, isStepCount } from "ai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { pdpWith } from "../faults/small-policies.ts";
import { scripted } from "../support/language-model.ts";
import { codeOf, textOf } from "../support/mcp/client.ts";

/** The obligations that change a result. */
type Changing = { readonly [Way in keyof Omit<Obligations, "approval" | "approvers">]?: Obligations[Way] };

interface Row {
  readonly output: z.ZodType;
  readonly result: object;
  readonly owed: Changing;
  /** What its caller gets; undefined where the call is refused, and the tool never runs. */
  readonly shown?: object;
  /** What the tool answers in the place of the bare result. */
  readonly answer?: object;
  /** How the server announces it; then callers type it by `listed`. */
  readonly mayChange?: MayChange;
  readonly listed?: z.ZodType;
}

const line = z.object({ price: z.number().optional(), text: z.string() });
const tree = z.object({
  name: z.string().optional(),
  get next() {
    return tree.optional();
  },
});
const payment = z.object({ receipt: z.string(), balance: z.number() });
const paid = { receipt: "r1", balance: 12 };

/** Each obligation with results that stay valid without what it takes. */
const KEPT: { readonly [Way in keyof Required<Changing>]: { readonly [name: string]: Row } } = {
  redact: {
    optional: { output: payment.partial(), result: paid, owed: { redact: ["/balance"] }, shown: { receipt: "r1" } },
    nullable: {
      output: z.object({ balance: z.number().nullable() }),
      result: { balance: 12 },
      owed: { redact: ["/balance"] },
      shown: { balance: null },
    },
    nullable_format: {
      output: z.object({ email: z.email().nullable(), at: z.iso.datetime().nullish() }),
      result: { email: "a@b.example", at: "2026-01-01T00:00:00Z" },
      owed: { redact: ["/email", "/at"] },
      shown: { email: null },
    },
    nested_in_list: {
      output: z.object({ lines: z.array(line) }),
      result: { lines: [{ price: 1, text: "a" }, { text: "b" }] },
      owed: { redact: ["/lines/*/price"] },
      shown: { lines: [{ text: "a" }, { text: "b" }] },
    },
    nullable_elements: {
      output: z.object({ codes: z.array(z.string().nullable()).min(2) }),
      result: { codes: ["a", "b"] },
      owed: { redact: ["/codes/*"] },
      shown: { codes: [null, null] },
    },
    map: {
      output: z.object({ amounts: z.record(z.string(), z.number()) }),
      result: { amounts: { acme: 1, globex: 2 } },
      owed: { redact: ["/amounts/acme"] },
      shown: { amounts: { globex: 2 } },
    },
    told_apart: {
      output: z.object({
        of: z.discriminatedUnion("kind", [
          z.object({ kind: z.literal("card"), number: z.string().optional() }),
          z.object({ kind: z.literal("iban"), number: z.number().optional() }),
        ]),
      }),
      result: { of: { kind: "card", number: "1" } },
      owed: { redact: ["/of/number"] },
      shown: { of: { kind: "card" } },
    },
    either: {
      output: z.object({ of: z.union([payment.partial(), z.object({ balance: z.string().optional() })]) }),
      result: { of: paid },
      owed: { redact: ["/of/balance"] },
      shown: { of: { receipt: "r1" } },
    },
    recursive: {
      output: tree,
      result: { name: "a", next: { name: "b", next: { name: "c" } } },
      owed: { redact: ["/next/name", "/next/next/name"] },
      shown: { name: "a", next: { next: {} } },
    },
    found_nothing: { output: payment, result: paid, owed: { redact: ["/iban"] }, shown: paid },
    words_beside: {
      output: payment.partial(),
      result: paid,
      answer: { content: [{ type: "text", text: "paid 5, 12 left" }], structuredContent: paid },
      owed: { redact: ["/balance"] },
      shown: { receipt: "r1" },
    },
    announced: {
      output: payment,
      result: paid,
      owed: { redact: ["/balance"] },
      mayChange: { redact: ["/balance"] },
      listed: payment.partial({ balance: true }),
      shown: { receipt: "r1" },
    },
    announced_in_list: {
      output: z.object({ lines: z.array(payment), codes: z.array(z.number()) }),
      result: { lines: [paid], codes: [1] },
      owed: { redact: ["/lines/*/balance", "/codes/0"] },
      mayChange: { redact: ["/lines/*/balance", "/codes/*"] },
      listed: z.object({ lines: z.array(payment.partial()), codes: z.array(z.number().nullable()) }),
      shown: { lines: [{ receipt: "r1" }], codes: [null] },
    },
  },
  limit: {
    shorter: {
      output: z.object({ items: z.array(z.number()).min(1) }),
      result: { items: [1, 2] },
      owed: { limit: { "/items": 1 } },
      shown: { items: [1] },
    },
    no_list_this_time: {
      output: z.object({ items: z.array(z.number()).nullable() }),
      result: { items: null },
      owed: { limit: { "/items": 1 } },
      shown: { items: null },
    },
    announced_shorter: {
      output: z.object({ items: z.array(z.number()).min(2) }),
      result: { items: [1, 2] },
      owed: { limit: { "/items": 1 } },
      mayChange: { limit: ["/items"] },
      listed: z.object({ items: z.array(z.number()) }),
      shown: { items: [1] },
    },
  },
};

/** Each obligation with results that would not be valid any more. */
const BROKEN: { readonly [Way in keyof Required<Changing>]: { readonly [name: string]: Row } } = {
  redact: {
    number: { output: payment, result: paid, owed: { redact: ["/balance"] } },
    text: { output: payment, result: paid, owed: { redact: ["/receipt"] } },
    format: { output: z.object({ email: z.email() }), result: { email: "a@b.example" }, owed: { redact: ["/email"] } },
    one_of_few: { output: z.object({ is: z.enum(["a", "b"]) }), result: { is: "a" }, owed: { redact: ["/is"] } },
    list: { output: z.object({ items: z.array(z.number()) }), result: { items: [] }, owed: { redact: ["/items"] } },
    elements: {
      output: z.object({ items: z.array(z.number()) }),
      result: { items: [1] },
      owed: { redact: ["/items/*"] },
    },
    nested: { output: z.object({ a: z.array(payment) }), result: { a: [paid] }, owed: { redact: ["/a/*/balance"] } },
    second_of_two: {
      output: payment.partial({ balance: true }),
      result: paid,
      owed: { redact: ["/balance", "/receipt"] },
    },
    in_a_text: { output: payment, result: paid, owed: { redact: ["/receipt/number"] } },
    in_a_text_by_star: {
      output: z.object({ note: z.string(), account: z.object({ iban: z.string().optional() }) }),
      result: { note: "DE02", account: {} },
      owed: { redact: ["/*/iban"] },
    },
    tells_apart: {
      output: z.object({
        of: z.discriminatedUnion("kind", [z.object({ kind: z.literal("a") }), z.object({ kind: z.literal("b") })]),
      }),
      result: { of: { kind: "a" } },
      owed: { redact: ["/of/kind"] },
    },
    recursive_required: {
      output: z.object({
        tree: z.object({
          name: z.string(),
          get next() {
            return z.array(payment);
          },
        }),
      }),
      result: { tree: { name: "a", next: [paid] } },
      owed: { redact: ["/tree/next/0/balance"] },
    },
    announced_otherwise: {
      output: payment,
      result: paid,
      owed: { redact: ["/receipt"] },
      mayChange: { redact: ["/balance"] },
      listed: payment.partial({ balance: true }),
    },
  },
  limit: {
    at_least: {
      output: z.object({ items: z.array(z.number()).min(2) }),
      result: { items: [1, 2] },
      owed: { limit: { "/items": 1 } },
    },
    tuple: {
      output: z.object({ at: z.tuple([z.number(), z.number()]) }),
      result: { at: [1, 2] },
      owed: { limit: { "/at": 1 } },
    },
    no_list: { output: payment, result: paid, owed: { limit: { "/balance": 1 } } },
    whole: { output: payment, result: paid, owed: { limit: { "": 1 } } },
  },
};

/** Results in which nobody can do what policies oblige to, which shows only when they are there. */
const WITHHELD: { readonly [name: string]: Row } = {
  text_where_anything_may_stand: {
    output: z.object({ note: z.any() }),
    result: { note: "the account is DE02" },
    owed: { redact: ["/note/iban"] },
  },
  no_list_where_anything_may_stand: {
    output: z.object({ items: z.unknown() }),
    result: { items: 7 },
    owed: { limit: { "/items": 1 } },
  },
};

const flat = (of: typeof KEPT): readonly (readonly [name: string, row: Row])[] =>
  Object.values(of).flatMap((rows) => Object.entries(rows));
const ROWS = [...flat(KEPT), ...flat(BROKEN), ...Object.entries(WITHHELD)];

const runs = new Map<string, number>();
let pdp: Pdp;
let company: Company;
let authorizer: TestAuthorizer;
let held: HeldDelegation;
let server: GuardedServer;
let client: Client;

const run = (name: string, row: Row) => async (): Promise<never> => {
  runs.set(name, (runs.get(name) ?? 0) + 1);
  return (row.answer ?? row.result) as never;
};

beforeAll(async () => {
  const rule =
    '{ actions: [call], effect: EFFECT_ALLOW, roles: ["*"], output: { when: { ruleActivated: R.attr.owed } } }';
  pdp = await pdpWith({ thing: [rule] });
  const entry = (row: Row) => ({ kind: "thing", action: "call", attributes: () => ({ owed: row.owed }) as never });
  const tools = Object.fromEntries(ROWS.map(([name, row]) => [name, entry(row)]));
  company = await createCompany({ tools });
  authorizer = company.authorizer({ cerbos: pdp, delegation: "grants-only", clock: Date.now });
  held = await company.chain("alice", "planner");
  const mayChange = Object.fromEntries(ROWS.flatMap(([name, row]) => (row.mayChange ? [[name, row.mayChange]] : [])));
  server = await guardedServer(authorizer, {
    http: { stateless: true },
    mayChange,
    add: (fastmcp) => {
      for (const [name, row] of ROWS) {
        fastmcp.addTool({ name, parameters: z.object({}), outputSchema: row.output as never, execute: run(name, row) });
      }
    },
  });
  client = await server.client(held);
  await client.listTools();
});
afterAll(async () => {
  await server.close();
  await pdp.close();
});

/** What a client has of one call: the data, or the words that its model reads. It never throws. */
interface Got {
  readonly data?: unknown;
  readonly words?: string;
}

/** What the model of a loop reads of its one call. */
async function looped(name: string, tools: Parameters<typeof generateText>[0]["tools"]): Promise<Got> {
  const { model, results } = scripted([{ tool: name, input: {} }], "done");
  await generateText({ model, tools: tools ?? {}, prompt: "Do it.", stopWhen: isStepCount(3) });
  const [[, text] = ["", ""]] = results();
  try {
    const value = JSON.parse(text);
    const said = Array.isArray(value) ? (value[0] as { text: string }).text : undefined;
    if (said === undefined) return { data: value };
    return /^[[{]/.test(said) ? { data: JSON.parse(said) } : { words: said };
  } catch {
    return { words: text };
  }
}

const mcpTools = async (schemas: object | undefined) => {
  const transport = { type: "http", url: server.url } as const;
  const mcp = await createMcpClient({ transport, delegation: held, audience: company.audience });
  return (await mcp.tools(schemas === undefined ? {} : { schemas: schemas as never })) as never;
};

const CLIENTS: { readonly [client: string]: (name: string, row: Row) => Promise<Got> } = {
  "the MCP SDK's client, which validates what was listed": async (name) => {
    const answer = await client.callTool({ name, arguments: {} });
    return answer.isError ? { words: textOf(answer) } : { data: answer.structuredContent };
  },
  "a loop with typed MCP tools": async (name, { output, listed = output }) => {
    const schemas = { [name]: { inputSchema: z.object({}), outputSchema: listed } };
    return looped(name, await authorizeTools(await mcpTools(schemas), { authorizer, delegation: held }));
  },
  "a loop with MCP tools as they are listed": async (name) => looped(name, await mcpTools(undefined)),
  "a loop with tools of its own": async (name, row) => {
    const { output, listed = output, result } = row;
    const execute = run(name, { ...row, answer: result });
    const own = { [name]: { inputSchema: z.object({}), outputSchema: listed, execute } };
    return looped(name, (await authorizeTools(own, { authorizer, delegation: held })) as never);
  },
};

describe.each(Object.entries(CLIENTS))("%s", (_, call) => {
  const once = async (name: string, row: Row) => {
    const before = runs.get(name) ?? 0;
    const got = await call(name, row);
    return { got, ran: (runs.get(name) ?? 0) - before };
  };

  it.each(flat(KEPT))("takes the result without what policies took out (%s)", async (name, row) => {
    expect(await once(name, row)).toEqual({ got: { data: row.shown }, ran: 1 });
    expect((row.listed ?? row.output).safeParse(row.shown).success).toBe(true);
  });

  it.each(flat(BROKEN))(
    "is refused before the tool runs where it could not take the result (%s)",
    async (name, row) => {
      const { got, ran } = await once(name, row);
      expect(ran).toBe(0);
      expect(got.words).toContain(
        "Not allowed (policy_inconclusive). The call could not be decided. Report it; trying again does not help.",
      );
    },
  );

  it.each(Object.entries(WITHHELD))(
    "tells its model where a result is withheld that the tool ran, and not to call it again (%s)",
    async (name, row) => {
      const { got, ran } = await once(name, row);
      expect(ran).toBe(1);
      expect(got.words).toContain(
        "The tool ran, or may still run, and its result may not be shown. Do not call it again; report it.",
      );
    },
  );
});

describe("an answer over MCP", () => {
  it("says to programs where something was taken out", async () => {
    const answer = await client.callTool({ name: "nullable_format", arguments: {} });
    expect(answer._meta).toEqual({ "dev.hopwise/redacted": ["/email", "/at"] });
    expect((await client.callTool({ name: "shorter", arguments: {} }))._meta).toEqual({
      "dev.hopwise/limited": ["/items"],
    });
    expect(await client.callTool({ name: "found_nothing", arguments: {} })).not.toHaveProperty("_meta");
  });

  it("that is a refusal names for the operator what does not fit", async () => {
    expect(codeOf(await client.callTool({ name: "nested", arguments: {} }))).toBe("policy_inconclusive");
    expect(authorizer.audit.records.at(-1)).toMatchObject({
      outcome: "denied",
      code: "policy_inconclusive",
      hop: 0,
      message: expect.stringContaining('"/a/*/balance" must be there, and not null'),
    });
  });
});

describe("a typed MCP client of a server that announces what policies may take out", () => {
  it("is refused at once with a schema that does not let it be missing", async () => {
    const schemas = { announced: { inputSchema: z.object({}), outputSchema: payment } };
    await expect(mcpTools(schemas)).rejects.toMatchObject({
      code: "config_invalid",
      message: expect.stringMatching(
        /"announced" is stricter than what its server announces: "\/balance" must be there/,
      ),
    });
  });

  it("is refused with such a schema of definitions that were cached, too, before a loop gets the tool", async () => {
    const transport = { type: "http", url: server.url } as const;
    const mcp = await createMcpClient({ transport, delegation: held, audience: company.audience });
    const schemas = { announced: { inputSchema: z.object({}), outputSchema: payment } };
    const cached = mcp.toolsFromDefinitions(JSON.parse(JSON.stringify(await mcp.listTools())), { schemas });
    await expect(authorizeTools(cached, { authorizer, delegation: held })).rejects.toMatchObject({
      code: "config_invalid",
      message: expect.stringContaining('"announced" is stricter than what its server announces'),
    });
    await mcp.close();
  });
});
