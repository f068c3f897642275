import * as core from "@hopwise/core";
import type * as adapter from "@hopwise/core/adapter";
import * as audit from "@hopwise/core/audit";
import * as describeDoor from "@hopwise/core/describe";
import * as running from "@hopwise/core/running";
import * as sources from "@hopwise/core/sources";
import { createCompany } from "@hopwise/core/testing";
import * as tokens from "@hopwise/core/tokens";
import { describe, expect, it } from "vitest";
import { allowedCall } from "../support/allowed-call.ts";
import {
  type DoorRows,
  NO_COUNT,
  NO_FLAG,
  NO_FUNCTION,
  NO_LIST,
  NO_METHODS,
  NO_NUMBER,
  NO_OBJECT,
  NO_TEXT,
  NOT_AT_ONCE,
  optionsRow,
  type Row,
  valueRow,
  walk,
  within,
} from "./row.ts";

const company = await createCompany();
const signer = await core.generateSigner();
const held = await company.chain("alice", "planner");
const invocation: tokens.Invocation = { tool: "send_payment", arguments: {}, audience: company.audience };

const ANSWER = {
  name: NO_TEXT,
  schema: NO_OBJECT,
  optional: NO_FLAG,
  ttlMs: NO_NUMBER,
  negativeTtlMs: NO_NUMBER,
  deadlineMs: [...NO_NUMBER, 0],
  maxEntries: [...NO_COUNT, 0],
  maxBatch: [...NO_COUNT, 0],
  clock: NOT_AT_ONCE,
};

const TRAITS = { uniqueIds: NO_FLAG, issuers: [null, 5, "https://id.example", {}, [], [5], [""]] };

const OVER_HTTP = {
  ...ANSWER,
  url: NOT_AT_ONCE,
  parse: NO_FUNCTION,
  headers: NO_FUNCTION,
  maxBytes: [...NO_COUNT, 0],
  fetch: NO_FUNCTION,
};

type AnySource = sources.SourceOptions<never, never> & { readonly findMany?: unknown };

/** A source is asked by one function or another, whatever it is of. */
function sourceRow(make: (options: never) => unknown, more: object = {}): Row {
  return optionsRow<{ [Name in keyof (AnySource & { find: unknown; findMany: unknown })]-?: unknown } & object>(
    { name: "hr", find: () => undefined } as never,
    { ...ANSWER, find: NO_FUNCTION, findMany: NO_FUNCTION, ...more } as never,
    make as never,
  );
}

const sourceDoors: DoorRows<typeof sources> = {
  usersFrom: sourceRow(sources.usersFrom, TRAITS),
  userAttributesFrom: sourceRow(sources.userAttributesFrom, { issuers: TRAITS.issuers }),
  agentsFrom: sourceRow(sources.agentsFrom),
  agentAttributesFrom: sourceRow(sources.agentAttributesFrom),
  resourceAttributesFrom: optionsRow<object>(
    { name: "invoices", key: "id", find: () => ({}) },
    { ...ANSWER, key: ["", 5, null, {}, async () => "1"], find: NO_FUNCTION, findMany: NO_FUNCTION } as never,
    sources.resourceAttributesFrom as never,
  ),
  usersOverHttp: optionsRow<sources.HttpUsersOptions>(
    { name: "hr", url: () => "https://hr.example/alice", parse: () => ({ id: "alice", roles: ["clerk"] }) },
    { ...OVER_HTTP, ...TRAITS },
    sources.usersOverHttp,
  ),
  agentsOverHttp: optionsRow<sources.HttpAgentsOptions>(
    { name: "registry", url: () => "https://agents.example/a", parse: () => ({ roles: ["clerk"], keys: ["k"] }) },
    OVER_HTTP,
    sources.agentsOverHttp,
  ),
  oidcUsers: optionsRow<sources.OidcUsersOptions>(
    { user: () => ({ roles: ["clerk"] }) },
    { ...TRAITS, user: NOT_AT_ONCE, schema: ANSWER.schema, maxUsers: [...NO_COUNT, 0], clock: NOT_AT_ONCE },
    sources.oidcUsers,
  ),
};

const ISSUER = company.issuer.trustAnchor.issuer;
const NO_SECONDS = [null, "1800000000", Number.NaN, Number.POSITIVE_INFINITY, 1_800_000_000_000, {}];
const NO_DIGEST = [...NO_TEXT, "AAAA", "a".repeat(43)];
const NO_AS = [null, "text", 5, [], {}, { issuer: "http://id.example", kid: "k1" }, { issuer: ISSUER, kid: "k 1" }];
const NO_NAME = [...NO_TEXT, "acme", "https://a.example#b"];

const request: tokens.ApprovalRequest = {
  audience: company.audience,
  tool: "send_payment",
  argumentsHash: { received: held.id, parsed: held.id },
  resource: { kind: "payment", id: "PAY-1", attributes: {} },
  user: { issuer: ISSUER, subject: "alice" },
  agents: [{ name: "planner", key: await tokens.thumbprintOf(signer.publicJwk) }],
  reason: "it is a large payment",
  approvers: 1,
  untilSeconds: Math.floor(Date.now() / 1000) + 600,
};

const READING = {
  trust: [...NO_LIST, [5], [{}]],
  nowSeconds: [undefined, ...NO_SECONDS],
  rememberedSince: NO_SECONDS,
  limits: [null, 5, "text", [], { tokenBytes: "8192" }],
  deadlineMs: [...NO_COUNT, 0],
};
const reading = { trust: [company.issuer.trustAnchor], nowSeconds: Date.now() / 1000 };

/** A name that is none of this chain's is refused by what it is compared with. */
const NOT_A_TEXT = [undefined, null, 5, {}, [], Symbol("pay"), Object.create(null), new Error("pay"), () => "pay"];
const NO_SIGNER = [null, undefined, 5, "text", {}, signer.publicJwk];

const tokenDoors: DoorRows<typeof tokens> = {
  hashOfRequest: optionsRow<tokens.ApprovalRequest>(
    request,
    {
      audience: NO_NAME,
      tool: [...NO_TEXT, "a#b", "mcp:tools/send"],
      argumentsHash: [
        ...NO_OBJECT,
        ...NO_DIGEST.flatMap((hash) => [
          { ...request.argumentsHash, parsed: hash },
          { received: hash, parsed: held.id },
        ]),
      ],
      resource: [
        ...NO_OBJECT,
        ...within(request.resource, {
          kind: NO_TEXT,
          id: NO_TEXT,
          attributes: [...NO_OBJECT, { at: new Date() }, { n: 2 ** 53 }, { s: "\ud800" }],
        }),
      ],
      user: [...NO_OBJECT, ...within(request.user, { issuer: NO_TEXT, subject: NO_TEXT })],
      agents: [null, 5, {}, [5], [{}], [{ name: "a b", key: held.id }], [{ name: "planner", key: "AAAA" }]],
      reason: [...NO_TEXT, "\ud800", "x".repeat(65_536)],
      approvers: [...NO_COUNT, 0, 65],
      untilSeconds: [...NO_COUNT, 1_800_000_000_000],
    },
    tokens.hashOfRequest,
  ),
  signApproval: optionsRow<tokens.ApprovalOrder>(
    { signer, request, answer: "yes" },
    {
      signer: [null, 5, "text", {}, signer.publicJwk],
      as: [...NO_AS, { issuer: ISSUER, kid: "k1" }, { issuer: ISSUER, kid: "k1", subject: "b".repeat(257) }],
      request: NO_OBJECT.slice(0, 4),
      answer: ["maybe", "", null, true],
      lifetimeSeconds: [...NO_COUNT, 0],
      clock: NOT_AT_ONCE,
    },
    tokens.signApproval,
  ),
  signRevocation: optionsRow<tokens.RevocationOrder>(
    { signer: held.signer, of: { delegation: held }, audience: company.audience },
    {
      signer: [null, 5, "text", {}, signer.publicJwk],
      as: NO_AS,
      of: [
        ...NO_OBJECT,
        {},
        { delegation: { ...held } },
        { user: "alice" },
        { user: "a".repeat(257), notBefore: 0 },
        ...NO_SECONDS.map((notBefore) => ({ user: "alice", notBefore })),
        { key: "AAAA" },
        { agent: "a b" },
        { agent: "planner", key: held.id },
      ],
      audience: NO_NAME,
      clock: NOT_AT_ONCE,
    },
    tokens.signRevocation,
  ),
  verifyApproval: optionsRow<tokens.ApprovalReading>(
    { ...reading, request },
    {
      ...READING,
      request: NO_OBJECT.slice(0, 4),
      approvers: [null, 5, {}, [5], [{}], [{ issuer: ISSUER, subject: "bob", keys: [{}] }]],
    },
    (given) => tokens.verifyApproval("", given),
  ),
  verifyRevocation: optionsRow<tokens.RevocationReading>(
    { ...reading, audience: company.audience },
    { ...READING, audience: [...NO_NAME, ["acme"]] },
    (given) => tokens.verifyRevocation({ revocation: "" }, given),
  ),
  createChallenge: "takes nothing",
  inspectDelegation: valueRow<number>(Math.floor(Date.now() / 1000), [null, undefined, Number.NaN, "text", {}], (now) =>
    tokens.inspectDelegation(held, now),
  ),
  printChain: "takes what inspectDelegation gave",
  serializeCompact: valueRow<core.Delegation>(held, [...NO_OBJECT, {}, { ...held }], tokens.serializeCompact),
  localJwks: valueRow<object>(
    { keys: [] },
    [null, undefined, 5, "text", {}, [], { keys: {} }],
    tokens.localJwks as never,
  ),
  prove: optionsRow<tokens.Invocation>(
    invocation,
    {
      tool: NOT_A_TEXT,
      // A call's own arguments: these refusals have a code of their own.
      arguments: [],
      audience: [...NOT_A_TEXT, ""],
      nonce: [5, null, {}],
      limits: [null, 5, "text", [], { argumentsSize: Number.NaN }, { argumentsSize: "4000000" }, { argumentsDepth: 0 }],
      clock: NOT_AT_ONCE,
    },
    (given) => tokens.prove(held, given),
  ),
  requestDelegation: valueRow<never>(signer as never, NO_SIGNER, (by) => tokens.requestDelegation(by, "challenge")),
  kidOf: valueRow<never>(signer.publicJwk as never, [null, undefined, 5, "text", {}, signer], tokens.kidOf),
  thumbprintOf: valueRow<never>(
    signer.publicJwk as never,
    [null, undefined, 5, "text", {}, signer],
    tokens.thumbprintOf,
  ),
};

const describeDoors: DoorRows<typeof describeDoor> = {
  describeContext: optionsRow<describeDoor.ContextOptions>(
    { tools: company.tools, users: company.users, agents: company.agents },
    {
      tools: [...NO_OBJECT, { pay: {} }],
      users: NO_METHODS,
      agents: NO_METHODS,
      sources: [null, 5, "text", [], { users: {} }],
      auxData: NO_FUNCTION,
      delegation: ["grants_only", null, {}],
    },
    describeDoor.describeContext,
  ),
  cerbosFastmcpNaming: optionsRow<describeDoor.CerbosFastmcpOptions>(
    { kind: "mcp_server" },
    { kind: NO_TEXT },
    describeDoor.cerbosFastmcpNaming,
  ),
};

const adapterDoors: DoorRows<typeof adapter> = {
  canonicalJson: "takes what JSON.parse gave",
  clientErrorKind: "tells of any value",
  clientWords: "tells of any value",
  currentDelegation: "asks a source; what it gives is looked at where it is used",
  fulfil: "takes what a decision gave",
  faultOf: "tells of any value",
  inOwnWords: "takes an error that was just made",
  isNormalUri: "tells of any value",
  isoOf: "takes a time that was read before",
  isOwn: "tells of any value",
  isRefusal: "tells of any value",
  isSameReading: "takes what a decision gave, and what a framework gave a handler",
  loosen: "takes a JSON Schema out of a tool",
  misfitOf: "takes a JSON Schema and a value",
  isToolGranted: "takes a delegation, which knows by itself whether it is one",
  modelView: "takes a denial",
  didNothing: "takes the decision that allowed the running call",
  saidNothingHappened: "takes the decision that allowed the running call",
  waitingView: "takes a call that waits",
  wireView: "takes a denial",
  onceAborted: "takes a signal and a function of our own",
  onceInProcess: "takes a name and a function of our own",
  plainText: "takes any text",
  wholeText: "takes any text",
  withoutTokens: "takes any text",
  settleInTime: "waits for anything",
  whenTimeIsUp: "waits for any time",
  quietly: "runs anything, and waits for nothing",
  warner: "takes what the options of its caller named",
};

const runningDoors: DoorRows<typeof running> = {
  runCall: optionsRow<running.RunCallOptions>(
    {},
    { parsed: [], outputSchema: [5, "text"], signal: [...NO_METHODS, { aborted: false }] },
    async (given) => running.runCall({ report: async () => {} }, await allowedCall(), () => "paid", given),
  ),
  beginRun: "takes what an adapter gives it, at each call",
  openCall: "takes what a guard gives it, at each call",
  runWithin: "takes what openCall gave, at each call",
  runToEnd: "takes the framework's context and the tool's own handler, at each call",
  withCaller: "takes the framework's context, at each call",
  caller: "takes nothing",
  currentFilter: "takes nothing",
  nothingHappened: "takes nothing",
};

const screen: audit.Screen = { write: () => true };
const NO_STRANGERS = [null, 5, "all", {}, []];

const auditDoors: DoorRows<typeof audit> = {
  auditTo: valueRow<never>(core.memoryAudit() as never, [null, undefined, 5, "text", {}, []], audit.auditTo),
  checkTold: "takes what an authorizer writes: test/arguments",
  chainLine: "takes what a decision gave",
  helpOf: "takes a code",
  onDenial: optionsRow<audit.DenialOptions>({}, { strangers: NO_STRANGERS }, (given) =>
    audit.onDenial(() => {}, given),
  ),
  printingAudit: optionsRow<audit.PrintingAuditOptions>(
    { colour: true },
    { colour: NO_FLAG, strangers: NO_STRANGERS },
    (given) => audit.printingAudit(screen, given),
  ),
};

describe("a source", () => {
  it("asks in one way: find, or findMany, and one that is undefined is none", async () => {
    const find = () => ({ id: "ann", roles: ["clerk"] });
    const ask = (options: object) => sources.usersFrom({ name: "hr", ...options } as never);
    const ann = { issuer: "https://id.example", subject: "ann" };
    expect(await ask({ find, findMany: undefined }).find(ann)).toMatchObject({ id: "ann" });
    expect(() => ask({ find, findMany: () => [] })).toThrow("find and findMany are two ways to ask");
    expect(() => ask({ find: undefined, findMany: undefined })).toThrow("find is missing");
  });
});

const doors = { ...auditDoors, ...sourceDoors, ...tokenDoors, ...describeDoors, ...adapterDoors, ...runningDoors };
describe.each(Object.entries<Row | string>(doors).filter(([, row]) => typeof row !== "string"))("%s", (name, row) => {
  walk(name, row as Row);
});
