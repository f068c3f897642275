import * as core from "@hopwise/core";
import * as adapter from "@hopwise/core/adapter";
import * as audit from "@hopwise/core/audit";
import * as describeDoor from "@hopwise/core/describe";
import * as filters from "@hopwise/core/filter";
import * as grants from "@hopwise/core/grant";
import * as telemetry from "@hopwise/core/opentelemetry";
import * as running from "@hopwise/core/running";
import * as sources from "@hopwise/core/sources";
import * as state from "@hopwise/core/state";
import * as testing from "@hopwise/core/testing";
import * as tokens from "@hopwise/core/tokens";
import { exportJWK, generateKeyPair } from "jose";
import { describe } from "vitest";
import { allowedCall } from "../support/allowed-call.ts";
import { ANYTHING, type ArgumentRows, argumentRow, type Odd, OPTIONAL, OPTIONS, walkRows } from "./odd.ts";

const company = await testing.createCompany();
const signer = await core.generateSigner();
const held = await company.chain("alice", "planner");
const { audience } = company;
const compact = core.serialize(held);
const inspected = await tokens.inspectDelegation(held, Math.floor(Date.now() / 1000));
const pair = await generateKeyPair("Ed25519", { extractable: true });
const privateJwk = await exportJWK(pair.privateKey);
const entry = { kind: "payment", action: "send" };
const denied = testing.sampleDenied();
const made = grants.grant({ pay: { to: grants.wildcard() } });
const NOW = Math.floor(Date.now() / 1000);
const TOKEN = { token: "t".repeat(43) as tokens.TokenHash } as const;
const revocation: state.Revocation = { target: TOKEN };
const query: state.RevocationQuery = {
  tokens: [],
  keys: [],
  agents: [],
  user: { issuer: "i", subject: "s" },
  issuedAt: NOW,
};
const empty = core.memoryAudit();
const down = (): Promise<never> => Promise.reject(new Error("down"));
const CHARGE: state.Charge = { account: "a", counter: "calls", amount: 1, most: 5, untilSeconds: NOW + 60 };
const find = { name: "hr", find: () => undefined };
const authorizer = {
  cerbos: testing.allowAll(),
  audience,
  trust: [company.issuer.trustAnchor],
  users: company.users,
  agents: company.agents,
  tools: company.tools,
  audit: empty,
};

const front: ArgumentRows<typeof core> = {
  createAuthorizer: argumentRow(core.createAuthorizer, () => [authorizer]),
  createIssuer: argumentRow(core.createIssuer, () => [
    { issuer: "https://id.acme.example", signer, audiences: [audience], subjects: "any", tools: "any" },
  ]),
  createTrust: argumentRow(core.createTrust, () => [[company.issuer.trustAnchor]], ["empty list"]),
  delegate: argumentRow(core.delegate as (...args: unknown[]) => unknown, () => [
    held,
    { to: "researcher", holder: signer, grant: held.grant, clock: company.clock },
  ]),
  explain: argumentRow(core.explain, () => [denied]),
  generateSigner: argumentRow(core.generateSigner, () => ["Ed25519"], OPTIONAL),
  hold: argumentRow(core.hold, () => [held, company.keys.planner]),
  inMemoryAgents: argumentRow(core.inMemoryAgents, () => [{}], ["empty object"]),
  inMemoryUsers: argumentRow(core.inMemoryUsers, () => [{}], ["empty object"]),
  jsonLinesAudit: argumentRow(core.jsonLinesAudit, () => [{ write: () => true }]),
  mapTool: argumentRow(
    core.mapTool as (...args: unknown[]) => unknown,
    () => [{ "~standard": { validate: () => ({}) } }, entry],
    [],
    ["empty object"],
  ),
  memoryAudit: "takes nothing",
  memoryState: argumentRow(core.memoryState, () => [{}], OPTIONS),
  operatorView: argumentRow(core.operatorView, () => [denied]),
  parseDelegation: argumentRow(core.parseDelegation, () => [compact]),
  remoteJwks: argumentRow(core.remoteJwks, () => ["https://id.example/jwks.json", {}], [], OPTIONS),
  renewing: argumentRow(core.renewing, () => [held, async () => held, {}], [], [], OPTIONS),
  serialize: argumentRow(core.serialize, () => [held]),
  signerFromJwk: argumentRow(core.signerFromJwk, () => [privateJwk]),
};

/** A schema that is none could not be read, as null says; one that fails when it is read is refused. */
const NO_SCHEMA = ANYTHING.filter((odd) => odd !== "hostile");
const READ = { template: "shop://{id}", values: { id: "1" } };
const waiting = { approval: { request: "r", reason: "large", approvers: 1, untilSeconds: 1_800_000_000 } };
const forAdapters: ArgumentRows<typeof adapter> = {
  canonicalJson: argumentRow(adapter.canonicalJson as (value: never) => string, () => [{ a: [1] }], [
    "null",
    5,
    "empty text",
    "empty list",
    "list of null",
    "empty object",
  ]),
  clientErrorKind: "tells what a client threw",
  clientWords: "tells what a client threw",
  currentDelegation: argumentRow(adapter.currentDelegation, () => [held]),
  fulfil: argumentRow(
    adapter.fulfil,
    () => [{ redact: ["/iban"], limit: {} }, { iban: 1 }, { type: "object" }],
    [],
    ["nothing", "null", "empty list", "list of null", "empty object"],
    ["nothing", "empty object"],
  ),
  onceAborted: "takes a signal and a function of our own",
  onceInProcess: "takes a name and a function of our own",
  faultOf: argumentRow(adapter.faultOf, () => [new Error("no")], ANYTHING),
  inOwnWords: "marks an error that a package of ours has just made",
  isNormalUri: argumentRow(adapter.isNormalUri, () => ["shop://orders/1"], ANYTHING),
  isoOf: "writes a number that was read before",
  isOwn: argumentRow(adapter.isOwn, () => [new Error("no")], ANYTHING),
  isRefusal: argumentRow(adapter.isRefusal, () => [denied], ANYTHING),
  isSameReading: argumentRow(adapter.isSameReading, () => [READ, READ]),
  isToolGranted: argumentRow(
    adapter.isToolGranted,
    () => [held, "send_payment", audience],
    [],
    ["empty text"],
    ["empty text"],
  ),
  loosen: argumentRow(adapter.loosen, () => [{ type: "object" }, { redact: ["/iban"] }], NO_SCHEMA, ["empty object"]),
  misfitOf: argumentRow(adapter.misfitOf, () => [{ redact: ["/iban"], limit: {} }, { type: "object" }], [], NO_SCHEMA),
  modelView: argumentRow(adapter.modelView, () => [denied]),
  plainText: argumentRow(adapter.plainText, () => ["text"], ANYTHING),
  didNothing: argumentRow(adapter.didNothing, () => [{}], ANYTHING),
  saidNothingHappened: argumentRow(adapter.saidNothingHappened, () => [{}], ["empty object", "hostile"]),
  waitingView: argumentRow(adapter.waitingView, () => [waiting]),
  wireView: argumentRow(adapter.wireView, () => [denied]),
  quietly: "runs anything, and nothing of what it does is heard of",
  warner: "tells anything, and nothing of how its listener fails is heard of",
  settleInTime: "waits for anything, and fails as that fails; a time that is none has passed",
  whenTimeIsUp: "calls back what it gets; a time that is none has passed",
  wholeText: argumentRow(adapter.wholeText, () => ["text"], ANYTHING),
  withoutTokens: argumentRow(adapter.withoutTokens, () => ["text"], ANYTHING),
};

const point = { report: async () => {} };
/** Each is of one run. */
const allowedCalls = await Promise.all(Array.from({ length: 100 }, allowedCall));
const forRuns: ArgumentRows<typeof running> = {
  caller: "takes nothing",
  currentFilter: "takes nothing",
  nothingHappened: "takes nothing",
  beginRun: "takes what a decision gave; is runCall's own, for adapters whose tools end otherwise",
  openCall: argumentRow(running.openCall, () => [() => undefined]),
  runCall: argumentRow(
    running.runCall as (...args: unknown[]) => unknown,
    () => [point, allowedCalls.pop(), () => "paid", {}],
    [],
    [],
    [],
    OPTIONS,
  ),
  runToEnd: argumentRow(running.runToEnd, () => [{}, () => "done"], ANYTHING),
  runWithin: argumentRow(running.runWithin, () => [running.openCall(() => undefined), () => "done"]),
  withCaller: argumentRow(
    (context: object) => void running.withCaller(context),
    () => [{}],
    ANYTHING,
  ),
};

const forAudits: ArgumentRows<typeof audit> = {
  auditTo: argumentRow(audit.auditTo, () => [empty]),
  checkTold: argumentRow(
    audit.checkTold as (...args: unknown[]) => unknown,
    () => ["record", testing.sampleDecision()],
    ANYTHING,
  ),
  chainLine: argumentRow(audit.chainLine, () => [{ issuer: "i", hops: [{ kind: "user", id: "alice" }] }]),
  helpOf: argumentRow(audit.helpOf, () => ["policy_denied"], ["empty text"]),
  onDenial: argumentRow(audit.onDenial, () => [() => {}, {}], [], OPTIONS),
  printingAudit: argumentRow(audit.printingAudit, () => [{ write: () => true }, {}], OPTIONAL, OPTIONS),
};

const forDescriptions: ArgumentRows<typeof describeDoor> = {
  cerbosFastmcpNaming: argumentRow(describeDoor.cerbosFastmcpNaming, () => [{ kind: "mcp_server" }], OPTIONS),
  describeContext: argumentRow(describeDoor.describeContext, () => [
    { tools: company.tools, users: company.users, agents: company.agents },
  ]),
};

const forSources: ArgumentRows<typeof sources> = {
  agentAttributesFrom: argumentRow(sources.agentAttributesFrom, () => [find]),
  agentsFrom: argumentRow(sources.agentsFrom, () => [find]),
  agentsOverHttp: argumentRow(sources.agentsOverHttp, () => [
    { name: "registry", url: () => "https://agents.example", parse: () => ({ roles: ["clerk"], keys: [] }) },
  ]),
  oidcUsers: argumentRow(sources.oidcUsers, () => [{ user: () => ({ roles: ["clerk"] }) }]),
  resourceAttributesFrom: argumentRow(sources.resourceAttributesFrom, () => [{ ...find, key: "id" }]),
  userAttributesFrom: argumentRow(sources.userAttributesFrom, () => [find]),
  usersFrom: argumentRow(sources.usersFrom, () => [find]),
  usersOverHttp: argumentRow(sources.usersOverHttp, () => [
    { name: "hr", url: () => "https://hr.example", parse: () => ({ id: "a", roles: ["clerk"] }) },
  ]),
};

const forStores: ArgumentRows<typeof state> = {
  checkClocks: argumentRow(state.checkClocks, () => [NOW, NOW, [{ untilSeconds: NOW + 1 }]], [], OPTIONAL, [
    "nothing",
    "empty list",
  ]),
  createForgetting: "takes nothing",
  mayBeForgotten: argumentRow(
    state.mayBeForgotten,
    () => [{ untilSeconds: NOW + 1 }, { untilSeconds: 0, madeAtSeconds: 0 }, NOW],
    [],
    [],
    [5],
  ),
  firstTooMuch: argumentRow(state.firstTooMuch, () => [[CHARGE], () => 1], ["empty list"]),
  approvalEndpoint: argumentRow(state.approvalEndpoint as (...args: unknown[]) => unknown, () => [
    { approvals: company.authorizer().approvals, mayRead: () => true },
  ]),
  createNonces: argumentRow(state.createNonces, () => [{}], OPTIONS),
  isRevoked: argumentRow(state.isRevoked, () => [revocation, query, NOW], [], [], [5]),
  memoryDriver: argumentRow(state.memoryDriver, () => [{}], OPTIONS),
  memoryReplay: argumentRow(state.memoryReplay, () => [{}], OPTIONS),
  revocationEndpoint: argumentRow(state.revocationEndpoint, () => [{}], ["empty object"]),
  revocationsOverHttp: argumentRow(
    (...args: Parameters<typeof state.revocationsOverHttp>) => state.revocationsOverHttp(...args).close(),
    () => [{ url: "https://id.example/r", keys: [signer.publicJwk], audience, fetch: down }],
  ),
  acceptRevocations: argumentRow(state.acceptRevocations, () => [
    { trust: [], audience: "https://revocations.example", state: core.memoryState() },
  ]),
  memoryRevocations: argumentRow(state.memoryRevocations, () => [Date.now], OPTIONAL),
  readRevocation: argumentRow(state.readRevocation, () => [TOKEN, NOW + 60, NOW], [], OPTIONAL, [5]),
  revocationKey: argumentRow(state.revocationKey, () => [TOKEN]),
  revocationKeys: argumentRow(state.revocationKeys, () => [query]),
  openedState: argumentRow(
    async (driver: state.StateDriver, options: state.StateOptions) =>
      (await state.openedState(driver, options)).close(),
    () => [state.memoryDriver(), { repairSeconds: 0 }],
    [],
    OPTIONS,
  ),
  stricterOf: argumentRow(state.stricterOf, () => [revocation, revocation]),
};

const digest = await tokens.thumbprintOf(signer.publicJwk);
const request: tokens.ApprovalRequest = {
  audience,
  tool: "pay",
  argumentsHash: { received: digest, parsed: digest },
  resource: { kind: "payment", id: "1", attributes: {} },
  user: { issuer: "https://id.acme.example", subject: "alice" },
  agents: [],
  reason: "it is a large payment",
  approvers: 1,
  untilSeconds: NOW + 600,
};
const reading = { trust: [company.issuer.trustAnchor], nowSeconds: NOW };
const revoked = await tokens.signRevocation({ signer: held.signer, of: { delegation: held }, audience });
const approved = await tokens.signApproval({ signer, request, answer: "yes" });
const approvers = [{ issuer: "https://id.acme.example", subject: "bob", keys: [signer.publicJwk] }];

const forTokens: ArgumentRows<typeof tokens> = {
  hashOfRequest: argumentRow(tokens.hashOfRequest, () => [request]),
  signApproval: argumentRow(tokens.signApproval, () => [{ signer, request, answer: "yes" }]),
  signRevocation: argumentRow(tokens.signRevocation, () => [
    { signer: held.signer, of: { delegation: held }, audience },
  ]),
  verifyApproval: argumentRow(tokens.verifyApproval, () => [approved, { ...reading, request, approvers }]),
  verifyRevocation: argumentRow(tokens.verifyRevocation, () => [revoked, { ...reading, audience }]),
  createChallenge: "takes nothing",
  inspectDelegation: argumentRow(tokens.inspectDelegation, () => [held, NOW], [], [5]),
  localJwks: argumentRow(tokens.localJwks, () => [{ keys: [] }]),
  printChain: argumentRow(tokens.printChain, () => [inspected, NOW], [], [5]),
  prove: argumentRow(tokens.prove, () => [held, { tool: "send_payment", arguments: {}, audience }]),
  requestDelegation: argumentRow(tokens.requestDelegation, () => [signer, "challenge"]),
  serializeCompact: argumentRow(tokens.serializeCompact, () => [held]),
  kidOf: argumentRow(tokens.kidOf, () => [signer.publicJwk]),
  thumbprintOf: argumentRow(tokens.thumbprintOf, () => [signer.publicJwk]),
};

const one = grants.wildcard();
/** What a builder was given wrongly is told where its constraint stands. */
const built = (build: (...args: never) => grants.Constraint, right: readonly unknown[], ...takes: readonly Odd[][]) =>
  argumentRow(
    (...args: unknown[]) =>
      grants.grant({ pay: { to: (build as (...args: unknown[]) => grants.Constraint)(...args) } }),
    () => right,
    ...takes,
  );
const SCALARS: Odd[] = ["null", 5, "empty text"];
const forGrants: ArgumentRows<typeof grants> = {
  grant: argumentRow(grants.grant as (...args: unknown[]) => unknown, () => [{ pay: { to: one } }], ["empty object"]),
  grantFor: argumentRow(
    grants.grantFor as (...args: unknown[]) => unknown,
    () => [{ [audience]: { pay: { to: one } } }],
    ["empty object"],
  ),
  readGrant: argumentRow(grants.readGrant, () => [{ pay: {} }], ["empty object"]),
  describe: argumentRow(grants.describe, () => [made]),
  diff: argumentRow(grants.diff, () => [made, made]),
  findWidening: argumentRow(grants.findWidening, () => [made, made, "aat-01"], [], [], OPTIONAL),
  isNarrower: argumentRow(grants.isNarrower, () => [made, made]),
  permits: argumentRow(grants.permits, () => [made, "pay", { to: "x" }], [], ["empty text"], ["empty object"]),
  pick: argumentRow(grants.pick as (...args: unknown[]) => unknown, () => [made, "pay"]),
  absent: "takes nothing",
  wildcard: "takes nothing",
  all: built(grants.all, [one, one]),
  any: built(grants.any, [one, one]),
  cidr: built(grants.cidr, ["10.0.0.0/8"]),
  contains: built(grants.contains, ["a"], SCALARS),
  each: built(grants.each, [one]),
  exact: built(grants.exact, ["a"], [...SCALARS, "empty list", "list of null", "empty object"]),
  everyTool: argumentRow(grants.everyTool, () => [audience], ["none"]),
  int: built(grants.int, [{ max: 5 }], ["nothing", "empty object"]),
  length: built(grants.length, [5], [5]),
  notOneOf: built(grants.notOneOf, ["a"], SCALARS),
  object: built(grants.object, [{ a: one }], ["empty object"]),
  oneOf: built(grants.oneOf, ["a"], SCALARS),
  onlyThese: built(grants.onlyThese, ["a"], [...SCALARS, "none"]),
  optional: built(grants.optional, [one]),
  orNull: built(grants.orNull, [one]),
  path: built(grants.path, ["/data"]),
  prefix: built(grants.prefix, ["a"]),
  range: built(grants.range, [{ max: 5 }], ["empty object"]),
  subset: built(grants.subset, ["a"], [...SCALARS, "none"]),
  suffix: built(grants.suffix, ["a"]),
  url: built(grants.url, [{ origins: ["https://docs.example"] }]),
};

const forTests: ArgumentRows<typeof testing> = {
  allowAll: "takes nothing",
  answeringPdp: argumentRow(testing.answeringPdp, () => ["allow"], OPTIONAL),
  createCompany: argumentRow(testing.createCompany as (...args: unknown[]) => unknown, () => [{}], OPTIONS),
  denyAll: argumentRow(testing.denyAll, () => ["closed"], OPTIONAL),
  sampleDecision: argumentRow(testing.sampleDecision, () => [{}], OPTIONS),
  sampleDenied: argumentRow(testing.sampleDenied, () => [{}], OPTIONS),
  sampleOutcome: argumentRow(testing.sampleOutcome, () => [{}], OPTIONS),
  testClock: "takes nothing",
  watchedPdp: argumentRow(testing.watchedPdp, () => [testing.allowAll()]),
};

const forTelemetry: ArgumentRows<typeof telemetry> = {
  openTelemetry: argumentRow(telemetry.openTelemetry, () => [{}], OPTIONS),
};

const forFilters: ArgumentRows<typeof filters> = {
  checkApplied: argumentRow(filters.checkApplied, () => [undefined], OPTIONAL),
  isFilter: argumentRow(filters.isFilter, () => [{}], ANYTHING),
  withheldBy: argumentRow(filters.withheldBy, () => [new Error("no")], ANYTHING),
};

describe("@hopwise/core", () => walkRows(front));
describe("@hopwise/core/adapter", () => walkRows(forAdapters));
describe("@hopwise/core/audit", () => walkRows(forAudits));
describe("@hopwise/core/describe", () => walkRows(forDescriptions));
describe("@hopwise/core/filter", () => walkRows(forFilters));
describe("@hopwise/core/grant", () => walkRows(forGrants));
describe("@hopwise/core/opentelemetry", () => walkRows(forTelemetry));
describe("@hopwise/core/running", () => walkRows(forRuns));
describe("@hopwise/core/sources", () => walkRows(forSources));
describe("@hopwise/core/state", () => walkRows(forStores));
describe("@hopwise/core/testing", () => walkRows(forTests));
describe("@hopwise/core/tokens", () => walkRows(forTokens));
