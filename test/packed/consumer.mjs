// Runs where only the packed @hopwise/core and @hopwise/cerbos are installed: plain JavaScript on plain Node.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { startPdp } from "@hopwise/cerbos";
import * as hopwise from "@hopwise/core";
import { grant, range, wildcard } from "@hopwise/core/grant";
import { prove } from "@hopwise/core/tokens";

// The conditions of package.json's imports lead to what was built, not to sources that are not there.
const core = createRequire(import.meta.resolve("@hopwise/core"));
assert.match(core.resolve("#crypto"), /dist.crypto.node\.js$/);

const { createIssuer, delegate, generateSigner } = hopwise;
const issuerUri = "https://id.example";
const audience = "https://pay.example/mcp";
const [signer, planner, payer] = await Promise.all([generateSigner(), generateSigner(), generateSigner()]);

const issuer = await createIssuer({
  issuer: issuerUri,
  signer,
  audiences: [audience],
  subjects: ["ann"],
  tools: "any",
});
const wide = grant({ send_payment: { to: wildcard(), amount: range({ max: 5000 }) } });
const root = await issuer.issue({ subject: "ann", agent: "planner", holder: planner, grant: wide });
const held = await delegate(root, { to: "payer", holder: payer, grant: wide });

const pdp = await startPdp({ policies: "./policies" });
const authorizer = hopwise.createAuthorizer({
  cerbos: pdp,
  audience,
  trust: [issuer.trustAnchor],
  users: hopwise.inMemoryUsers({ [issuerUri]: { ann: { roles: ["clerk"] } } }),
  agents: hopwise.inMemoryAgents({
    planner: { roles: ["clerk_agent"], keys: [planner.publicJwk] },
    payer: { roles: ["clerk_agent"], keys: [payer.publicJwk] },
  }),
  tools: { send_payment: { kind: "payment", action: "send", id: "to" } },
  delegation: "grants-only",
  audit: hopwise.memoryAudit(),
  state: hopwise.memoryState({ since: 0 }),
});

const pay = async (amount) => {
  const call = { tool: "send_payment", arguments: { to: "acme", amount } };
  const decision = await authorizer.authorize({ ...call, credential: await prove(held, { ...call, audience }) });
  console.log(hopwise.explain(decision));
  return decision;
};

const decisions = [await pay(900), await pay(4000), await pay(9000)];
await pdp.close();
assert.deepEqual(
  decisions.map((it) => it.code ?? it.outcome),
  ["allowed", "policy_denied", "grant_argument_refused"],
);
