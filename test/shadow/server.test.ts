/** A guarded FastMCP server in shadow mode, over real HTTP and on a real PDP: what its callers get, and what its tools may know. */
import { type AuditLog, openAuditLog, printShadowReport, shadowReport } from "@hopwise/audit";
import { generateSigner, type HeldDelegation, type ToolMap } from "@hopwise/core";
import { anyArguments, grant } from "@hopwise/core/grant";
import { type Company, createCompany, type TestAuthorizer } from "@hopwise/core/testing";
import { caller, currentFilter, guard, type RunningCall } from "@hopwise/fastmcp";
import { type GuardedServer, guardedServer } from "@hopwise/fastmcp/testing";
import { META_DENIAL } from "@hopwise/mcp";
import type { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { FastMCP } from "fastmcp";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { pdpWith } from "../faults/small-policies.ts";
import { quiet } from "../support/quiet.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const tools: ToolMap = {
  pay: { kind: "payment", action: "pay", list: "list" },
  orders: { kind: "order", action: "read", list: "list" },
  search: { kind: "order", action: "read", filter: { arguments: {} } },
  "mcp:resources/read": { kind: "note", action: "read", id: "uri" },
};
const ALL = ["*"];
const rule = (actions: readonly string[], effect: "ALLOW" | "DENY", roles = ALL): string =>
  JSON.stringify({ actions, effect: `EFFECT_${effect}`, roles });

let pdp: Awaited<ReturnType<typeof pdpWith>>;
let company: Company;
let planner: HeldDelegation;
/** Without payments. */
let reader: HeldDelegation;

beforeAll(async () => {
  pdp = await pdpWith({
    payment: [rule(["list", "pay"], "ALLOW", ["employee"])],
    order: [rule(ALL, "ALLOW")],
    note: [rule(ALL, "ALLOW", ["employee"])],
    delegation: [rule(ALL, "ALLOW")],
  });
  company = await createCompany({ tools });
  const handed = ["pay", "orders", "search", "mcp:resources/read"];
  planner = await company.chain("alice", {
    to: "planner",
    grant: grant(Object.fromEntries(handed.map((name) => [name, anyArguments]))),
  });
  reader = await company.chain("alice", { to: "researcher", grant: grant({ orders: anyArguments }) });
});
afterAll(() => pdp.close());

interface Served {
  readonly server: GuardedServer;
  readonly authorizer: TestAuthorizer;
  readonly ran: string[];
}

async function serve(
  shadow?: true | "everything" | readonly string[],
  more: { readonly audit?: AuditLog } = {},
): Promise<Served> {
  const mode = shadow === undefined ? {} : { shadow, onWarning: () => {} };
  const authorizer = company.authorizer({ cerbos: pdp.client, clock: Date.now, ...mode, ...more });
  const ran: string[] = [];
  const own = guard(new FastMCP({ name: "shop", version: "1.0.0", logger: quiet }), authorizer);
  own.addTool({
    name: "pay",
    parameters: z.object({ amount: z.number() }),
    execute: async ({ amount }) => {
      ran.push(`pay ${amount}`);
      return `paid ${amount}`;
    },
  });
  own.addTool({
    name: "orders",
    execute: async (_, context) => {
      ran.push("orders");
      // Both ways in which a tool asks for whom it runs.
      const mine = [caller()?.user.id, (context as Partial<RunningCall>).caller?.user.id];
      return `orders of ${mine.join(" and ") || "everybody"}`;
    },
  });
  own.addTool({
    name: "search",
    execute: async () => {
      ran.push("search");
      return JSON.stringify(currentFilter() === undefined ? ["all rows"] : []);
    },
  });
  own.addResource({
    uri: "note://1",
    name: "note",
    mimeType: "text/plain",
    load: async () => ({ text: `for ${caller()?.user.id ?? "everybody"}` }),
  });
  const server = await guardedServer(authorizer, { server: own, http: { stateless: true } });
  onTestFinished(() => server.close());
  return { server, authorizer, ran };
}

const names = async (client: Client): Promise<readonly string[]> =>
  (await client.listTools()).tools.map(({ name }) => name).sort();

describe("a call of an agent that the policies do not let pay", () => {
  it("runs, is answered like any other, and is on record with what would have happened", async () => {
    const { server, authorizer, ran } = await serve(["pay"]);
    const answer = await server.call(planner, "pay", { amount: 7 });
    expect(answer).toMatchObject({ text: "paid 7" });
    expect(JSON.stringify(answer)).not.toMatch(/shadow|enforced|policy_denied/);
    expect(ran).toEqual(["pay 7"]);
    expect(authorizer.audit.records).toMatchObject([
      { tool: "pay", outcome: "allowed", enforced: false, shadow: { code: "policy_denied", hop: 1 } },
    ]);
    await expect.poll(() => authorizer.audit.outcomes).toMatchObject([{ tool: "pay", outcome: "returned" }]);
  });

  it("is refused without shadow mode, and where that is on for another tool", async () => {
    for (const { server, ran } of [await serve(), await serve(["orders"])]) {
      expect(await server.call(planner, "pay", { amount: 7 })).toMatchObject({ code: "policy_denied" });
      expect(ran).toEqual([]);
    }
  });

  it("is refused where the tool's own schema does not take its arguments", async () => {
    const { server, ran } = await serve(true);
    await expect(server.call(planner, "pay", { amount: "7" })).rejects.toThrow(/parameter validation failed/);
    expect(ran).toEqual([]);
  });
});

it("a list shows what would have been hidden, and the record says so", async () => {
  const { server, authorizer } = await serve(true);
  expect(await names(await server.client(reader))).toEqual(["orders", "pay"]);
  expect(authorizer.audit.records.at(-1)?.hidden).toMatchObject([
    { code: "grant_tool_missing", enforced: false, items: ["pay"] },
    { code: "grant_tool_missing", items: ["search"] },
  ]);
});

describe('a server without chains, with "everything"', () => {
  it("serves calls, lists and resources, and counts them as a stranger's", async () => {
    const { server, authorizer, ran } = await serve("everything");
    expect(await server.call(undefined, "pay", { amount: 7 })).toMatchObject({ text: "paid 7" });
    expect(await names(await server.client())).toEqual(["orders", "pay"]);
    expect(ran).toEqual(["pay 7"]);
    const { audit } = authorizer;
    expect(audit.unverifiedSamples.map(({ tool, code, enforced }) => [tool, code, enforced])).toEqual([
      ["pay", "proof_missing", false],
      ["mcp:tools/list", "proof_missing", false],
    ]);
    expect([audit.records, audit.outcomes]).toEqual([[], []]);
  });

  it("is told by the report of a log that has no record of it, also while the server runs", async () => {
    const folder = temporaryFolder();
    const audit = await openAuditLog({ folder, signer: await generateSigner(), checkpoint: { records: 1, ms: 1 } });
    const { server } = await serve("everything", { audit });
    expect(await server.call(undefined, "pay", { amount: 7 })).toMatchObject({ text: "paid 7" });
    await names(await server.client());
    const ran = { tool: "pay", passed: 0, denials: [], refused: [], unproven: [{ code: "proof_missing", count: 1 }] };
    await server.call(planner, "orders"); // a record, and with it the next checkpoint
    await expect.poll(async () => (await shadowReport(folder)).tools).toContainEqual(ran);
    await audit.close();
    const report = await shadowReport(folder);
    expect(report.tools).toEqual([{ ...ran, tool: "orders", passed: 1, unproven: [] }, ran]);
    expect(printShadowReport(report)).toMatch(/pay: .*; 1 call ran without a valid chain, and would be denied/);
  });

  it("tells no tool and no resource for whom it runs: my orders never become all orders", async () => {
    const { server, ran } = await serve("everything");
    const { text } = await server.call(undefined, "orders");
    expect(text).toMatch(/it is not known for whom this call runs, .*\(proof_missing\)/);
    expect(text).not.toContain("everybody");
    expect(ran).toEqual(["orders"]);
    const client = await server.client();
    await expect(client.readResource({ uri: "note://1" })).rejects.toThrow(/could not be read/);
  });

  it("refuses a tool that gives rows, for nobody's rows are all rows", async () => {
    const { server, ran } = await serve("everything");
    expect(await server.call(undefined, "search")).toMatchObject({ code: "proof_missing" });
    expect(ran).toEqual([]);
  });

  it("knows a caller with a chain as always", async () => {
    const { server, authorizer } = await serve("everything");
    expect(await server.call(planner, "orders")).toMatchObject({ text: "orders of alice and alice" });
    expect(authorizer.audit.records).toMatchObject([{ tool: "orders", outcome: "allowed" }]);
    authorizer.revocations.revoke({ agent: "planner" });
    expect(await server.call(planner, "orders")).toMatchObject({ code: "revoked" });
  });

  it("serves nothing to nobody with true alone", async () => {
    const { server, ran } = await serve(true);
    const client = await server.client();
    const denied = await client.callTool({ name: "pay", arguments: { amount: 7 } }).catch((error) => error);
    expect(JSON.stringify([denied, denied.message])).toMatch(new RegExp(`proof_missing|${META_DENIAL}`));
    expect(ran).toEqual([]);
  });
});
