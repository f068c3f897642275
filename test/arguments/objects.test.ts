import * as core from "@hopwise/core";
import type { Admission, Telemetry } from "@hopwise/core/adapter";
import * as audit from "@hopwise/core/audit";
import { openTelemetry } from "@hopwise/core/opentelemetry";
import * as sources from "@hopwise/core/sources";
import * as state from "@hopwise/core/state";
import * as testing from "@hopwise/core/testing";
import type * as tokens from "@hopwise/core/tokens";
import { describe } from "vitest";
import { allowedCall } from "../support/allowed-call.ts";
import { driverRows } from "./driver-rows.ts";
import { ANYTHING, type ArgumentRows, argumentRow, type Odd, OPTIONAL, OPTIONS, walkRows } from "./odd.ts";

const company = await testing.createCompany({ approvers: ["alice"] });
const held = await company.chain("alice", "planner");
const signer = await core.generateSigner();
const authorizer = company.authorizer();
const session = await authorizer.openSession(held);
const giveRows = { send_payment: { kind: "payment", action: "send", filter: {} } };
const rowAuthorizer = company.authorizer({ tools: giveRows, cerbos: testing.allowAll() });
const rowSession = await rowAuthorizer.openSession(held);
const call = { tool: "send_payment", arguments: { to: "ACME" } };
const user = { issuer: "https://id.acme.example", subject: "alice" };
const allowed = await allowedCall();
const NOW = Math.floor(Date.now() / 1000);
/** Names that nobody has, which are names all the same. */
const A_NAME: readonly Odd[] = ["empty text"];
const REFUSAL = { code: "guard_failed", message: "a guard's own fault" } as const;

/** Whoever calls may send anything: it ends as a denial. */
const authorizers: ArgumentRows<core.Authorizer> = {
  checkTool: argumentRow(authorizer.checkTool, () => ["send_payment"]),
  hasEntry: argumentRow(authorizer.hasEntry, () => ["mcp:resources/read"], A_NAME),
  authorize: argumentRow(authorizer.authorize, () => [{ ...call, user }], ANYTHING),
  admit: argumentRow(authorizer.admit, () => [{ ...call, user }], ANYTHING),
  refuse: argumentRow(authorizer.refuse, () => [call, REFUSAL], ANYTHING),
  openSession: argumentRow(authorizer.openSession, () => [held]),
  onChange: argumentRow(authorizer.onChange, () => [() => {}]),
  report: argumentRow(authorizer.report, () => [allowed, { outcome: "failed" }]),
  health: "takes nothing",
  close: "takes nothing",
};

const inboxes: ArgumentRows<core.Authorizer["approvals"]> = {
  list: "takes nothing",
  find: argumentRow(authorizer.approvals.find, () => ["nothing"], A_NAME),
  answer: argumentRow(authorizer.approvals.answer, () => ["nothing", "no answer"], A_NAME, []),
};

const sessions: ArgumentRows<core.Session> = {
  delegation: "is the one that it was opened with",
  authorize: argumentRow(session.authorize, () => [call]),
  filter: argumentRow(rowSession.filter, () => [call]),
  refuse: argumentRow(session.refuse, () => [call]),
  list: argumentRow(session.list, () => [[{ tool: "send_payment" }]], ["empty list"]),
  budgetLeft: "takes nothing",
} as ArgumentRows<core.Session>;

async function admitted(tool = "send_payment", by = authorizer): Promise<Admission> {
  const admission = await by.admit({ ...call, tool, user });
  if (admission.outcome === "denied") throw new Error(admission.message);
  return admission;
}

const admissions: ArgumentRows<Admission> = {
  decide: argumentRow(
    async (...args: []) => (await admitted()).decide(...args),
    () => [{ fulfils: true }],
    OPTIONS,
  ),
  filter: argumentRow(
    async (...args: []) => (await admitted("send_payment", rowAuthorizer)).filter(...args),
    () => [{ fulfils: true }],
    OPTIONS,
  ),
  list: argumentRow(
    async (...args: [never]) => (await admitted("mcp:tools/list")).list(...args),
    () => [[{ tool: "send_payment" }]],
    ["empty list"],
  ),
  refuse: argumentRow(
    async (...args: [never]) => (await admitted()).refuse(...args),
    () => [REFUSAL],
  ),
};

const issuers: ArgumentRows<core.Issuer> = {
  issue: argumentRow(company.issuer.issue as (...args: unknown[]) => unknown, () => [
    { subject: "alice", agent: "planner", holder: signer, grant: held.grant },
  ]),
};

const signers: ArgumentRows<core.Signer> = { sign: argumentRow(signer.sign, () => [new Uint8Array(3)]) };

const nowhere = core.remoteJwks("https://id.example/jwks.json", { fetch: () => Promise.reject(new Error("down")) });
const keySources: ArgumentRows<tokens.KeySource> = {
  find: argumentRow(nowhere.find, () => ["k1"]),
  renew: "the kid is for sources that ask by it; this one fetches its whole set",
  begin: "takes nothing",
  health: "takes nothing",
};

const trust = core.createTrust([]);
const trusts: ArgumentRows<core.Trust> = {
  replace: argumentRow(trust.replace, () => [[company.issuer.trustAnchor]], ["empty list"]),
  onChange: argumentRow(trust.onChange, () => [() => {}]),
};

const made = state.createNonces();
const nonces: ArgumentRows<state.Nonces> = {
  issue: argumentRow(made.issue, () => [NOW], [5]),
  timesOf: argumentRow(made.timesOf, () => ["nonce", NOW], A_NAME, [5]),
};

const replay = state.memoryReplay();
const replayStores: ArgumentRows<state.ReplayStore> = {
  claim: argumentRow(
    (key: string, until: number) => replay.claim(key, until),
    () => [crypto.randomUUID(), NOW + 60],
    A_NAME,
    [],
  ),
};

const revocations = state.memoryRevocations();
const revocationStores: ArgumentRows<state.MemoryRevocations> = {
  revoke: argumentRow(revocations.revoke, () => [{ agent: "nobody" }, NOW + 60], [], OPTIONS),
  lift: argumentRow(revocations.lift, () => [{ agent: "nobody" }, {}], [], OPTIONS),
  list: argumentRow(revocations.list, () => [{ agent: "nobody" }], OPTIONAL),
  onChange: argumentRow(revocations.onChange, () => [() => {}]),
  find: argumentRow(revocations.find, () => [
    { tokens: [], keys: [], agents: [], user: { issuer: "i", subject: "s" }, issuedAt: NOW },
  ]),
  health: "takes nothing",
};

const feed = state.revocationsOverHttp({
  url: "https://id.example/revocations",
  keys: [signer.publicJwk],
  audience: "https://revocations.example",
  fetch: () => Promise.reject(new Error("down")),
});
const feeds: ArgumentRows<state.FeedRevocations> = {
  find: argumentRow(feed.find, () => [
    { tokens: [], keys: [], agents: [], user: { issuer: "i", subject: "s" }, issuedAt: NOW },
  ]),
  refresh: "takes nothing",
  acceptEpoch: argumentRow(feed.acceptEpoch, () => ["e1"]),
  health: "takes nothing",
  onChange: argumentRow(feed.onChange, () => [() => {}]),
  close: "takes nothing",
};

type AnySource = Required<Pick<sources.Source<unknown, unknown>, "find" | "look">>;
const ALICE = { issuer: "https://id.acme.example", subject: "alice" };
const find = { name: "hr", find: () => undefined };
function sourceRows(source: object, key: unknown, ...takes: readonly Odd[][]): ArgumentRows<Partial<AnySource>> {
  const { find, look } = source as AnySource;
  const asked = (ask: AnySource["find"]) => argumentRow(ask as (key: unknown) => unknown, () => [key], ...takes);
  return { find: asked(find), look: look === undefined ? "is not there" : asked(look) };
}
const oidc = sources.oidcUsers({ user: () => ({ roles: ["clerk"] }) });
const loggedIn: ArgumentRows<Pick<sources.OidcUsers, "learn">> = {
  learn: argumentRow(oidc.learn, () => [{ iss: "https://id.example", sub: "ann", exp: NOW + 60 }]),
};

function sinkRows({ record, outcome, unverified }: audit.AuditSink): ArgumentRows<audit.AuditSink> {
  const attempt = { ...testing.sampleOutcome(), code: "proof_missing", message: "none came" };
  return {
    record: argumentRow(record, () => [testing.sampleDecision()]),
    outcome: outcome === undefined ? "is not there" : argumentRow(outcome, () => [testing.sampleOutcome()]),
    unverified: unverified === undefined ? "is not there" : argumentRow(unverified, () => [attempt]),
    health: "takes nothing",
  };
}
const screen = { write: (_: string, done?: () => void) => void done?.() };

const telemetry: ArgumentRows<Telemetry> = {
  begin: argumentRow(
    openTelemetry().begin,
    () => [{ invocation: "i", tool: "t", via: "proof", named: true }],
    ANYTHING,
  ),
  report: argumentRow(openTelemetry().report, () => [allowed, { outcome: "failed" }], ANYTHING, ANYTHING),
};

const clock = testing.testClock();
const clocks: ArgumentRows<testing.TestClock> = {
  set: argumentRow(clock.set, () => [5], [5]),
  advance: argumentRow(clock.advance, () => [5], [5]),
  reset: "takes nothing",
};
const pdp = testing.answeringPdp();
const pdps: ArgumentRows<Pick<testing.AnsweringPdp, "tell">> = { tell: argumentRow(pdp.tell, () => ["allow"]) };

const waitingAuthorizer = company.authorizer({
  cerbos: testing.answeringPdp(({ resource: { kind } }) =>
    kind === "payment" ? { effect: "allow", outputs: [{ approval: "large" }] } : "allow",
  ),
});
const waits = await waitingAuthorizer.call(held, "send_payment", { to: "ACME" });
const [request] = (await waitingAuthorizer.approvals.list()).map((shown) => shown.request);
const ANY_ARGUMENTS: readonly Odd[] = ["nothing", "null", "empty object"];

const companies: ArgumentRows<testing.Company> = {
  clock: "is a clock",
  chain: argumentRow(company.chain as (...args: unknown[]) => unknown, () => ["alice", "planner"]),
  delegate: argumentRow(company.delegate, () => [held, "researcher"]),
  authorizer: argumentRow(company.authorizer, () => [{}], OPTIONS),
  credential: argumentRow(
    company.credential,
    () => [held, "send_payment", { to: "ACME" }],
    [],
    ["empty text"],
    ANY_ARGUMENTS,
  ),
  approval: argumentRow(company.approval, () => ["alice", "yes", request]),
};
const TEST_CALL = [["empty text"], ["empty text"], ANY_ARGUMENTS, OPTIONS] as const;
const testAuthorizers: ArgumentRows<Pick<testing.TestAuthorizer, "call" | "filter" | "answer">> = {
  call: argumentRow(authorizer.call, () => [held, "send_payment", { to: "ACME" }, {}], ...TEST_CALL),
  filter: argumentRow(rowAuthorizer.filter, () => [held, "send_payment", { to: "ACME" }, {}], ...TEST_CALL),
  answer: argumentRow(waitingAuthorizer.answer, () => ["alice", "yes", waits]),
};

describe("an authorizer", () => walkRows(authorizers));
describe("a session", () => walkRows(sessions));
describe("an admission", () => walkRows(admissions));
describe("an issuer", () => walkRows(issuers));
describe("a signer", () => walkRows(signers));
describe("a source of keys", () => walkRows(keySources));
describe("trust that changes", () => walkRows(trusts));
describe("nonces", () => walkRows(nonces));
describe("a memory of proofs", () => walkRows(replayStores));
describe.each(Object.entries(driverRows(state.memoryDriver())))("a driver in memory: %s", (_, rows) =>
  walkRows(rows as ArgumentRows<object>),
);
describe("a memory of revocations", () => walkRows(revocationStores));
describe("the requests that wait for people", () => walkRows(inboxes));
describe("a feed of revocations", () => walkRows(feeds));
describe("users in memory", () => walkRows(sourceRows(company.users, ALICE)));
describe("users by a function", () => walkRows(sourceRows(sources.usersFrom(find), ALICE)));
describe("users who logged in", () => walkRows(sourceRows(oidc, ALICE)));
describe("a user who logs in", () => walkRows(loggedIn));
describe("attributes of users", () => walkRows(sourceRows(sources.userAttributesFrom(find), ALICE)));
describe("agents in memory", () => walkRows(sourceRows(core.inMemoryAgents({}), "planner", ["empty text"])));
describe("agents by a function", () => walkRows(sourceRows(sources.agentsFrom(find), "planner", ["empty text"])));
describe("attributes of resources", () => {
  const source = sources.resourceAttributesFrom({ ...find, key: "id" });
  walkRows(sourceRows(source, { tool: "read", arguments: { id: "1" }, tenant: "t" }));
});
describe("an audit in memory", () => walkRows(sinkRows(core.memoryAudit())));
describe("an audit of lines", () => walkRows(sinkRows(core.jsonLinesAudit(screen))));
describe("a printing audit", () => walkRows(sinkRows(audit.printingAudit(screen))));
describe("a hook for denials", () => walkRows(sinkRows(audit.onDenial(() => {}))));
describe("telemetry", () => walkRows(telemetry));
describe("a clock of tests", () => walkRows(clocks));
describe("a decision point of tests", () => walkRows(pdps));
describe("a company of tests", () => walkRows(companies));
describe("an authorizer of tests", () => walkRows(testAuthorizers));
