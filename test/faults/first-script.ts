/**
 * The first script that somebody writes: a process that issues, proves and authorizes, as soon as it has begun. It is
 * also the server after a restart: what an earlier process let in, it is shown again. Prints what came of it.
 */
import {
  createAuthorizer,
  createIssuer,
  inMemoryAgents,
  inMemoryUsers,
  memoryAudit,
  signerFromJwk,
} from "@hopwise/core";
import { anyArguments, grant } from "@hopwise/core/grant";
import { answeringPdp } from "@hopwise/core/testing";
import { type Credential, prove } from "@hopwise/core/tokens";

export interface FirstScriptSetup {
  readonly issuerKey: object;
  readonly agentKey: object;
  /** What an earlier process let in. */
  readonly before?: Credential;
}

export interface FirstScriptReport {
  /** `allowed`, or the code. */
  readonly own: string;
  readonly again: string;
  /** What came of the earlier process's credential: the code, and the rule that it broke. */
  readonly before?: string;
  readonly credential: Credential;
  /** When the process began, in milliseconds since the epoch. */
  readonly began: number;
}

const issuer = "https://id.example";
const audience = "https://srv.example/mcp";
const setup: FirstScriptSetup = JSON.parse(process.env["FIRST_SCRIPT"] ?? "{}");
const [signer, holder] = await Promise.all([setup.issuerKey, setup.agentKey].map((jwk) => signerFromJwk(jwk as never)));
if (signer === undefined || holder === undefined) throw new Error("no keys");
const { issue, trustAnchor } = await createIssuer({
  issuer,
  signer,
  audiences: [audience],
  subjects: "any",
  tools: "any",
});
const authorizer = createAuthorizer({
  cerbos: answeringPdp(),
  audience,
  trust: [trustAnchor],
  users: inMemoryUsers({ [issuer]: { ann: { roles: ["user"] } } }),
  agents: inMemoryAgents({ bot: { roles: ["bot"], keys: [holder.publicJwk] } }),
  tools: { hello: { kind: "thing", action: "hello" } },
  delegation: "grants-only",
  audit: memoryAudit(),
  // On a busy machine, too, what came before is refused for its time alone.
  limits: { proofWindowSeconds: 3600 },
});
const call = { tool: "hello", arguments: {} };
const held = await issue({ subject: "ann", agent: "bot", holder, grant: grant({ hello: anyArguments }) });

async function outcomeOf(credential: Credential): Promise<string> {
  const decision = await authorizer.authorize({ ...call, credential });
  return decision.outcome === "denied" ? `${decision.code} ${decision.message}` : decision.outcome;
}

const credential = await prove(held, { ...call, audience });
const report: FirstScriptReport = {
  own: await outcomeOf(credential),
  again: await outcomeOf(credential),
  ...(setup.before !== undefined && { before: await outcomeOf(setup.before) }),
  credential,
  began: performance.timeOrigin,
};
process.stdout.write(JSON.stringify(report));
