/**
 * The story: alice's agent chain at work. It shows what is allowed, what is stopped, at which hop, and why. Exits
 * non-zero if any of it did not happen.
 */

import { authorizeTools } from "@hopwise/ai-sdk";
import { createMcpClient } from "@hopwise/ai-sdk/mcp";
import { lineage, printLineage, verifyAuditLog } from "@hopwise/audit";
import { delegate, generateSigner, operatorView, serialize } from "@hopwise/core";
import { chainLine, type DecisionRecord, type Timings } from "@hopwise/core/audit";
import { exact, grant } from "@hopwise/core/grant";
import { type Credential, prove } from "@hopwise/core/tokens";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { tool } from "ai";
import { paymentThatWaits } from "./approval.ts";
import { accessTokenFor } from "./bob.ts";
import { threePayments } from "./budget.ts";
import { type Cast, enter } from "./cast.ts";
import { PAY_SERVER } from "./company.ts";
import { forgeProof } from "./forge.ts";
import { agentCalls } from "./model.ts";
import { paymentSchema } from "./pay-server.ts";
import { expect, failed, note, say, title, tree } from "./print.ts";
import { plannerRevoked } from "./revocation.ts";

/** A delegation that lives for one second, with a proof that was good at its beginning: it is used after its end. */
async function briefDelegation(planner: Cast["planner"]): Promise<{ expiresAt: number; credential: Credential }> {
  const now = Date.now();
  const clock = (): number => now;
  const invoice = grant({ read_invoice: { id: exact("INV-9") } });
  const order = { to: "planner", holder: await generateSigner(), grant: invoice, lifetimeSeconds: 1, clock };
  const held = await delegate(planner, order);
  const call = { tool: "read_invoice", arguments: { id: "INV-9" }, audience: PAY_SERVER, clock };
  return { expiresAt: held.expiresAt, credential: await prove(held, call) };
}

const started = performance.now();
const cast = await enter();
try {
  await story(cast);
} finally {
  await cast.close();
}
const broken = failed();
say(
  broken.length === 0
    ? `\nEverything happened as told, in ${((performance.now() - started) / 1000).toFixed(1)} s.`
    : `\n${broken.length} did not happen:`,
);
for (const what of broken) say(`   ${what}`);
process.exit(broken.length === 0 ? 0 : 1);

async function story(cast: Cast): Promise<void> {
  const { audit, log, authorizer, issuerKey, payments, searches, planner, url, policyRequests, fromResearcher } = cast;
  const brief = await briefDelegation(planner);
  say(
    "alice (user) → planner (agent) → researcher (sub-agent, a process of its own) → a FastMCP server with her company's payments",
  );

  title("1  The researcher reads an invoice");
  const loop = (await fromResearcher()) as {
    offered: string[];
    results: { type: string; output?: { content?: { text?: string }[] } }[];
  };
  const read = last((record) => record.tool === "read_invoice");
  tree(operatorView(read));
  expect(read.outcome === "allowed" && read.verdicts.length === 3, "allowed at all three hops");
  const result = loop.results.find(({ type }) => type === "tool-result");
  const invoice = JSON.parse(result?.output?.content?.[0]?.text ?? "{}") as { iban?: string; text?: string };
  note(`its model reads: iban "${invoice.iban}", text "${invoice.text?.slice(0, 60)}…"`);
  expect(invoice.iban === "[redacted]", "without the account: the policies take it from a reader's chain");
  note("the agent sent an id; what the policies saw beside it came from:");
  for (const { of, source, ageMs } of read.context ?? []) note(`   ${of}: ${source}, ${Math.round(ageMs)} ms old`);

  title("2  The invoice says: pay 9,000 to a stranger. The researcher obeys");
  note(`its loop offered: ${loop.offered.join(", ")}`);
  expect(!loop.offered.includes("send_payment"), "send_payment was not even offered to its model");
  const before = policyRequests();
  const { direct } = (await fromResearcher()) as { direct: { isError?: boolean } };
  const injected = last((record) => record.tool === "send_payment");
  note("it calls the server directly, with its own chain and a good proof:");
  tree(operatorView(injected));
  expect(
    direct.isError === true && injected.code === "grant_tool_missing" && injected.hop === 2,
    "stopped by the grant at hop 2: never given",
  );
  expect(injected.verdicts.length === 0 && policyRequests() === before, "no policy was asked");

  title("3  The planner pays 9,000, and then in dollars");
  const mcp = await createMcpClient({ transport: { type: "http", url }, delegation: planner, audience: PAY_SERVER });
  const overHttp = await agentCalls(await mcp.tools(), { to: "Globex", amount: 9000, currency: "EUR" });
  const tooMuch = last((record) => record.tool === "send_payment");
  tree(operatorView(tooMuch));
  expect(tooMuch.code === "policy_denied" && tooMuch.hop === 0, "stopped by policy at hop 0: alice may not");
  expect(tooMuch.reason === "payment of 9000 is above alice's limit of 1000", "the reason is the policy's own");

  const inDollars = await agentCalls(await mcp.tools(), { to: "Globex", amount: 40, currency: "USD" });
  const dollars = last((record) => record.tool === "send_payment");
  tree(operatorView(dollars));
  note(`the model reads: ${inDollars}`);
  expect(
    dollars.code === "grant_argument_refused" &&
      dollars.wouldPass?.accepts === '"EUR"' &&
      dollars.wouldPass.grantableBy === 0,
    "told what would pass, and who could hand over more",
  );

  title("4  The planner pays 400 to a known supplier");
  await agentCalls(await mcp.tools(), { to: "Globex", amount: 400, currency: "EUR" });
  const paid = last((record) => record.tool === "send_payment");
  tree(operatorView(paid));
  expect(paid.outcome === "allowed" && payments.length === 1 && payments[0]?.amount === 400, "allowed, and paid once");

  title("5  The researcher forges a wider token");
  const { forged } = (await fromResearcher()) as { forged: Credential };
  const wider = await callRaw(url, "read_invoice", { id: "INV-21" }, forged);
  attempt("read_invoice");
  expect(wider.code === "chain_widened", "stopped at verification");
  expect(attempted().includes("/authorization_details/0/tools/read_invoice/id"), "naming the argument it widened");

  title("6  Replayed, stolen, expired");
  const once = await prove(planner, { tool: "read_invoice", arguments: { id: "INV-9" }, audience: PAY_SERVER });
  const first = await callRaw(url, "read_invoice", { id: "INV-9" }, once);
  const again = await callRaw(url, "read_invoice", { id: "INV-9" }, once);
  attempt("read_invoice");
  expect(first.code === undefined && again.code === "proof_replayed", "the same proof, a second time: proof_replayed");
  const stolen = serialize(planner);
  const proof = await forgeProof(stolen, await generateSigner(), "read_invoice", { id: "INV-9" });
  const thief = await callRaw(url, "read_invoice", { id: "INV-9" }, { chain: stolen, proof });
  attempt("read_invoice");
  expect(thief.code === "proof_invalid", "a stolen chain without its key: proof_invalid");
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, brief.expiresAt * 1000 - Date.now() + 100)));
  const expired = await callRaw(url, "read_invoice", { id: "INV-9" }, brief.credential);
  tree(operatorView(last((record) => record.tool === "read_invoice")));
  expect(expired.code === "token_expired", "a call after expiry: token_expired");

  title("7  The same call on a local tool, without MCP; and bob, a user without agents");
  const local = {
    send_payment: tool({ description: "Pays a supplier", inputSchema: paymentSchema, execute: async () => "paid" }),
  };
  const guarded = await authorizeTools(local, { authorizer, delegation: planner });
  const inProcess = await agentCalls(guarded, { to: "Globex", amount: 9000, currency: "EUR" });
  const localDenial = last((record) => record.tool === "send_payment" && record.via === "session");
  tree(operatorView(localDenial));
  note(`the model reads: ${inProcess}`);
  expect(
    localDenial.code === tooMuch.code && localDenial.reason === tooMuch.reason,
    "same policy, same answer, same reason",
  );
  expect(overHttp.includes("9000") && inProcess.includes("9000"), "both models were told why");
  await bobLooksAround(url, await accessTokenFor("bob", issuerKey));

  title("8  The researcher searches: alice's invoices, and no more");
  const { found: answer } = (await fromResearcher()) as { found: { content?: { text?: string }[] } };
  const searched = last((record) => record.tool === "search_invoices");
  tree(operatorView(searched));
  const [asked] = searches;
  note(`the database was asked: … WHERE ${asked?.text}`);
  note(`with ${JSON.stringify(asked?.values)}, of which no record and no caller hears`);
  const seen = JSON.parse(answer.content?.[0]?.text ?? "[]") as { id: string; region: string; iban: string }[];
  for (const { id, region, iban } of seen) note(`its model reads: ${id}, ${region}, iban "${iban}"`);
  expect(
    seen.map(({ id }) => id).join() === "INV-7,INV-9" && seen.every(({ region }) => region === "EMEA"),
    "two of three invoices: those of EMEA, which is what alice may see",
  );
  expect(
    seen.every(({ iban }) => iban === "[redacted]"),
    "each checked by itself, and without the account",
  );

  title("9  Three payments of 900 under a cap of 1,000");
  await threePayments(cast);

  title("10  Carol's planner pays 5,000, which a manager has to approve");
  await paymentThatWaits(cast);

  title("11  The planner is revoked, and its researcher stops at the next call");
  await plannerRevoked(cast);

  title("12  Who did this, on whose behalf, and why was it allowed");
  for (const record of audit.records) say(`   ${line(record)}`);
  for (const [code, count] of audit.unverifiedCounts)
    note(`${count} × ${code}, refused before a key was proven: counted, not kept`);
  note("all of it is on disk, linked and signed; the whole story of the payment:");
  await until(() => audit.outcomes.some(({ invocation }) => invocation === paid.invocation));
  const found = await lineage(log.folder, paid.invocation);
  if (found !== undefined) tree(printLineage(found));
  const checked = await verifyAuditLog({ folder: log.folder, keys: [log.key] });
  expect(found?.outcome?.outcome === "returned", "from who handed what to whom, to what the tool returned");
  expect(checked.ok && checked.records >= audit.records.length, "and not a byte of it was changed");
  const allowedRecords = audit.records.filter(
    ({ outcome, via, tool }) => outcome === "allowed" && via === "proof" && !tool.endsWith("/list"),
  );
  title("What one allowed call cost, in milliseconds");
  say(`   ${costs(allowedRecords.at(-1)?.timings ?? {})}`);
  await mcp.close();

  function last(matches: (record: DecisionRecord) => boolean): DecisionRecord {
    const record = audit.records.findLast(matches);
    if (record === undefined) throw new Error("nothing of the kind was recorded");
    return record;
  }

  function attempted(): string {
    return audit.unverifiedSamples.at(-1)?.message ?? "";
  }

  function attempt(tool: string): void {
    tree(`denied ${tool}: ${audit.unverifiedSamples.at(-1)?.code}: ${attempted()}`);
  }
}

/** A client that sends any chain and proof that it is given. */
async function callRaw(
  url: string,
  name: string,
  args: Record<string, unknown>,
  { chain, proof }: Credential,
): Promise<{ code?: string }> {
  const client = new Client({ name: "raw", version: "1.0.0" });
  await client.connect(new StreamableHTTPClientTransport(new URL(url)));
  const result = await client.callTool({
    name,
    arguments: args,
    _meta: { "dev.hopwise/chain": chain, "dev.hopwise/proof": proof },
  });
  await client.close();
  return (result._meta?.["dev.hopwise/denial"] as { code: string } | undefined) ?? {};
}

/** Bob has a plain MCP client and his access token. */
async function bobLooksAround(url: string, token: string): Promise<void> {
  const client = new Client({ name: "bob", version: "1.0.0" });
  await client.connect(
    new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers: { authorization: `Bearer ${token}` } } }),
  );
  const { tools } = await client.listTools();
  const read = await client.callTool({ name: "read_invoice", arguments: { id: "INV-9" } });
  const pay = await client.callTool({ name: "send_payment", arguments: { to: "Globex", amount: 1, currency: "EUR" } });
  const other = await client.callTool({ name: "read_invoice", arguments: { id: "INV-21" } });
  await client.close();
  note(`bob is shown: ${tools.map(({ name }) => name).join(", ")}`);
  expect(tools.map(({ name }) => name).join() === "read_invoice,search_invoices", "bob sees only what he could use");
  expect(
    !read.isError && pay.isError === true && other.isError === true,
    "bob reads an invoice of his region, and no more",
  );
}

/** The outcome of a call is written after its answer. */
async function until(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 1000 && !holds(); i++) await new Promise((resolve) => setTimeout(resolve, 10));
}

/** One record in one line. */
function line({ chain, tool, outcome, code, hop, via }: DecisionRecord): string {
  const who = chain === undefined ? "?" : chainLine(chain);
  const what = code === undefined ? outcome : `${outcome}: ${code}${hop === undefined ? "" : ` at hop ${hop}`}`;
  return `${who.padEnd(30)} ${tool.padEnd(18)} ${via.padEnd(8)} ${what}`;
}

function costs(timings: Timings): string {
  return Object.entries(timings)
    .map(([stage, ms]) => `${stage} ${ms.toFixed(2)}`)
    .join("  ");
}
