/** Nothing that a program can print has members without a value: what is not known is not there. */
import { authorizeTools, ToolDenied } from "@hopwise/ai-sdk";
import { lineage, openAuditLog, verifyAuditLog } from "@hopwise/audit";
import { explain, generateSigner, HopwiseError, parseDelegation, serialize } from "@hopwise/core";
import { modelView } from "@hopwise/core/adapter";
import type { DecisionRecord } from "@hopwise/core/audit";
import { diff } from "@hopwise/core/grant";
import { prove } from "@hopwise/core/tokens";
import { tool } from "ai";
import { describe, expect, it } from "vitest";
import { paymentSchema } from "../../examples/finance-team/pay-server.ts";
import { CODES, type ErrorCode } from "../../packages/core/src/codes.ts";
import { denied, GOOD } from "../support/calls.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { worldHere } from "../support/world.ts";
import { INVOICE, print } from "./case.ts";

const world = await worldHere();

const UNSET = /(?:: |\[ ?|, )undefined\b/;

describe("an error", () => {
  it.each(Object.keys(CODES) as ErrorCode[])("of %s prints what it has, whatever was left out of it", (code) => {
    const unset = { hop: undefined, pointer: undefined, rule: undefined, reason: undefined, wouldPass: undefined };
    for (const detail of [{}, unset, { ...unset, nonce: undefined, cause: undefined }]) {
      const printed = print(new HopwiseError(code, "what is wrong", detail));
      expect(printed).toContain(`code: '${code}'`);
      expect(printed).not.toMatch(UNSET);
    }
    expect(print(new HopwiseError(code, "what is wrong", { hop: 1, cause: new Error("why") }))).toContain("hop: 1");
  });

  it("of a tool that was denied prints no member without a value, and not the decision", async () => {
    const { authorizer } = world.authorizer();
    const tools = { send_payment: tool({ inputSchema: paymentSchema, execute: async () => "paid" }) };
    const guarded = await authorizeTools(tools, { authorizer, delegation: world.planner });
    const call = guarded.send_payment.execute?.(
      { ...GOOD, amount: 9000 },
      { toolCallId: "1", messages: [], context: {} },
    );
    const error = await Promise.resolve(call).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ToolDenied);
    expect(print(error)).not.toMatch(UNSET);
    expect(print(error)).not.toContain("verdicts");
    expect(print((error as ToolDenied).decision)).not.toMatch(UNSET);
  });
});

/** One call that is allowed and one that is not, their records, and a list. */
async function calls() {
  const { authorizer, audit } = world.authorizer();
  const session = await authorizer.openSession(world.researcher);
  const call = (id: string) => session.authorize({ tool: "read_invoice", arguments: { id }, fulfils: true });
  const allowed = await call(INVOICE);
  if (allowed.outcome === "allowed") await authorizer.report(allowed, { outcome: "returned", result: { iban: "x" } });
  const refused = denied(await call("INV-21"));
  const listing = await session.list([{ tool: "read_invoice" }, { tool: "send_payment" }]);
  return { allowed, refused, listing, audit };
}

/** What the packages hand out; each as a program may print it. */
const VALUES: { readonly [what: string]: () => Promise<unknown> } = {
  "an allowance": async () => (await calls()).allowed,
  "a denial": async () => (await calls()).refused,
  "a list": async () => (await calls()).listing,
  "the records and outcomes": async () => {
    const { audit } = await calls();
    return [audit.records, audit.outcomes];
  },
  "the explanation of a record": async () => (await calls()).audit.records.map((record) => explain(record)),
  "the view for a model": async () => modelView((await calls()).refused),
  "a stranger's attempt": async () => {
    const { authorizer, audit } = world.authorizer();
    await authorizer.authorize({ tool: "read_invoice", arguments: {}, credential: undefined });
    return audit.unverifiedSamples;
  },
  "a held delegation": async () => world.researcher,
  "a parsed delegation": async () => parseDelegation(serialize(world.researcher)),
  "a proof": async () => prove(world.planner, { tool: "x", arguments: {}, audience: "https://pay.acme.example/mcp" }),
  "a key": async () => (await generateSigner()).publicJwk,
  "an issuer's anchor": async () => world.issuer.trustAnchor,
  "a comparison of grants": async () => diff(world.planner.grant, world.researcher.grant),
  "an audit log, verified and told": async () => {
    const folder = temporaryFolder();
    const signer = await generateSigner();
    const log = await openAuditLog({ folder, signer });
    const { audit } = await calls();
    for (const record of audit.records) await log.record(record);
    await log.close();
    const { invocation } = audit.records[0] as DecisionRecord;
    return [await verifyAuditLog({ folder, keys: [signer.publicJwk] }), await lineage(folder, invocation)];
  },
};

describe("printed to its last member", () => {
  it.each(Object.entries(VALUES))("%s has no member without a value", async (_, value) => {
    expect(print(await value())).not.toMatch(UNSET);
  });
});
