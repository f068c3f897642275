import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as aiSdk from "@hopwise/ai-sdk";
import * as aiSdkMcp from "@hopwise/ai-sdk/mcp";
import * as aiSdkTesting from "@hopwise/ai-sdk/testing";
import * as auditLog from "@hopwise/audit";
import * as cerbos from "@hopwise/cerbos";
import { generateSigner, HopwiseError } from "@hopwise/core";
import type { Explainable } from "@hopwise/core/audit";
import { allowAll, createCompany, sampleDecision, sampleOutcome } from "@hopwise/core/testing";
import * as fastmcp from "@hopwise/fastmcp";
import * as fastmcpTesting from "@hopwise/fastmcp/testing";
import * as filter from "@hopwise/filter";
import * as mcp from "@hopwise/mcp";
import * as sqlite from "@hopwise/sqlite";
import { FastMCP } from "fastmcp";
import { afterAll, describe } from "vitest";
import * as hopwise from "../../packages/hopwise/src/index.ts";
import { driverRows } from "./driver-rows.ts";
import { ANYTHING, type ArgumentRows, argumentRow, OPTIONAL, OPTIONS, walkRows } from "./odd.ts";

const company = await createCompany();
const held = await company.chain("alice", "planner");
const signer = await generateSigner();
const authorizer = company.authorizer();
const folder = await mkdtemp(join(tmpdir(), "hopwise-arguments-"));
const log = await auditLog.openAuditLog({ folder, signer });
afterAll(async () => {
  await log.close();
  await rm(folder, { recursive: true });
});
const binary = "/nowhere/cerbos";
const pdp = {
  ...allowAll(),
  serverInfo: async () => Promise.reject(new HopwiseError("policy_unavailable", "not now")),
};
const transport = { start: async () => {}, close: async () => {}, send: async () => {} };
const carry = { delegation: held, audience: company.audience };
const newServer = (): FastMCP => new FastMCP({ name: "pay", version: "1.0.0" });
const STORY = { decision: sampleDecision() as Explainable, place: {}, before: [], after: [] };

const forAudit: ArgumentRows<typeof auditLog> = {
  openAuditLog: argumentRow(auditLog.openAuditLog, () => [{ folder: "/dev/null/audit", signer }]),
  verifyAuditLog: argumentRow(auditLog.verifyAuditLog, () => [{ folder, keys: [signer.publicJwk] }]),
  readAuditLog: argumentRow(auditLog.readAuditLog, () => [folder, {}], [], OPTIONS),
  lineage: argumentRow(auditLog.lineage, () => [folder, "i1"]),
  printLineage: argumentRow(auditLog.printLineage as (...args: unknown[]) => unknown, () => [STORY]),
  blastRadius: argumentRow(auditLog.blastRadius, () => [{ agent: "planner" }, []], [], ["empty list"], OPTIONS),
  shadowReport: argumentRow(auditLog.shadowReport, () => [folder, {}], [], OPTIONS),
  printShadowReport: argumentRow(auditLog.printShadowReport, () => [{ tools: [], others: 0 }]),
  unknownNames: argumentRow(auditLog.unknownNames, () => [folder, {}], [], OPTIONS),
  printOutcome: argumentRow(
    auditLog.printOutcome as (...args: unknown[]) => unknown,
    () => [sampleDecision(), sampleOutcome()],
    ["empty object"],
    ["empty object"],
  ),
  printRecord: argumentRow(auditLog.printRecord, () => [sampleDecision()], ["empty object"]),
};
const logs: ArgumentRows<Omit<auditLog.AuditLog, "unverifiedCounts" | "unverifiedSamples">> = {
  record: argumentRow(log.record, () => [sampleDecision()]),
  outcome: argumentRow(log.outcome, () => [sampleOutcome()]),
  unverified: argumentRow(log.unverified as (...args: unknown[]) => unknown, () => [
    { ...sampleOutcome(), code: "proof_missing", message: "none" },
  ]),
  health: "takes nothing",
  close: "takes nothing",
  [Symbol.asyncDispose]: "takes nothing",
};

const file = join(folder, "state.db");
const forSqlite: ArgumentRows<typeof sqlite> = {
  openSqlite: argumentRow(
    async (options: sqlite.SqliteOptions) => (await sqlite.openSqlite(options)).close(),
    () => [{ file }],
  ),
  sqliteState: argumentRow(
    async (options: sqlite.SqliteStateOptions) => (await sqlite.sqliteState(options)).close(),
    () => [{ file }],
  ),
};
const driver = await sqlite.openSqlite({ file });
afterAll(() => driver.close());

const forCerbos: ArgumentRows<typeof cerbos> = {
  startPdp: argumentRow(cerbos.startPdp, () => [{ policies: "policies", binary }]),
  connectPdp: argumentRow(cerbos.connectPdp, () => [{ targets: "127.0.0.1:1", startTimeoutMs: 1 }]),
  resilient: argumentRow(cerbos.resilient as (...args: unknown[]) => unknown, () => [pdp, {}], [], OPTIONS),
  shareRequests: argumentRow(cerbos.shareRequests as (...args: unknown[]) => unknown, () => [pdp, {}], [], OPTIONS),
  compilePolicies: argumentRow(cerbos.compilePolicies, () => ["policies", { binary }], [], OPTIONS),
  lintPolicies: argumentRow(cerbos.lintPolicies, () => ["policies", {}], [], OPTIONS),
  probePdp: argumentRow(cerbos.probePdp as (...args: unknown[]) => unknown, () => [pdp, {}], [], OPTIONS),
  findBinary: argumentRow(cerbos.findBinary, () => [undefined], OPTIONAL),
};

const forMcp: ArgumentRows<typeof mcp> = {
  caller: "takes nothing",
  currentFilter: "takes nothing",
  nothingHappened: "takes nothing",
  carryingFetch: argumentRow(mcp.carryingFetch, () => [carry, fetch], [], OPTIONAL),
  carryOver: argumentRow(mcp.carryOver as (...args: unknown[]) => unknown, () => [transport, carry]),
  createGuardedTools: argumentRow(mcp.createGuardedTools, () => [undefined], OPTIONAL),
  guardTransport: argumentRow(mcp.guardTransport as (...args: unknown[]) => unknown, () => [
    transport,
    { authorizer, tools: mcp.createGuardedTools() },
  ]),
  pendingIn: argumentRow(mcp.pendingIn, () => [{}], ANYTHING),
};
const tools = mcp.createGuardedTools();
const guardedTools: ArgumentRows<Omit<mcp.GuardedTools, "scope">> = {
  wrap: argumentRow(tools.wrap, () => ["pay", () => "paid", () => null], [], [], OPTIONAL),
  wrapPrompt: argumentRow(tools.wrapPrompt, () => ["summary", () => "text"]),
  has: argumentRow(tools.has, () => ["pay"], ANYTHING),
  distrust: argumentRow(tools.distrust, () => ["other"]),
  clear: "takes nothing",
};

const forFastMcp: ArgumentRows<typeof fastmcp & typeof fastmcpTesting> = {
  caller: "takes nothing",
  currentFilter: "takes nothing",
  nothingHappened: "takes nothing",
  guard: argumentRow(fastmcp.guard, () => [newServer(), authorizer, {}], [], [], OPTIONS),
  guardedServer: argumentRow(
    async (...args: Parameters<typeof fastmcpTesting.guardedServer>) =>
      (await fastmcpTesting.guardedServer(...args)).close(),
    () => [authorizer, {}],
    [],
    OPTIONS,
  ),
  freePort: "takes nothing",
};

const forAiSdk: ArgumentRows<typeof aiSdk & typeof aiSdkMcp & typeof aiSdkTesting> = {
  caller: "takes nothing",
  currentFilter: "takes nothing",
  nothingHappened: "takes nothing",
  ToolDenied: "is a class of errors, which this package makes",
  ToolPending: "is a class of errors, which this package makes",
  authorizeTools: argumentRow(
    aiSdk.authorizeTools as (...args: unknown[]) => unknown,
    () => [{ send_payment: { execute: async () => "paid" } }, { authorizer, delegation: held }],
    ["empty object"],
  ),
  scriptedModel: argumentRow(aiSdkTesting.scriptedModel, () => [{ tool: "pay", input: {} }], [
    "none",
    "empty text",
    "empty list",
  ]),
  createMcpClient: argumentRow(aiSdkMcp.createMcpClient as (...args: unknown[]) => unknown, () => [
    { ...carry, transport: { ...transport, start: () => Promise.reject(new HopwiseError("audit_unavailable", "no")) } },
  ]),
} as ArgumentRows<typeof aiSdk & typeof aiSdkMcp & typeof aiSdkTesting>;
const schemas: ArgumentRows<{ inputSchema(schema: unknown): unknown }> = {
  inputSchema: argumentRow(
    (inputSchema: unknown) =>
      aiSdk.authorizeTools(
        { send_payment: { inputSchema, execute: async () => "paid" } as never },
        { authorizer, delegation: held },
      ),
    () => [() => ({ jsonSchema: {}, validate: () => ({ success: true }) })],
    ["nothing", "null"],
  ),
};

const invoices = filter.table({ id: filter.text(), columns: { region: filter.text() } });
const rowCondition: filter.RowCondition = { expression: true, required: ["region"], unknown: "sql" };
const rowFilter = { take: () => rowCondition, check: async () => [], fail: () => {}, leaveOut: () => {} };
const forFilter: ArgumentRows<typeof filter> = {
  text: argumentRow(filter.text, () => ["c", {}], OPTIONAL, OPTIONS),
  number: argumentRow(filter.number, () => ["c", {}], OPTIONAL, OPTIONS),
  boolean: argumentRow(filter.boolean, () => ["c", {}], OPTIONAL, OPTIONS),
  timestamp: argumentRow(filter.timestamp, () => ["c", {}], OPTIONAL, OPTIONS),
  list: argumentRow(filter.list, () => ["text", "c", {}], [], OPTIONAL, OPTIONS),
  table: argumentRow(filter.table, () => [{ id: filter.text(), columns: {} }]),
  toSql: argumentRow(filter.toSql, () => [rowCondition, invoices, { dialect: "sqlite" }]),
  toPredicate: argumentRow(filter.toPredicate, () => [rowCondition, invoices]),
  toCerbos: argumentRow(filter.toCerbos, () => [rowCondition]),
  pgvectorQuery: argumentRow(filter.pgvectorQuery, () => [
    rowCondition,
    invoices,
    { from: "documents", embedding: "embedding", near: [1], distance: "cosine", limit: 1 },
  ]),
  visibleRows: argumentRow(filter.visibleRows as (...args: unknown[]) => unknown, () => [
    rowFilter,
    invoices,
    { dialect: "sqlite" },
    () => [],
  ]),
};
const rowTable: ArgumentRows<Omit<filter.Table, "id" | "columns">> = {
  resourceOf: argumentRow(invoices.resourceOf, () => [{ id: "INV-7", region: "EMEA" }]),
};
const keep = filter.toPredicate(rowCondition, invoices);
const predicates: ArgumentRows<{ keep: typeof keep }> = {
  keep: argumentRow(keep, () => [{ region: "EMEA" }], ["empty object"]),
};

const terminal = {
  out: () => {},
  err: () => {},
  colors: false,
  input: async () => undefined,
  now: Date.now,
  folder: ".",
};
const forHopwise: ArgumentRows<typeof hopwise> = {
  run: argumentRow(hopwise.run, () => [["--version"], terminal], ["empty list"]),
};

describe("@hopwise/audit", () => walkRows(forAudit));
describe("an audit log", () => walkRows(logs as ArgumentRows<unknown>));
describe("@hopwise/sqlite", () => walkRows(forSqlite));
describe.each(Object.entries(driverRows(driver)))("a driver on SQLite: %s", (_, rows) =>
  walkRows(rows as ArgumentRows<unknown>),
);
describe("@hopwise/cerbos", () => walkRows(forCerbos));
describe("@hopwise/mcp", () => walkRows(forMcp));
describe("guarded tools", () => walkRows(guardedTools));
describe("@hopwise/fastmcp", () => walkRows(forFastMcp));
describe("@hopwise/ai-sdk", () => walkRows(forAiSdk));
describe("a tool of the AI SDK", () => walkRows(schemas));
describe("@hopwise/filter", () => walkRows(forFilter));
describe("a table", () => walkRows(rowTable));
describe("a predicate", () => walkRows(predicates));
describe("hopwise", () => walkRows(forHopwise));
