import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateSigner } from "@hopwise/core";
import type { DecisionRecord, UnverifiedAttempt } from "@hopwise/core/audit";
import { describe, expect, it, onTestFinished } from "vitest";
import { openAuditLog } from "./open-audit-log.ts";
import { printShadowReport } from "./print-shadow-report.ts";
import { decision, outcome } from "./records.fixture.ts";
import { shadowReport } from "./shadow-report.ts";
import { verifyAuditLog } from "./verify-audit-log.ts";

type Shadow = NonNullable<DecisionRecord["shadow"]>;

const DENIED: Shadow = { code: "policy_denied", stage: "policy", message: "no", hop: 1, reason: "over the limit" };
const REFUSED: Shadow = {
  code: "grant_argument_refused",
  stage: "grant",
  message: "no",
  hop: 2,
  pointer: "/amount",
  wouldPass: { accepts: "at most 100", grantableBy: 1 },
};
const MISSING: Shadow = {
  code: "grant_tool_missing",
  stage: "grant",
  message: "no",
  hop: 2,
  wouldPass: { grantableBy: 1 },
};

const RATE: Shadow = {
  code: "rate_exceeded",
  stage: "spending",
  message: "no",
  rule: "at most 2 calls in 60 seconds of one user",
  wouldPass: { accepts: "a call from 2026-05-01T10:06:00.000Z on" },
};

const chain = (user: string, ...agents: readonly string[]): DecisionRecord["chain"] & object => ({
  id: "c" as never,
  issuer: "https://id.acme.example",
  hops: [{ kind: "user", id: user }, ...agents.map((name) => ({ kind: "agent" as const, id: `agent:${name}` }))],
});
const shadowed = (shadow: Shadow, minute: number, changed: Partial<DecisionRecord> = {}): DecisionRecord =>
  decision({ enforced: false, shadow, time: at(minute), chain: chain("alice", "planner", "researcher"), ...changed });
const at = (minute: number): string => `2026-05-01T10:0${minute}:00.000Z`;

async function logOf(...records: readonly DecisionRecord[]): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "hopwise-shadow-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const log = await openAuditLog({ folder, signer: await generateSigner() });
  for (const record of records) await log.record(record);
  await log.outcome(outcome());
  await log.close();
  return folder;
}

describe("the report of what shadow mode let run", () => {
  it("counts by tool and code, for whom, from when to when, and says what would pass", async () => {
    const unknown = { outcome: "denied", code: "user_unknown", stage: "context", message: "no such user" } as const;
    const folder = await logOf(
      shadowed(DENIED, 1),
      shadowed(DENIED, 3, { chain: chain("bob", "planner") }),
      shadowed(DENIED, 2),
      shadowed(REFUSED, 4),
      shadowed(MISSING, 5, { tool: "read_invoice" }),
      decision({ time: at(6) }),
      decision({ time: at(7), outcome: "denied", code: "revoked", stage: "state", message: "no" }),
      decision({ ...unknown, time: at(8), chain: chain("carol", "planner") }),
      decision({ ...unknown, time: at(9), chain: chain("carol", "planner") }),
      // What waits for people was not refused, and a list is no call.
      decision({ time: "2026-05-01T10:10:00.000Z", outcome: "pending" }),
      decision({ time: "2026-05-01T10:10:00.000Z", tool: "mcp:tools/list", shown: { items: 1, of: 2 } }),
      decision({ ...unknown, time: "2026-05-01T10:10:00.000Z", tool: "mcp:tools/list" }),
    );
    expect(await shadowReport(folder)).toEqual({
      tools: [
        {
          tool: "read_invoice",
          passed: 0,
          denials: [expect.objectContaining({ code: "grant_tool_missing", wouldPass: ["handed on by agent:planner"] })],
          refused: [],
          unproven: [],
        },
        {
          tool: "send_payment",
          passed: 1,
          denials: [
            {
              code: "policy_denied",
              stage: "policy",
              count: 3,
              first: at(1),
              last: at(3),
              users: [
                { id: "alice", issuer: "https://id.acme.example", count: 2 },
                { id: "bob", issuer: "https://id.acme.example", count: 1 },
              ],
              agents: [
                { id: "planner", count: 3 },
                { id: "researcher", count: 2 },
              ],
              reasons: ["over the limit"],
              wouldPass: [],
            },
            expect.objectContaining({ count: 1, first: at(4), last: at(4), wouldPass: ["/amount: at most 100"] }),
          ],
          refused: [
            {
              code: "user_unknown",
              stage: "context",
              count: 2,
              first: at(8),
              last: at(9),
              users: [{ id: "carol", issuer: "https://id.acme.example", count: 2 }],
              agents: [{ id: "planner", count: 2 }],
              reasons: [],
              wouldPass: [],
            },
            expect.objectContaining({ code: "revoked", count: 1 }),
          ],
          unproven: [],
        },
      ],
      others: 0,
      first: at(1),
      last: at(9),
    });
    expect(printShadowReport(await shadowReport(folder)).split("\n")).toEqual([
      "read_invoice: 0 calls would run as before, 1 call would be denied",
      `   grant_tool_missing (grant): 1 call, ${at(5)}`,
      "      of alice of https://id.acme.example (1)",
      "      by planner (1), researcher (1)",
      "      would pass: handed on by agent:planner",
      "send_payment: 1 call would run as before, 4 calls would be denied; 3 calls did not run, refused all the same",
      `   policy_denied (policy): 3 calls, ${at(1)} to ${at(3)}`,
      "      of alice of https://id.acme.example (2), bob of https://id.acme.example (1)",
      "      by planner (3), researcher (2)",
      "      why: over the limit",
      `   grant_argument_refused (grant): 1 call, ${at(4)}`,
      "      of alice of https://id.acme.example (1)",
      "      by planner (1), researcher (1)",
      "      would pass: /amount: at most 100",
      `   user_unknown (context), refused all the same: 2 calls, ${at(8)} to ${at(9)}`,
      "      of carol of https://id.acme.example (2)",
      "      by planner (2)",
      `   revoked (state), refused all the same: 1 call, ${at(7)}`,
      expect.stringMatching(/^What was refused all the same shadow mode never lets run/),
      expect.any(String),
      `Of calls from ${at(1)} to ${at(9)}. No record says since when shadow mode is on: calls from before it`,
      "count as passed, unless --since leaves them out.",
    ]);
  });

  it("says of a rate how many calls it allows, and not when each of its windows ended", async () => {
    const { tools } = await shadowReport(await logOf(shadowed(RATE, 5)));
    expect(tools).toMatchObject([{ denials: [{ reasons: [RATE.rule], wouldPass: [] }] }]);
  });

  it("is of one tool, and of a time, where that is asked", async () => {
    const folder = await logOf(
      shadowed(DENIED, 1),
      shadowed(DENIED, 5),
      shadowed(MISSING, 5, { tool: "read_invoice" }),
    );
    const { tools } = await shadowReport(folder, { tool: "send_payment", since: at(2), until: at(9) });
    expect(tools).toMatchObject([{ tool: "send_payment", denials: [{ count: 1, first: at(5) }] }]);
    expect(printShadowReport(await shadowReport(folder, { since: at(9) }))).toMatch(/^no call is on record/);
  });

  it("tells what ran without a valid chain, of all streams, by what their checkpoints count", async () => {
    const folder = mkdtempSync(join(tmpdir(), "hopwise-shadow-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const signer = await generateSigner();
    const ran = (tool: string, code: string): UnverifiedAttempt => ({
      ...stranger,
      tool,
      code: code as never,
      enforced: false,
    });
    const stranger = { invocation: "i", time: at(1), audience: "a", message: "m" };
    for (const records of [[], [shadowed(DENIED, 1)]]) {
      const log = await openAuditLog({ folder, signer });
      for (let i = 0; i < 3; i++) log.unverified(ran("send_payment", "proof_missing"));
      log.unverified(ran("send_payment", "token_malformed"));
      log.unverified(ran("read_invoice", "proof_missing"));
      // A list is no call, and what was refused did not run.
      log.unverified(ran("mcp:tools/list", "proof_missing"));
      log.unverified({ ...stranger, tool: "send_payment", code: "proof_invalid" });
      for (const record of records) await log.record(record);
      await log.close();
    }
    const report = await shadowReport(folder);
    expect(report.tools).toMatchObject([
      { tool: "read_invoice", passed: 0, denials: [], unproven: [{ code: "proof_missing", count: 2 }] },
      {
        tool: "send_payment",
        denials: [{ code: "policy_denied", count: 1 }],
        unproven: [
          { code: "proof_missing", count: 6 },
          { code: "token_malformed", count: 2 },
        ],
      },
    ]);
    expect(printShadowReport(report).split("\n")).toEqual([
      "read_invoice: 0 calls would run as before, 0 calls would be denied; 2 calls ran without a valid chain, and would be denied",
      "   proof_missing, without a valid chain: 2 calls",
      "send_payment: 0 calls would run as before, 1 call would be denied; 8 calls ran without a valid chain, and would be denied",
      expect.stringContaining("policy_denied (policy): 1 call"),
      expect.any(String),
      expect.any(String),
      expect.any(String),
      "   proof_missing, without a valid chain: 6 calls",
      "   token_malformed, without a valid chain: 2 calls",
      expect.stringMatching(/^Calls without a valid chain are on no record/),
      expect.any(String),
      `Of calls from ${at(1)} to ${at(1)}. No record says since when shadow mode is on: calls from before it`,
      "count as passed, unless --since leaves them out.",
    ]);
    const { tools } = await shadowReport(folder, { tool: "read_invoice" });
    expect(tools.map(({ tool, unproven }) => [tool, unproven[0]?.count])).toEqual([["read_invoice", 2]]);
    expect((await shadowReport(folder, { until: at(1) })).tools).toEqual([]);
    expect((await shadowReport(folder, { since: new Date(Date.now() + 60_000) })).tools).toEqual([]);
    expect((await shadowReport(folder, { since: new Date(Date.now() - 60_000) })).tools).toHaveLength(2);
    expect(await verifyAuditLog({ folder, keys: [signer.publicJwk] })).toMatchObject({ ok: true });
  });

  it("counts what ran without a valid chain in a bounded number of tools", async () => {
    const folder = mkdtempSync(join(tmpdir(), "hopwise-shadow-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const log = await openAuditLog({ folder, signer: await generateSigner() });
    const stranger = { invocation: "i", time: at(1), audience: "a", message: "m", enforced: false } as const;
    for (const tool of ["__proto__", "constructor", "x".repeat(1000)])
      log.unverified({ ...stranger, tool, code: "proof_missing" });
    for (let i = 0; i < 500; i++) log.unverified({ ...stranger, tool: `tool-${i}`, code: "proof_missing" });
    await log.close();
    const { tools } = await shadowReport(folder);
    expect(tools).toHaveLength(101);
    expect(tools.find(({ tool }) => tool === "(others)")?.unproven).toEqual([{ code: "proof_missing", count: 403 }]);
    expect(tools.map(({ tool }) => tool)).toEqual(
      expect.arrayContaining(["__proto__", "constructor", "x".repeat(200)]),
    );
  });

  it("keeps a bounded number of tools, names and texts, and counts on", async () => {
    const many = Array.from({ length: 1005 }, (_, i) =>
      shadowed({ ...DENIED, reason: `reason ${i}` }, 1, { tool: `tool-${i}`, chain: chain("alice", "planner") }),
    );
    const users = Array.from({ length: 120 }, (_, i) =>
      shadowed({ ...DENIED, reason: `reason ${i}` }, 0, {
        chain: chain(`user-${i}`, "planner"),
      }),
    );
    const { tools, others } = await shadowReport(await logOf(...users, ...many));
    const [most] = tools.flatMap(({ denials }) => denials).filter(({ count }) => count > 1);
    expect([most?.count, most?.users.length, most?.reasons.length]).toEqual([120, 100, 10]);
    expect([tools.length, others]).toEqual([1000, 6]);
    expect(printShadowReport({ tools: [], others: 0 })).toMatch(/^no call is on record/);
  });

  it("prints nothing unchanged that a changed file holds", async () => {
    const bad = "\u001b[31mred";
    const broken = shadowed({ ...DENIED, code: bad as never, reason: bad }, 1, { tool: bad, chain: chain(bad, bad) });
    const text = printShadowReport(await shadowReport(await logOf(broken, { ...broken, shadow: 5 as never })));
    expect(text).not.toContain("\u001b");
  });
});
