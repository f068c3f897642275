import { delegate, generateSigner, type HeldDelegation, hold, parseDelegation, serialize } from "@hopwise/core";
import { exact, grant, range, wildcard } from "@hopwise/core/grant";
import { type Company, createCompany, type TestAuthorizer } from "@hopwise/core/testing";
import type { Credential } from "@hopwise/core/tokens";
import { beforeAll, describe, expect, it } from "vitest";
import { claimsOf, forge } from "../packages/core/src/world.fixture.ts";

/*
 * What somebody tries first who reads the token format, each in a few lines. alice lets the planner pay up to 1,000; the
 * planner lets the researcher pay up to 100, to ACME alone.
 */

const PAYMENT = { tool: "send_payment", arguments: { to: "ACME", amount: 90 } };

let company: Company<"planner" | "researcher" | "mallory">;
let planner: HeldDelegation;
let researcher: HeldDelegation;
let authorizer: TestAuthorizer;
beforeAll(async () => {
  const role = { roles: ["agent"] };
  company = await createCompany({ agents: { planner: role, researcher: role, mallory: role } });
  const upTo = (max: number, to = wildcard() as ReturnType<typeof wildcard> | ReturnType<typeof exact>) =>
    grant({ send_payment: { to, amount: range({ max }) } });
  planner = await company.chain("alice", { to: "planner", grant: upTo(1000) });
  researcher = await company.delegate(planner, { to: "researcher", grant: upTo(100, exact("ACME")) });
  authorizer = company.authorizer();
});

const proof = (held: HeldDelegation, call = PAYMENT): Promise<Credential> =>
  company.credential(held, call.tool, call.arguments);

/** The code that a call gets, or "allowed". */
async function said(credential: Credential, call: object = PAYMENT): Promise<string> {
  const decision = await authorizer.authorize({ ...PAYMENT, ...call, credential });
  return decision.outcome === "denied" ? decision.code : decision.outcome;
}

/** The last token of a chain with other claims, signed by whoever holds `by`. */
async function resigned(held: HeldDelegation, changed: object, by: HeldDelegation["signer"]): Promise<string> {
  const tokens = serialize(held).split("~");
  const last = tokens.at(-1) as string;
  const header = JSON.parse(Buffer.from(last.split(".")[0] as string, "base64url").toString()) as object;
  return [...tokens.slice(0, -1), await forge({ ...header }, { ...claimsOf(last), ...changed }, by)].join("~");
}

const details = (max: number) => ({
  authorization_details: [
    {
      type: "attenuating_agent_token",
      tools: { send_payment: { to: { constraint_type: "wildcard" }, amount: { constraint_type: "range", max } } },
    },
  ],
});

describe("an attacker who reads the token format", () => {
  it("would be let in with what was handed over: the table below is not vacuous", async () => {
    expect(await said(await proof(researcher))).toBe("allowed");
  });

  it("hands over more than there was: neither made, nor accepted where it was signed all the same", async () => {
    const wider = { to: "mallory", holder: company.keys.mallory, grant: planner.grant, clock: company.clock };
    await expect(delegate(researcher, wider)).rejects.toMatchObject({ code: "chain_widened" });
    const forged = await resigned(researcher, details(5000), planner.signer);
    const held = await hold(await parseDelegation(forged), researcher.signer);
    expect(await said(await proof(held))).toBe("chain_widened");
  });

  it("forges a root with a key of one's own", async () => {
    const forged = await resigned(planner, { sub: "alice", ...details(1e6) }, company.keys.mallory);
    expect(await said(await proof(await hold(await parseDelegation(forged), planner.signer)))).toBe(
      "token_signature_invalid",
    );
  });

  it("swaps the arguments after the proof was made", async () => {
    expect(await said(await proof(researcher), { arguments: { to: "ACME", amount: 91 } })).toBe(
      "proof_arguments_mismatch",
    );
  });

  it("adds an argument that nobody handed over", async () => {
    const more = { ...PAYMENT, arguments: { ...PAYMENT.arguments, urgent: true } };
    expect(await said(await proof(researcher, more), more)).toBe("grant_argument_refused");
  });

  it("steps over a bound", async () => {
    for (const changed of [{ amount: 101 }, { to: "Globex" }]) {
      const call = { ...PAYMENT, arguments: { ...PAYMENT.arguments, ...changed } };
      expect(await said(await proof(researcher, call), call)).toBe("grant_argument_refused");
    }
  });

  it("has the chain, and not its key", async () => {
    const stolen = await parseDelegation(serialize(researcher));
    await expect(hold(stolen, await generateSigner())).rejects.toMatchObject({ code: "config_invalid" });
    const { chain } = await proof(researcher);
    const { proof: other } = await proof(planner);
    expect(await said({ chain, proof: other })).toBe("proof_invalid");
    expect(await said({ chain, proof: "" })).toMatch(/^proof_(missing|invalid)$/);
  });

  it("drops the last token, to stand where its maker stands", async () => {
    const [root = ""] = serialize(researcher).split("~");
    expect(await said({ chain: root, proof: (await proof(researcher)).proof })).toBe("proof_invalid");
  });

  it("presents the same proof twice, also for a call that was denied", async () => {
    const once = await proof(researcher);
    expect(await said(once)).toBe("allowed");
    expect(await said(once)).toBe("proof_replayed");
    const call = { ...PAYMENT, arguments: { to: "ACME", amount: 101 } };
    const denied = await proof(researcher, call);
    expect(await said(denied, call)).toBe("grant_argument_refused");
    expect(await said(denied, call)).toBe("proof_replayed");
  });

  it("takes it to another tool, or to another server", async () => {
    expect(await said(await proof(researcher), { tool: "read_invoice" })).toBe("proof_invalid");
    const elsewhere = company.authorizer({ audience: "https://other.acme.example/mcp" });
    const decision = await elsewhere.authorize({ ...PAYMENT, credential: await proof(researcher) });
    expect(decision).toMatchObject({ code: "audience_mismatch" });
  });
});
