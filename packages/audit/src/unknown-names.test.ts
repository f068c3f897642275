import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateSigner } from "@hopwise/core";
import type { DecisionRecord } from "@hopwise/core/audit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AuditFilter } from "./filter.ts";
import { openAuditLog } from "./open-audit-log.ts";
import { type AuditEntry, readAuditLog } from "./read-audit-log.ts";
import { decision } from "./records.fixture.ts";
import { write } from "./signed-logs.fixture.ts";
import { filesOf, linesOf, temporaryFolder, writeLines } from "./testing.fixture.ts";
import { unknownNames } from "./unknown-names.ts";

const ISSUER = "https://id.acme.example";
const TOKEN: DecisionRecord["tokens"][number] = {
  hash: "h".repeat(43) as never,
  jti: "",
  agent: "bookkeeper",
  key: "k".repeat(43) as never,
  issuedAt: 0,
  expiresAt: 1,
  tools: [],
};
const RECORD = decision({
  invocation: "call-1",
  tool: "send_payment",
  outcome: "denied",
  code: "policy_denied",
  tokens: [TOKEN],
  chain: {
    id: "chain-1" as never,
    issuer: ISSUER,
    hops: [
      { kind: "user", id: "alice" },
      { kind: "agent", id: "agent:bookkeeper" },
    ],
  },
  hidden: [{ code: "policy_denied", stage: "policy", hop: 0, items: ["delete_ledger"] }],
});

type Name = Exclude<keyof AuditFilter, "since" | "until">;

/** Of each name of a filter: one that the log has, one that somebody mistyped, and what may have been meant. */
const NAMES: { readonly [Member in Name]: readonly [known: AuditFilter, typed: AuditFilter, ...meant: AuditFilter[]] } =
  {
    chain: [{ chain: "chain-1" }, { chain: "chain-2" }],
    token: [{ token: "h".repeat(43) }, { token: "k".repeat(43) }],
    key: [{ key: "k".repeat(43) }, { key: "h".repeat(43) }],
    user: [
      { user: { issuer: ISSUER, id: "alice" } },
      { user: { issuer: "https://login.acme.example", id: "alice" } },
      { user: { issuer: ISSUER, id: "alice" } },
    ],
    agent: [{ agent: "bookkeeper" }, { agent: "bookeeper" }, { agent: "bookkeeper" }],
    tool: [{ tool: "send_payment" }, { tool: "send_payments" }, { tool: "send_payment" }],
    hidden: [{ hidden: "delete_ledger" }, { hidden: "delete_legder" }, { hidden: "delete_ledger" }],
    code: [{ code: "policy_denied" }, { code: "revoked" }],
    invocation: [{ invocation: "call-1" }, { invocation: "call-2" }],
  };

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "hopwise-names-"));
  const log = await openAuditLog({ folder, signer: await generateSigner() });
  await log.record(RECORD);
  await log.record({ ...RECORD, chain: { hops: [{ kind: "user", id: 5 }] }, tokens: undefined, hidden: [{}] } as never);
  await log.close();
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("a name that somebody looks for", () => {
  it.each(Object.entries(NAMES))(
    "as %s is known, or what may have been meant is told",
    async (name, [known, typed, ...meant]) => {
      expect(await unknownNames(folder, known)).toEqual([]);
      expect(await unknownNames(folder, { ...typed, since: 0 })).toEqual([{ name, nearest: meant }]);
    },
  );

  it("is looked for no further than it is found, and where there is none, nothing is read", async () => {
    const folder = temporaryFolder();
    await write(folder, 3);
    const file = filesOf(folder)[0] as string;
    writeLines(folder, file, [...linesOf(folder, file).slice(0, 4), "what is this\n"]);
    const { record } = (await readAuditLog(folder).next()).value as AuditEntry;
    expect(await unknownNames(folder, { tool: record.tool })).toEqual([]);
    expect(await unknownNames(folder, { since: 0 })).toEqual([]);
    await expect(unknownNames(folder, { tool: "unheard" })).rejects.toThrow(`${file}:5`);
  });

  it("has no neighbour in an empty log", async () => {
    const folder = temporaryFolder();
    await write(folder, 0);
    expect(await unknownNames(folder, { agent: "x", tool: "y" })).toEqual([
      { name: "agent", nearest: [] },
      { name: "tool", nearest: [] },
    ]);
  });
});

it("a user of one of several issuers is named by the subject, too, and may be meant by it", async () => {
  const own = mkdtempSync(join(tmpdir(), "hopwise-names-"));
  const log = await openAuditLog({ folder: own, signer: await generateSigner() });
  const user = { kind: "user", id: `iss:${ISSUER}#alice` } as const;
  await log.record({ ...RECORD, chain: { issuer: ISSUER, hops: [user] } });
  await log.close();
  const unknown = (id: string) => unknownNames(own, { user: { issuer: ISSUER, id } });
  expect(await unknown("alice")).toEqual([]);
  expect(await unknown(user.id)).toEqual([]);
  expect(await unknown("alcie")).toEqual([{ name: "user", nearest: [{ user: { issuer: ISSUER, id: "alice" } }] }]);
  rmSync(own, { recursive: true });
});
