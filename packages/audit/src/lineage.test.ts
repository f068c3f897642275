import { generateSigner } from "@hopwise/core";
import type { DecisionRecord } from "@hopwise/core/audit";
import { describe, expect, it } from "vitest";
import { lineage } from "./lineage.ts";
import { openAuditLog } from "./open-audit-log.ts";
import { printLineage } from "./print-lineage.ts";
import { decision, outcome } from "./records.fixture.ts";
import { temporaryFolder } from "./testing.fixture.ts";

const FULL: Partial<DecisionRecord> = {
  invocation: "the-call",
  time: "2026-11-25T02:00:00.000Z",
  chain: {
    id: "root-hash" as never,
    issuer: "https://id.acme.example",
    hops: [
      { kind: "user", id: "alice" },
      { kind: "agent", id: "agent:planner" },
      { kind: "agent", id: "agent:researcher" },
    ],
  },
  tokens: [
    {
      hash: "h1" as never,
      jti: "j1",
      agent: "planner",
      key: "k1" as never,
      issuedAt: 1764028800,
      expiresAt: 1764032400,
      tools: ["send_payment", "read_invoice"],
      login: { kind: "id_token", issuer: "https://login.example", subject: "a.l.ice", authTime: 1764028000 },
    },
    {
      hash: "h2" as never,
      jti: "j2",
      agent: "researcher",
      key: "k2" as never,
      issuedAt: 1764028860,
      expiresAt: 1764032400,
      tools: ["read_invoice"],
    },
  ],
  tool: "read_invoice",
  asked: { kind: "invoice", action: "read", scope: "emea", policyVersion: "v2" },
  obligations: { redact: ["/iban"], limit: { "": 10 } },
  argumentsHash: { received: "a1", parsed: "a2" },
  arguments: { id: "INV-7" },
  context: [
    { of: "alice", source: "directory", ageMs: 250 },
    { of: "resource", source: "invoices", ageMs: 0 },
    { of: "alice", source: "risk", ageMs: 0, missing: true },
  ],
  verdicts: [
    {
      hop: 0,
      kind: "user",
      id: "alice",
      effect: "allow",
      delegation: "allow",
      reasons: [],
      policy: "resource.invoice.vdefault",
      cerbosCallId: "C0",
    },
    {
      hop: 1,
      kind: "agent",
      id: "agent:planner",
      effect: "allow",
      delegation: "deny",
      reasons: ["not to readers"],
      cerbosCallId: "C1",
      cerbosPositions: [4],
    },
    { hop: 2, kind: "agent", id: "agent:researcher", effect: "error", reasons: [], problem: "no answer within 5 ms" },
  ],
};

/** What a denial can say besides. */
const WHY: Partial<DecisionRecord> = { rule: "r", pointer: "/p", wouldPass: { accepts: "a", grantableBy: 1 } };

/** A log with these records, some of them before and after the call. */
async function log(records: readonly (DecisionRecord | ReturnType<typeof outcome>)[]): Promise<string> {
  const folder = temporaryFolder();
  const audit = await openAuditLog({ folder, signer: await generateSigner() });
  for (const record of records) await (record.kind === "decision" ? audit.record(record) : audit.outcome(record));
  await audit.close();
  return folder;
}

const print = async (folder: string): Promise<string> => {
  const found = await lineage(folder, "the-call");
  if (found === undefined) throw new Error("not found");
  return printLineage(found).replaceAll(found.place.writer, "WRITER");
};

describe("the lineage of a call", () => {
  it("tells who minted what, what each hop was told, what it stood on, and what came of it", async () => {
    const others = Array.from({ length: 14 }, (_, i) => ({
      ...decision({ ...FULL, invocation: `other-${i}`, time: `2026-11-25T02:${i < 7 ? "0" : "1"}${i % 7}:00.000Z` }),
    }));
    const theirs = { ...FULL.chain, id: "another" as never } as DecisionRecord["chain"];
    const folder = await log([
      ...others.slice(0, 7),
      decision({ ...FULL, time: "2026-11-25T02:09:00.000Z" }),
      decision({ ...FULL, chain: theirs as NonNullable<typeof theirs>, invocation: "of another chain" }),
      ...others.slice(7),
      outcome({ invocation: "the-call", time: "2026-11-25T02:20:00.000Z", resultHash: "r1", redacted: ["/iban"] }),
    ]);
    const found = await lineage(folder, "the-call");
    expect(found?.before.map(({ invocation }) => invocation)).toEqual([2, 3, 4, 5, 6].map((i) => `other-${i}`));
    expect(found?.after.map(({ invocation }) => invocation)).toEqual([7, 8, 9, 10, 11].map((i) => `other-${i}`));
    expect(await print(folder)).toMatchInlineSnapshot(`
      "allowed read_invoice
         call the-call at 2026-11-25T02:09:00.000Z, decided for https://pay.acme.example/mcp
         record 9 of WRITER (WRITER.000001.ndjson:10)
         before: 2026-11-25T02:02:00.000Z read_invoice allowed, alice → planner → researcher, call other-2
         before: 2026-11-25T02:03:00.000Z read_invoice allowed, alice → planner → researcher, call other-3
         before: 2026-11-25T02:04:00.000Z read_invoice allowed, alice → planner → researcher, call other-4
         before: 2026-11-25T02:05:00.000Z read_invoice allowed, alice → planner → researcher, call other-5
         before: 2026-11-25T02:06:00.000Z read_invoice allowed, alice → planner → researcher, call other-6
         alice  allows (resource.invoice.vdefault)
            of https://id.acme.example
            logged in as a.l.ice at https://login.example (id_token, 2025-11-24T23:46:40.000Z)
            Cerbos call C0
            └─ agent:planner  allows this, but not handing it on
                  was handed send_payment, read_invoice by https://id.acme.example
                  from 2025-11-25T00:00:00.000Z to 2025-11-25T01:00:00.000Z, by token h1 (jti j1), for key k1
                  Cerbos call C1, at 4 among its results
               └─ agent:researcher  failed: no answer within 5 ms
                     was handed read_invoice by agent:planner
                     from 2025-11-25T00:01:00.000Z to 2025-11-25T01:00:00.000Z, by token h2 (jti j2), for key k2
                     called by a proof of the last key
         takes /iban out of the result, if it is there
         shows at most 10 of the list at the top
         asked: read on invoice of version v2 in scope emea
         arguments: sha-256 a1, as the tool's schema made them a2
         kept of them: {"id":"INV-7"}
         attributes of alice: from directory, 250 ms old
         attributes of resource: from invoices, asked for this call
         attributes of alice: none from risk, asked for this call
         outcome: returned after 12 ms at 2026-11-25T02:20:00.000Z, result sha-256 r1, taken out of it: /iban
         after: 2026-11-25T02:10:00.000Z read_invoice allowed, alice → planner → researcher, call other-7
         after: 2026-11-25T02:11:00.000Z read_invoice allowed, alice → planner → researcher, call other-8
         after: 2026-11-25T02:12:00.000Z read_invoice allowed, alice → planner → researcher, call other-9
         after: 2026-11-25T02:13:00.000Z read_invoice allowed, alice → planner → researcher, call other-10
         after: 2026-11-25T02:14:00.000Z read_invoice allowed, alice → planner → researcher, call other-11"
    `);
  });

  it("tells of an allowed call that was cut off, and of one that did not run", async () => {
    expect(await print(await log([decision(FULL)]))).toContain("no outcome: cut off, or never heard of again");
    const refused = decision({
      ...FULL,
      outcome: "denied",
      code: "grant_tool_missing",
      stage: "grant",
      hop: 2,
      verdicts: [],
      message: "not covered",
      rule: "the tool was not handed over",
      pointer: "/amount",
      wouldPass: { accepts: "at most 5", grantableBy: 1 },
    });
    const text = await print(await log([refused]));
    expect(text).toContain("denied read_invoice: grant_tool_missing: not covered");
    expect(text).toContain("stopped by grant: grant_tool_missing");
    for (const line of [
      "rule: the tool was not handed over",
      "at /amount",
      "would pass: at most 5",
      '"agent:planner" could hand it over: the nearest hop that has it',
    ])
      expect(text).toContain(`\n${" ".repeat(15)}${line}`);
    expect(text).toContain("\n   the tool did not run");
  });

  it("counts the rows of a search, and says of which why they were left out", async () => {
    const rows = { shown: 3, leftOut: 6, tooLarge: 1, unfit: 3, unfulfilled: 2 };
    const searched = outcome({ invocation: "the-call", rows });
    const told = await print(await log([decision(FULL), searched]));
    expect(told).toContain(
      "3 rows passed the second check, 6 did not, 1 of them since they are too large to be asked about, 3 of them since they do not fit their table, 2 of them since they could not be changed as the policies oblige to",
    );
  });

  it("is not there for a call that nobody recorded", async () => {
    expect(await lineage(await log([decision(FULL)]), "another")).toBeUndefined();
  });

  it("rounds the age of what was remembered up, so that it is never told as asked for this call", () => {
    const context = [{ of: "alice", source: "directory", ageMs: 0.25 }];
    const place = { folder: ".", file: "f", writer: "w", line: 1, seq: 1 };
    const told = printLineage({ decision: decision({ ...FULL, context }), place, before: [], after: [] });
    expect(told).toContain("attributes of alice: from directory, 1 ms old");
  });

  it("does not say of a list that the policies were not asked: they were, about each item", () => {
    const place = { folder: ".", file: "f", writer: "w", line: 1, seq: 1 };
    const list = { ...FULL, verdicts: [], shown: { items: 1, of: 2 } };
    const told = printLineage({ decision: decision(list), place, before: [], after: [] });
    expect(told).toContain("outcome: 1 of 2 items were shown");
    expect(told).not.toMatch(/alice {2}|planner {2}|not asked/);
  });

  it("says of a list what it hid, at which stage and at whom", () => {
    const place = { folder: ".", file: "f", writer: "w", line: 1, seq: 1 };
    const hidden = [
      { code: "grant_tool_missing", stage: "grant", hop: 1, items: ["send_payment", "delete_ledger"] },
      { code: "tool_unguarded", stage: "guard", items: ["early"] },
    ] as const;
    const list = { ...FULL, verdicts: [], shown: { items: 1, of: 4 }, hidden };
    const told = printLineage({ decision: decision(list), place, before: [], after: [] });
    expect(told).toContain("\n   hidden by grant at agent:planner (grant_tool_missing): send_payment, delete_ledger\n");
    expect(told).toContain("\n   hidden by guard (tool_unguarded): early\n");
  });

  it("prints whatever stands in a record as plain text: no line break, no escape, no direction mark", async () => {
    const evil = 'x\n   outcome: returned\r\u001b[2J\u202e\u2028"';
    const poison = (value: unknown): unknown => {
      if (typeof value === "string") return evil;
      if (Array.isArray(value)) return value.map(poison);
      if (typeof value !== "object" || value === null) return value;
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, poison(inner)]));
    };
    const poisoned = poison({
      ...decision(FULL),
      code: "x",
      reason: "x",
      message: "x",
      stage: "x",
      ...WHY,
    }) as DecisionRecord;
    const story = {
      decision: { ...poisoned, outcome: "denied" as const },
      outcome: poison(outcome({ resultHash: "x", redacted: ["x"] })) as ReturnType<typeof outcome>,
      place: { folder: evil, file: evil, writer: evil, line: 1, seq: 1 },
      before: [poisoned],
      after: [poisoned],
    };
    const clean = printLineage({
      ...story,
      decision: { ...decision(FULL), outcome: "denied", code: "policy_denied", message: "m", ...WHY },
      outcome: outcome({ resultHash: "x", redacted: ["x"] }),
      place: { folder: ".", file: "f", writer: "w", line: 1, seq: 1 },
      before: [decision(FULL)],
      after: [decision(FULL)],
    });
    const printed = printLineage(story);
    expect(printed.split("\n")).toHaveLength(clean.split("\n").length);
    const forged = {
      shown: { items: evil, of: evil },
      context: [{ of: "a", source: "b", ageMs: evil }],
      verdicts: decision(FULL).verdicts.map((verdict) => ({ ...verdict, cerbosPositions: [evil] })),
    };
    expect(printLineage({ ...story, decision: { ...decision(FULL), ...(forged as object) } })).not.toContain("\u001b");
    expect(printed.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  });
});
