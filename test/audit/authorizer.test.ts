/** The audit log under a real authorizer, on the real PDP. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { authorizeTools } from "@hopwise/ai-sdk";
import { lineage, openAuditLog, printLineage, readAuditLog, verifyAuditLog } from "@hopwise/audit";
import { startPdp } from "@hopwise/cerbos";
import { type Allowed, generateSigner, signerFromJwk } from "@hopwise/core";
import type { DecisionRecord } from "@hopwise/core/audit";
import { createCompany } from "@hopwise/core/testing";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { tool } from "ai";
import { calculateJwkThumbprint, compactVerify, exportJWK, generateKeyPair, importJWK } from "jose";
import { describe, expect, it, onTestFinished } from "vitest";
import { paymentSchema } from "../../examples/finance-team/pay-server.ts";
import { callTool, carrying, connected } from "../support/mcp/client.ts";
import { STORY_POLICIES } from "../support/story-pdp.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { worldHere } from "../support/world.ts";
import type { AuditServerSetup } from "./server.ts";

const world = await worldHere();
const signer = await generateSigner();

async function decisionsOf(folder: string, name: string): Promise<readonly DecisionRecord[]> {
  const found: DecisionRecord[] = [];
  for await (const { record } of readAuditLog(folder, { tool: name }))
    if (record.kind === "decision") found.push(record);
  return found;
}

const GOOD = { to: "Globex", amount: 400, currency: "EUR" };

describe("an authorizer with a durable audit log", () => {
  it("has the decision on disk before the tool runs, and the log verifies at that moment", async () => {
    const folder = temporaryFolder();
    const audit = await openAuditLog({ folder, signer });
    const { authorizer } = world.authorizer({ audit });
    const seen: (readonly DecisionRecord[])[] = [];
    const send_payment = tool({
      inputSchema: paymentSchema,
      execute: async () => {
        expect(await verifyAuditLog({ folder, keys: [signer.publicJwk] })).toMatchObject({ ok: true });
        seen.push(await decisionsOf(folder, "send_payment"));
        return "paid";
      },
    });
    const tools = await authorizeTools({ send_payment }, { authorizer, delegation: world.planner });
    const options = { toolCallId: "1", messages: [], context: {} };
    expect(await tools.send_payment.execute?.(GOOD, options as never)).toBe("paid");
    expect(seen[0]).toMatchObject([
      { outcome: "allowed", chain: { hops: [{ id: "alice" }, { id: "agent:planner" }] } },
    ]);
    const { invocation = "" } = seen[0]?.[0] ?? {};
    await expect.poll(async () => (await lineage(folder, invocation))?.outcome).toMatchObject({ outcome: "returned" });
    await audit.close();
    expect(JSON.stringify(await decisionsOf(folder, "send_payment"))).not.toContain("Globex");
  });

  it("has each decision, however long the arguments are that it was to keep", async () => {
    const folder = temporaryFolder();
    const audit = await openAuditLog({ folder, signer });
    const company = await createCompany();
    const authorizer = company.authorizer({
      audit,
      limits: { argumentsSize: 8 * 1024 * 1024 },
      tools: { send_payment: { kind: "payment", action: "pay", keepInRecord: ["to", "note"] } },
    });
    const session = await authorizer.openSession(await company.chain("alice", "planner"));
    const note = "x".repeat(3_000_000);
    const args = { to: "ACME", note };
    expect(await session.authorize({ tool: "send_payment", arguments: args })).toMatchObject({ outcome: "allowed" });
    await audit.close();
    expect(await decisionsOf(folder, "send_payment")).toMatchObject([
      { outcome: "allowed", arguments: { to: "ACME" }, argumentsTooLong: ["note"] },
    ]);
  });

  it("records denials, with who was stopped and why; what nobody signed is only counted", async () => {
    const folder = temporaryFolder();
    const audit = await openAuditLog({ folder, signer });
    const { authorizer } = world.authorizer({ audit });
    const session = await authorizer.openSession(world.planner);
    await session.authorize({ tool: "send_payment", arguments: { ...GOOD, amount: 9000 } });
    await authorizer.authorize({
      tool: "send_payment",
      arguments: GOOD,
      credential: { chain: "x", proof: "y" } as never,
    });
    await audit.close();
    const [denied, ...others] = await decisionsOf(folder, "send_payment");
    expect(others).toEqual([]);
    expect(Object.fromEntries(audit.unverifiedCounts)).toEqual({ token_malformed: 1 });
    const story = await lineage(folder, denied?.invocation as string);
    expect(printLineage(story as NonNullable<typeof story>)).toMatch(
      /^denied send_payment: policy_denied: payment of 9000 is above alice's limit of 1000\n/,
    );
  });

  it("tells the story of a call from the user to the outcome", async () => {
    const folder = temporaryFolder();
    const audit = await openAuditLog({ folder, signer });
    const { authorizer } = world.authorizer({ audit });
    const session = await authorizer.openSession(world.researcher);
    const call = { tool: "read_invoice", arguments: { id: "INV-7" }, fulfils: true };
    const decision = (await session.authorize(call)) as Allowed;
    expect(decision.outcome).toBe("allowed");
    const { invocation } = decision;
    await authorizer.report(decision, { outcome: "returned", result: "400 EUR for paper", redacted: ["/account"] });
    await audit.close();
    const story = printLineage((await lineage(folder, invocation)) as never);
    expect(story).toMatch(/alice .*\n +of https:\/\/id\.acme\.example/);
    expect(story).toMatch(/agent:planner .*\n +was handed .*read_invoice.* by https:\/\/id\.acme\.example/);
    expect(story).toMatch(/agent:researcher .*\n +was handed read_invoice by agent:planner/);
    expect(story).toContain("called in a session");
    expect(story.match(/ allows \(resource\.invoice/g)).toHaveLength(3);
    expect(story.match(/Cerbos call \w+/g)).toHaveLength(3);
    expect(story).toMatch(
      /outcome: returned after \d+ ms at .*, result sha-256 .*, taken out of it: \/account, nothing was found in it at: \/iban$/,
    );
    // The grant's own words may name a value. The argument and the result are nowhere.
    expect(story).toContain('for this call: id is one of "INV-7"');
    expect(story.replace(/for this call: .*/g, "")).not.toMatch(/INV-7|paper/);
  });

  it("says of a call whose process was killed between the record and the tool that nothing came of it", async () => {
    const folder = temporaryFolder();
    const key = await exportJWK((await generateKeyPair("Ed25519", { extractable: true })).privateKey);
    const setup: AuditServerSetup = {
      target: world.pdp.target,
      anchor: world.issuer.trustAnchor,
      keys: { planner: world.keys.planner.publicJwk, researcher: world.keys.researcher.publicJwk },
      folder,
      key,
    };
    const transport = new StdioClientTransport({
      command: process.execPath,
      args: [fileURLToPath(new URL("server.ts", import.meta.url))],
      env: { AUDIT_SERVER: JSON.stringify(setup) },
    });
    const client = await connected(carrying(transport, world.planner));
    await expect(callTool(client, "send_payment", GOOD)).rejects.toThrow("closed");
    const serverSigner = await signerFromJwk(key as never);
    const restarted = await openAuditLog({ folder, signer: serverSigner });
    await restarted.close();
    const found = await verifyAuditLog({ folder, keys: [serverSigner.publicJwk] });
    expect(found).toMatchObject({ ok: true });
    const [decision] = await decisionsOf(folder, "send_payment");
    expect(decision).toMatchObject({ outcome: "allowed" });
    const story = printLineage((await lineage(folder, decision?.invocation as string)) as never);
    expect(story).toContain("no outcome: cut off, or never heard of again");
  });

  it("joins Cerbos' own decision log, by call id and by annotations, hop by hop", async () => {
    const folder = temporaryFolder();
    const decisionLog = join(folder, "cerbos.jsonl");
    const pdp = await startPdp({ policies: STORY_POLICIES, decisionLog });
    onTestFinished(() => pdp.close());
    const audit = await openAuditLog({ folder: join(folder, "log"), signer });
    const { authorizer } = world.authorizer({ audit, cerbos: pdp });
    const session = await authorizer.openSession(world.researcher);
    for (const id of ["INV-7", "INV-9"]) await session.authorize({ tool: "read_invoice", arguments: { id } });
    await audit.close();
    await pdp.close(); // writes out what it still holds
    const entries = readFileSync(decisionLog, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    const records = await decisionsOf(join(folder, "log"), "read_invoice");
    expect(records).toHaveLength(2);
    for (const { verdicts, invocation, chain } of records) {
      expect(verdicts).toHaveLength(3);
      for (const { cerbosCallId, hop, id } of verdicts) {
        const entry = entries.find(({ callId }) => callId === cerbosCallId);
        expect(entry?.checkResources.inputs[0].principal.id).toBe(id);
        expect(entry?.requestContext.annotations).toEqual({
          "hopwise.invocation": invocation,
          "hopwise.hop": hop,
          "hopwise.chain": chain?.id,
        });
      }
    }
  });
});

describe("the format of the log", () => {
  it("can be verified with SHA-256 and any JOSE library, as packages/audit/README.md specifies it", async () => {
    const folder = temporaryFolder();
    const audit = await openAuditLog({ folder, signer, rotate: { bytes: 2000 } });
    const { authorizer } = world.authorizer({ audit });
    const session = await authorizer.openSession(world.planner);
    for (const id of ["INV-7", "INV-9", "INV-21"]) await session.authorize({ tool: "read_invoice", arguments: { id } });
    await audit.close();

    const key = await importJWK({ ...signer.publicJwk }, "Ed25519");
    const hashes: string[] = ["0".repeat(64)];
    const signed: unknown[] = [];
    const files = readdirSync(folder).sort();
    expect(files.length).toBeGreaterThan(1);
    for (const text of files.map((file) => readFileSync(join(folder, file), "utf8"))) {
      for (const line of text.split(/(?<=\n)/)) {
        const { seq, prev, segment, checkpoint } = JSON.parse(line);
        expect([seq, prev]).toEqual([hashes.length - 1, hashes.at(-1)]);
        hashes.push(createHash("sha256").update(line).digest("hex"));
        if (segment !== undefined) expect(segment.key).toBe(await calculateJwkThumbprint({ ...signer.publicJwk }));
        if (checkpoint === undefined) continue;
        const { payload, protectedHeader } = await compactVerify(checkpoint, key);
        expect(protectedHeader).toMatchObject({ typ: "hopwise-audit-checkpoint" });
        const statement = JSON.parse(new TextDecoder().decode(payload));
        expect(statement.hash).toBe(hashes[statement.seq + 1]);
        signed.push(statement.seq);
      }
    }
    expect(signed.at(-1)).toBe(hashes.length - 3);
    expect(audit.head.hash).toBe(hashes.at(-1));
  });
});
