import { appendFileSync, cpSync, mkdirSync, readdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { generateSigner, type Signer } from "@hopwise/core";
import type { ChainView, DecisionRecord } from "@hopwise/core/audit";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { AuditFilter } from "./filter.ts";
import { lineage } from "./lineage.ts";
import { openAuditLog } from "./open-audit-log.ts";
import { readAuditLog } from "./read-audit-log.ts";
import { decision, outcome } from "./records.fixture.ts";
import { filesOf, linesOf, temporaryFolder, writeLines } from "./testing.fixture.ts";

let signer: Signer;
beforeAll(async () => {
  signer = await generateSigner();
});

const ISSUER = "https://id.acme.example";
const at = (minute: number): string => new Date(Date.now() + minute * 60_000).toISOString();

function by(user: string, agents: readonly string[], id: string, issuer = ISSUER): Pick<DecisionRecord, "chain"> {
  const hops = [
    { kind: "user", id: user } as const,
    ...agents.map((name) => ({ kind: "agent", id: `agent:${name}` }) as const),
  ];
  return { chain: { id: id as never, issuer, hops } };
}

let folder: string;
beforeEach(async () => {
  folder = temporaryFolder();
  const one = await openAuditLog({ folder, signer, rotate: { bytes: 1000 } });
  const other = await openAuditLog({ folder, signer });
  await one.record(decision({ invocation: "1", time: at(1), tool: "read", ...by("alice", ["planner"], "c1") }));
  await one.record(
    decision({
      invocation: "3",
      time: at(3),
      outcome: "denied",
      code: "policy_denied",
      ...by("alice", ["planner", "reader"], "c1"),
    }),
  );
  await other.record(decision({ invocation: "2", time: at(2), ...by("bob", ["planner"], "c2") }));
  await one.outcome(outcome({ invocation: "1", time: at(4), tool: "read" }));
  await other.record(decision({ invocation: "5", time: at(5), ...by("alice", [], "c3", "https://other.example") }));
  const hidden = [{ code: "policy_denied", stage: "policy", hop: 0, items: ["pay", "delete"] }] as const;
  await other.record(decision({ invocation: "7", time: at(7), tool: "mcp:tools/list", hidden }));
  await other.record(decision({ invocation: "6", time: at(6), ...by("agent:planner", ["x"], "c4") }));
  await other.close();
  await one.close();
});

async function read(filter: AuditFilter = {}): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const { record } of readAuditLog(folder, filter)) found.push(`${record.kind[0]}${record.invocation}`);
  return found;
}

describe("the reader", () => {
  it("reads all streams and segments together, by time", async () => {
    expect(await read()).toEqual(["d1", "d2", "d3", "o1", "d5", "d7", "d6"]);
  });

  it("says where each record stands", async () => {
    for await (const { record, file, line } of readAuditLog(folder)) {
      expect(linesOf(folder, file)[line - 1]).toContain(JSON.stringify(record));
    }
  });

  it("reads several folders as one, by time, and says of which each record is", async () => {
    const other = temporaryFolder();
    const log = await openAuditLog({ folder: other, signer: await generateSigner() });
    await log.record(decision({ invocation: "elsewhere", time: new Date(0).toISOString() }));
    await log.close();
    const found = [];
    for await (const entry of readAuditLog([folder, other])) found.push(entry);
    expect(found.map(({ folder: of }) => of)).toEqual([other, ...Array.from({ length: 7 }, () => folder)]);
    expect((await lineage([folder, other], "elsewhere"))?.place.folder).toBe(other);
  });

  it("takes no copy of a folder for another instance", async () => {
    const copy = temporaryFolder();
    cpSync(folder, copy, { recursive: true });
    await expect(readAuditLog([folder, copy]).next()).rejects.toThrow(/one is a copy of the other/);
  });

  it("reads no log of which a part was moved away while it was open, until its files are in one folder again", async () => {
    const parts = temporaryFolder();
    const [first, second] = [join(parts, "first"), join(parts, "second")];
    const log = await openAuditLog({ folder: second, signer: await generateSigner() });
    await log.record(decision({ invocation: "before" }));
    renameSync(second, first);
    mkdirSync(second);
    await expect(log.record(decision({ invocation: "lost" }))).rejects.toThrow(/moved/);
    await log.record(decision({ invocation: "after" }));
    await log.close();
    await expect(readAuditLog([first, second]).next()).rejects.toThrow(
      `each has a part of it, as where a folder was moved while its log was open; put its files into one folder, such as ${second}`,
    );
    for (const name of readdirSync(first)) renameSync(join(first, name), join(second, name));
    const found = [];
    for await (const { record } of readAuditLog(second)) found.push(record.invocation);
    expect(found).toEqual(["before", "after"]);
  });

  it.each<readonly [AuditFilter, readonly string[]]>([
    [{ chain: "c1" }, ["d1", "d3"]],
    [{ user: { issuer: ISSUER, id: "alice" } }, ["d1", "d3"]],
    [{ user: { issuer: "https://other.example", id: "alice" } }, ["d5"]],
    [{ agent: "planner" }, ["d1", "d2", "d3"]],
    [{ agent: "reader" }, ["d3"]],
    [{ tool: "read" }, ["d1", "o1"]],
    [{ code: "policy_denied" }, ["d3"]],
    [{ hidden: "delete" }, ["d7"]],
    [{ hidden: "dele" }, []],
    [{ invocation: "1" }, ["d1", "o1"]],
    [{ invocation: 'no "such' }, []],
    [{ agent: "planner", tool: "send_payment", code: "policy_denied", chain: "c1" }, ["d3"]],
    [{ agent: "planner", tool: "read", code: "policy_denied" }, []],
  ])("finds by %j exactly what fits", async (filter, found) => {
    expect(await read(filter)).toEqual(found);
  });

  it("finds a user by the subject as well as by the id that policies see", async () => {
    const own = temporaryFolder();
    const log = await openAuditLog({ folder: own, signer: await generateSigner() });
    const other = "https://id.example/a#b";
    const users = [
      [`iss:${ISSUER}#al#ice`, ISSUER],
      // As records had it, before the id was told from the start.
      ["al#ice", ISSUER],
      ["iss:https://id.example/a%23b#al#ice", other],
      [`iss:${ISSUER}#al#ice`, other],
      ["u-17", ISSUER, "al#ice"],
    ] as const;
    for (const [i, [id, issuer, subject]] of users.entries()) {
      const { chain } = by(id, ["planner"], `c${i}`, issuer) as { readonly chain: ChainView };
      await log.record(decision({ invocation: `${i}`, chain: { ...chain, ...(subject && { subject }) } }));
    }
    await log.close();
    const found = async (id: string, issuer: string) => {
      const calls: string[] = [];
      for await (const { record } of readAuditLog(own, { user: { id, issuer } })) calls.push(record.invocation);
      return calls.join();
    };
    expect(await found("al#ice", ISSUER)).toBe("0,1,4");
    // Records that name the subject alone are of the same user.
    expect(await found("u-17", ISSUER)).toBe("0,1,4");
    expect(await found(`iss:${ISSUER}#al#ice`, ISSUER)).toBe("0");
    expect(await found("al#ice", other)).toBe("2");
    expect(await found("ice", ISSUER)).toBe("");
  });

  it("finds of a user also what was refused before the directory was asked, which is on record by the subject alone", async () => {
    const own = temporaryFolder();
    const log = await openAuditLog({ folder: own, signer: await generateSigner() });
    const { chain } = by("alice", ["planner"], "c1") as { readonly chain: ChainView };
    const called = (invocation: string, changed: object) => log.record(decision({ invocation, ...changed }));
    await called("early", { ...by("u-17", ["planner"], "c1"), outcome: "denied", code: "grant_tool_missing" });
    await called("elsewhere", by("u-17", ["planner"], "c2", "https://other.example"));
    await called("other", by("u-18", ["planner"], "c3"));
    await called("asked", { chain: { ...chain, subject: "u-17" } });
    await log.close();
    for (const id of ["alice", "u-17"]) {
      const calls: string[] = [];
      for await (const { record } of readAuditLog(own, { user: { id, issuer: ISSUER } })) calls.push(record.invocation);
      expect(calls).toEqual(["early", "asked"]);
    }
  });

  it("finds of a user what was refused under each of their subjects, also where their login has one of these", async () => {
    const own = temporaryFolder();
    const log = await openAuditLog({ folder: own, signer: await generateSigner() });
    const { chain } = by("alice", ["planner"], "c1") as { readonly chain: ChainView };
    const called = (invocation: string, changed: object) => log.record(decision({ invocation, ...changed }));
    const login = { kind: "id_token", issuer: "https://login.example", subject: "u-17" };
    const token = { jti: "", agent: "planner", key: "k", hash: "h", issuedAt: 0, expiresAt: 1, tools: [], login };
    // A long one, which is longer than what is behind the others on their lines.
    await called("long", { chain: { ...chain, subject: "s".repeat(256) } });
    await called("before", { chain: { ...chain, subject: "u-17" } });
    // A new chain service names her otherwise. Her provider does not.
    await called("asked", { chain: { ...chain, subject: "e-5" }, tokens: [token] });
    await called("refused", { ...by("e-5", ["planner"], "c2"), outcome: "denied", code: "grant_tool_missing" });
    await log.close();
    const calls: string[] = [];
    for await (const { record } of readAuditLog(own, { user: { id: "alice", issuer: ISSUER } }))
      calls.push(record.invocation);
    expect(calls).toEqual(["long", "before", "asked", "refused"]);
  });

  it("finds what was done by a key or a token, whoever holds it, and by all below", async () => {
    const own = temporaryFolder();
    const log = await openAuditLog({ folder: own, signer: await generateSigner() });
    const [key, hash] = ["k".repeat(43), "h".repeat(43)];
    const token = {
      jti: "",
      agent: "planner",
      key: "-".repeat(43),
      hash: "_".repeat(43),
      issuedAt: 0,
      expiresAt: 1,
      tools: [],
    };
    const called = (invocation: string, ...tokens: readonly object[]) =>
      log.record(decision({ invocation, tokens: tokens.map((changed) => ({ ...token, ...changed })) as never }));
    await called("above", {});
    await called("its own", {}, { key, hash });
    await called("below", {}, { key, hash }, { agent: "crawler" });
    await called("another agent's", { key, agent: "bot" });
    const by = [{ approver: { issuer: "https://id.acme.example", subject: "dana" }, answeredAtSeconds: 1, key }];
    await log.record(decision({ invocation: "approved by it", approved: { request: "r", by } }));
    await log.close();
    const found = async (filter: AuditFilter) => {
      const calls: string[] = [];
      for await (const { record } of readAuditLog(own, filter)) calls.push(record.invocation);
      return calls;
    };
    expect(await found({ key })).toEqual(["its own", "below", "another agent's", "approved by it"]);
    expect(await found({ token: hash })).toEqual(["its own", "below"]);
    // Neither is the other, though a line has both.
    expect(await found({ token: key })).toEqual([]);
  });

  it("finds by time, from the first moment on and to before the last", async () => {
    const times: string[] = [];
    for await (const { record } of readAuditLog(folder)) times.push(record.time);
    const [, second = "", third = "", fourth = ""] = times;
    expect(await read({ since: second, until: fourth })).toEqual(["d2", "d3"]);
    expect(await read({ since: new Date(third), until: Date.parse(fourth) })).toEqual(["d3"]);
    await expect(read({ since: "yesterday" })).rejects.toMatchObject({ code: "config_invalid" });
  });

  it.each<readonly [AuditFilter]>([
    [{ since: "2026-06-01", until: "2026-05-01" }],
    [{ since: "2026-06-01", until: "2026-06-01T00:00:00Z" }],
    [{ since: new Date("2026-06-01"), until: Date.parse("2026-05-31") }],
  ])("refuses at once a time that ends before it begins, of which nothing would be found: %j", (filter) => {
    expect(() => readAuditLog(folder, filter)).toThrow("since must lie before until");
  });

  it("passes over a line that a crash cut off, and stops at one that is none", async () => {
    const file = filesOf(folder).at(-1) as string;
    appendFileSync(join(folder, file), '{"seq":7,"pre');
    expect(await read()).toHaveLength(7);
    writeLines(folder, file, linesOf(folder, file).with(2, "what is this\n"));
    await expect(read()).rejects.toThrow(`${file}:3`);
  });

  it("reads no line in full that has not all the names", async () => {
    const file = filesOf(folder).at(-1) as string;
    writeLines(folder, file, linesOf(folder, file).with(2, '{"alice":"planner"}\n'));
    const planner: AuditFilter = { user: { issuer: ISSUER, id: "alice" }, agent: "planner" };
    expect(await read({ ...planner, tool: "read" })).toEqual(["d1"]);
    expect(await read({ ...planner, hidden: "pay" })).toEqual([]);
    expect(await read({ ...planner, code: "policy_denied" })).toEqual(["d3"]);
    expect(await read({ ...planner, chain: "c1" })).toEqual(["d1", "d3"]);
    await expect(read(planner)).rejects.toThrow(`${file}:3`);
  });
});
