import * as core from "@hopwise/core";
import type { Agent, User } from "@hopwise/core/sources";
import { createCompany } from "@hopwise/core/testing";
import type { Budget, BudgetBounds, IssuerOptions, RootOrder } from "@hopwise/core/tokens";
import { exportJWK, generateKeyPair } from "jose";
import { describe } from "vitest";
import {
  type DoorRows,
  disguised,
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
  valueRow,
  walk,
  within,
} from "./row.ts";

const AUDIENCE = "https://tools.acme.example/mcp";
const company = await createCompany();
const signer = await core.generateSigner();
const nist = await core.generateSigner("ES256");
const held = await company.chain("alice", "planner");
const issuer = {
  issuer: "https://id.acme.example",
  signer,
  audiences: [AUDIENCE],
  subjects: "any",
  tools: "any",
} as const satisfies IssuerOptions;
const order = { subject: "alice", agent: "planner", holder: signer, grant: held.grant } as const satisfies RootOrder;

const pair = await generateKeyPair("Ed25519", { extractable: true });
const { kty, crv, x, d } = await exportJWK(pair.privateKey);
const OWN = { kty, crv, x, d };
const PRIVATE = { ...signer.publicJwk, d: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" };
const OFF_CURVE = { ...nist.publicJwk, x: signer.publicJwk.x };
const SMALL_ORDER = { kty: "OKP", crv: "Ed25519", x: `AQ${"A".repeat(41)}` };
const NO_KEY = [null, 5, "text", {}, [], PRIVATE, OFF_CURVE, SMALL_ORDER, signer, { kty: "oct", k: "AAAA" }];
const NO_SIGNER = [
  null,
  5,
  "text",
  {},
  [],
  signer.publicJwk,
  { publicJwk: signer.publicJwk },
  { ...signer, publicJwk: OFF_CURVE },
];
const NO_AUDIENCE = ["", 5, null, {}, "pay", "https://pay.example/#mcp", `https://pay.example/${"x".repeat(512)}`];
const NO_AUDIENCES = [...NO_LIST, [], "text", ...NO_AUDIENCE.map((name) => [name])];
/** A list that means every tool, and would name none. */
const EVERY = ["send_payment", "*"];
const NO_TEXTS = [...NO_LIST, "text", ...NO_TEXT.map((text) => [text])];
const NO_GRANT = [
  ...NO_OBJECT,
  {},
  { pay: {} },
  { ...held.grant },
  JSON.parse(JSON.stringify(held.grant)),
  [held.grant],
];
const NO_CLOCK = NOT_AT_ONCE;
const NO_PLACE = ["", 5, null, {}, "acme hr", "acme..hr", "\n"];
const NO_LIFE = [...NO_COUNT, 0, 86_400_000];
const NO_DEPTH = [...NO_COUNT, 65];

const anchor = company.issuer.trustAnchor;
const ANCHOR = {
  issuer: [...NO_TEXT, "http://id.example", "https://id.example#x", "id.example"],
  keys: [
    ...NO_METHODS,
    [],
    [signer],
    [anchor.keys[0]?.jwk],
    ...NO_KEY.map((jwk) => [{ kid: "k1", jwk }]),
    [{ kid: "k 1", jwk: signer.publicJwk }],
  ],
  foreign: NO_FLAG,
  audiences: NO_AUDIENCES,
  subjects: ["alice", "", 5, null, {}, [5], [""], async () => true],
  tools: ["do_send_all", "", 5, null, {}, [5], [""], EVERY, () => true],
  sharedBudgets: NO_FLAG,
  everyTool: NO_FLAG,
  lifetimeSeconds: NO_LIFE,
  maxDepth: NO_DEPTH,
  approvals: NO_FLAG,
} satisfies { readonly [Name in keyof Required<core.TrustAnchor>]: readonly unknown[] };

const LIMITS = {
  tokenBytes: [...NO_COUNT, 0],
  chainBytes: [...NO_COUNT, 0],
  chainTokens: [...NO_COUNT, 0],
  tools: [...NO_COUNT, 0],
  argumentsPerTool: [...NO_COUNT, 0],
  constraintDepth: NO_COUNT,
  nameLength: [...NO_COUNT, 0],
  valueLength: [...NO_COUNT, 0],
  argumentsSize: [...NO_COUNT, 0],
  argumentsDepth: [...NO_COUNT, 0],
  lifetimeSeconds: NO_LIFE,
  skewSeconds: [...NO_COUNT, 30_000],
  proofWindowSeconds: [...NO_COUNT, 0, 30_000, Number(process.env["NOT_SET_ANYWHERE"])],
} satisfies { readonly [Name in keyof NonNullable<core.AuthorizerOptions["limits"]> as Name]-?: readonly unknown[] };

const BOUNDS = {
  calls: [...NO_COUNT, "3"],
  sums: [
    ...NO_OBJECT,
    {},
    { pay: {} },
    { pay: 5 },
    { pay: { amount: -1 } },
    { pay: { amount: 0.5 } },
    { pay: { amount: "5" } },
  ],
} satisfies { readonly [Name in keyof Required<BudgetBounds>]: readonly unknown[] };
const BUDGET = { id: "2026-11", from: 0, until: 99_999_999_999, calls: 1 };
const NO_BUDGET = [
  {},
  { ...BUDGET, calls: undefined },
  ...NO_OBJECT,
  ...within<Budget>(BUDGET, { ...BOUNDS, id: NO_TEXT, from: NO_COUNT, until: NO_COUNT }),
];

const ENTRY = {
  kind: NO_TEXT,
  action: ["", 5, null, {}, async () => "read"],
  id: ["", 5, null, {}, async () => "1"],
  attributes: NO_FUNCTION,
  sources: [...NO_METHODS.map((source) => ({ risk: source })), null, 5, [], new Map()],
  argumentsAs: NO_TEXT,
  hideFromPolicies: NO_TEXTS,
  keepInRecord: NO_TEXTS,
  showToApprovers: NO_TEXTS,
  list: ["", 5, null, {}, async () => ({ action: "list" })],
  scope: NO_PLACE,
  policyVersion: [...NO_PLACE, "1.0"],
  projection: NOT_AT_ONCE,
  adds: NO_TEXTS,
  filter: [
    null,
    5,
    [],
    ...within<core.FilterRule>(
      {},
      {
        arguments: [null, 5, { a: 5 }, { a: "region" }, { a: "R.attr" }, { a: "R.attr.a.b" }, { a: "R.attr." }],
        required: NO_TEXTS,
        plansSuffice: ["yes", 1, null],
        withinMs: [0, -1, Number.NaN, "1000"],
      },
    ),
  ],
  argumentsSchema: NO_OBJECT,
  attributesSchema: NO_OBJECT,
} satisfies { readonly [Name in keyof Required<core.ToolEntry>]: readonly unknown[] };

const entry = { kind: "payment", action: "send" };
const agent = { roles: ["agent"], keys: [signer.publicJwk] };
/** Names that policies go by, and that read like other ones. */
const HIDDEN = ["clerk ", " clerk", "cle\u200brk", "\ud800", " "];
const NO_ROLES = [...NO_TEXTS, [], ...HIDDEN.map((role) => [role])];
/** What no policy can be asked with. */
const NO_ATTRIBUTES = [
  ...NO_OBJECT,
  ...disguised({ region: "EMEA" }),
  ...[new Date(0), Number.NaN, 2 ** 70, () => {}, "\ud800"].map((value) => ({ limits: { of: value } })),
  { delegation: {} },
];
const NO_USER = [
  ...NO_OBJECT,
  {},
  ...within<User>(
    { roles: ["clerk"] },
    {
      roles: NO_ROLES,
      id: [...NO_TEXT, "\ud800", "agent:bot", "iss:x"],
      attributes: NO_ATTRIBUTES,
      scope: NO_PLACE,
      policyVersion: NO_PLACE,
    },
  ),
];
const CLASS = {
  roles: NO_ROLES,
  attributes: NO_ATTRIBUTES,
  class: [...NO_TEXT, ...HIDDEN],
  owner: [...NO_TEXT, ...HIDDEN],
  tools: [...NO_TEXTS, EVERY],
  maxDepth: [...NO_COUNT, 0, 65],
  scope: NO_PLACE,
  policyVersion: [...NO_PLACE, "1.0"],
};
const NO_AGENT = [
  ...NO_OBJECT,
  {},
  ...within<Agent>(agent, {
    ...CLASS,
    keys: [...NO_LIST, [], [signer], [PRIVATE], [OFF_CURVE], [SMALL_ORDER], ["no thumbprint"], [null]],
    classes: [
      null,
      5,
      "text",
      [],
      { reader: {} },
      { "a/reader": { roles: ["reader"] } },
      { "": { roles: ["reader"] } },
      ...within({ roles: ["reader"] }, CLASS).map((one) => ({ reader: one })),
    ],
  }),
];

const doors: DoorRows<typeof core> = {
  createAuthorizer: optionsRow<core.AuthorizerOptions>(
    {
      cerbos: { checkResources: async () => ({}) as never, planResources: async () => ({}) as never },
      audience: AUDIENCE,
      trust: [anchor],
      users: company.users,
      agents: company.agents,
      tools: { send_payment: entry },
      audit: core.memoryAudit(),
    },
    {
      cerbos: [null, "localhost:3593", 5, {}, [], { client: {} }, { client: "text" }, Promise.resolve({ client: {} })],
      audience: [...NO_AUDIENCE, ...NO_AUDIENCES.filter((value) => typeof value !== "string" || value === "")],
      trust: [...NO_LIST, anchor, [5], [null], [{}], ...within(anchor, ANCHOR).map((one) => [one])],
      users: [
        ...NO_METHODS,
        ...["https://id.acme.example", ...NO_LIST].map((issuers) => ({ ...company.users, issuers })),
      ],
      agents: NO_METHODS,
      sources: [
        null,
        5,
        "text",
        [],
        { users: {} },
        { user: { delegation: { find: () => ({}) } } },
        ...NO_METHODS.map((one) => ({ agent: { risk: one } })),
      ],
      tools: [
        ...NO_OBJECT,
        { "a#b": entry },
        { "mcp:nothing": entry },
        { "": entry },
        ...within(entry, ENTRY).map((one) => ({ pay: one })),
      ],
      delegation: [
        "grants_only",
        "",
        null,
        5,
        [],
        {},
        { kind: "delegation" },
        { action: "delegate" },
        { kind: "", action: "x" },
        { kind: "a", action: "b", c: 1 },
      ],
      auxData: NO_FUNCTION,
      audit: NO_METHODS,
      telemetry: NO_METHODS,
      state: [...NO_METHODS, { replay: {}, revocations: {} }],
      approvals: [
        ...NO_OBJECT,
        { approvers: [{ issuer: "https://id.example", subject: "bob" }] },
        { withinSeconds: 0 },
        { maxWaiting: 0 },
        { onRequest: "tell" },
        { onAnswer: "tell" },
        { approver: [] },
        {
          approvers: ["bob", "dana"].map((subject) => ({
            issuer: "https://id.example",
            subject,
            keys: [signer.publicJwk],
          })),
        },
      ],
      rates: [
        ...NO_LIST,
        { of: "user", calls: 1, perSeconds: 1 },
        [{ of: "tool", calls: 1, perSeconds: 1 }],
        [{ of: "user", calls: 0, perSeconds: 1 }],
        [{ of: "user", calls: 1, perSeconds: Number.NaN }],
        [{ of: "user", calls: 1 }],
        Array.from({ length: 17 }, (_, i) => ({ of: "user", calls: 1, perSeconds: i + 1 })),
      ],
      shadow: [false, null, 5, {}, "all", "send_payment", [5], [""], ["send_paymnt"], ["mcp:tools/call"], EVERY],
      onWarning: NO_FUNCTION,
      nonces: [...NO_METHODS, { issue: async () => "" }],
      deadlineMs: [...NO_NUMBER, 0],
      limits: [...NO_OBJECT, ...within({}, LIMITS)],
      clock: NO_CLOCK,
    },
    core.createAuthorizer,
  ),
  createTrust: valueRow<object>(
    [anchor],
    [...NO_LIST, anchor, [5], [null], [{}], ...within(anchor, ANCHOR).map((one) => [one])],
    core.createTrust as never,
  ),
  createIssuer: optionsRow<IssuerOptions>(
    issuer,
    {
      issuer: ANCHOR.issuer,
      signer: NO_SIGNER,
      audiences: NO_AUDIENCES,
      subjects: [...ANCHOR.subjects, []],
      tools: [...ANCHOR.tools, []],
      sharedBudgets: ANCHOR.sharedBudgets,
      everyTool: NO_FLAG,
      limits: [...NO_OBJECT, ...within({}, LIMITS)],
      lifetimeSeconds: NO_LIFE,
      maxDepth: NO_DEPTH,
      approvals: NO_FLAG,
      kid: [...NO_TEXT, "k 1", "x".repeat(65)],
      clock: NO_CLOCK,
    },
    core.createIssuer,
  ),
  delegate: optionsRow<Parameters<typeof core.delegate>[1]>(
    { to: "researcher", holder: signer, grant: held.grant } as never,
    {
      to: ["", 5, null, {}, [], { class: "" }, { class: "a", b: 1 }],
      holder: [...NO_SIGNER, { request: "x" }, { request: "", challenge: "x" }],
      grant: NO_GRANT,
      allowDenyLists: NO_FLAG,
      lifetimeSeconds: NO_LIFE,
      maxDepth: NO_DEPTH,
      audience: NO_AUDIENCES,
      budget: [...NO_OBJECT, {}, ...within<BudgetBounds>({ calls: 1 }, BOUNDS), { ...BUDGET, calls: 1 }],
      interop: ["aat-02", "", null, 5],
      limits: [...NO_OBJECT, ...within({}, LIMITS)],
      clock: NO_CLOCK,
    },
    (given) => core.delegate(held, given as never),
  ),
  generateSigner: valueRow("ES256", ["RS256", "", null, 5, "toString"], (algorithm) =>
    core.generateSigner(algorithm as never),
  ),
  hold: valueRow<core.Signer>(company.keys.planner, NO_SIGNER, (by) => core.hold(held, by)),
  parseDelegation: valueRow(core.serialize(held), [null, undefined, 5, {}, [], held], core.parseDelegation),
  serialize: valueRow<core.Delegation>(held, [...NO_OBJECT, {}, { ...held }], core.serialize),
  signerFromJwk: valueRow<object>(
    OWN,
    [
      null,
      undefined,
      5,
      "text",
      {},
      signer.publicJwk,
      { ...OWN, d: 5 },
      { ...OWN, kty: "RSA" },
      { ...OWN, d: "AAAA" },
      { kty: "oct", k: "AAAA", d: "AAAA" },
    ],
    (jwk) => core.signerFromJwk(jwk),
  ),
  inMemoryUsers: valueRow<object>(
    { "https://id.example": { alice: { roles: ["clerk"] } } },
    [
      ...NO_OBJECT,
      ...disguised({ "https://id.example": { alice: { roles: ["clerk"] } } }),
      ...disguised({ alice: { roles: ["clerk"] } }).map((users) => ({ "https://id.example": users })),
      { issuer: null },
      ...["http://id.example", "id.example", ""].map((issuer) => ({ [issuer]: { alice: { roles: ["clerk"] } } })),
      ...["", "agent:bot", "iss:x", "\ud800", "a".repeat(257)].map((subject) => ({
        "https://id.example": { [subject]: { roles: ["clerk"] } },
      })),
      ...NO_USER.map((user) => ({ "https://id.example": { alice: user } })),
    ],
    core.inMemoryUsers as never,
  ),
  inMemoryAgents: valueRow<object>(
    { planner: agent },
    [
      ...NO_OBJECT,
      ...disguised({ planner: agent }),
      ...["my bot", "b\u00f6t", "", "a\u200b", "bot/", "a".repeat(129)].map((name) => ({ [name]: agent })),
      ...NO_AGENT.map((one) => ({ planner: one })),
    ],
    core.inMemoryAgents as never,
  ),
  jsonLinesAudit: valueRow<object>(
    { write: () => true },
    [null, undefined, 5, "text", {}, []],
    core.jsonLinesAudit as never,
  ),
  memoryAudit: "takes nothing",
  mapTool: valueRow<object>(
    { "~standard": { validate: () => ({}) } },
    [null, undefined, 5, "text", {}, [], { "~standard": {} }],
    (schema) => core.mapTool(schema as never, entry),
  ),
  memoryState: optionsRow<NonNullable<Parameters<typeof core.memoryState>[0]>>(
    {},
    {
      maxProofs: [...NO_COUNT, 0],
      maxProofsOfRoot: [...NO_COUNT, 0],
      maxProofsOfUser: [...NO_COUNT, 0],
      since: NO_NUMBER,
      clock: NO_CLOCK,
    },
    core.memoryState,
  ),
  remoteJwks: optionsRow<NonNullable<Parameters<typeof core.remoteJwks>[1]>>(
    {},
    {
      fetch: NO_FUNCTION,
      timeoutMs: [...NO_COUNT, 0],
      maxAgeMs: NO_COUNT,
      cooldownMs: NO_COUNT,
    },
    (options) => core.remoteJwks("https://id.example/jwks.json", options),
  ),
  renewing: optionsRow<NonNullable<Parameters<typeof core.renewing>[2]>>(
    {},
    { beforeSeconds: [...NO_COUNT, 30_000_000], clock: NO_CLOCK },
    (options) => core.renewing(held, async () => held, options),
  ),
  explain: "takes a decision or a record, and tells what it can of it",
  operatorView: "takes a decision or a record, and tells what it can of it",
};

describe.each(Object.entries(doors).filter(([, row]) => typeof row !== "string"))("%s", (name, row) => {
  walk(name, row as Exclude<typeof row, string>);
});

describe("what an issuer signs", () => {
  walk(
    "issue",
    optionsRow<RootOrder>(
      order,
      {
        subject: NO_TEXT,
        agent: NO_TEXT,
        holder: [...NO_SIGNER, { request: "x" }],
        grant: NO_GRANT,
        allowDenyLists: NO_FLAG,
        audience: NO_AUDIENCES,
        lifetimeSeconds: NO_LIFE,
        maxDepth: NO_DEPTH,
        budget: NO_BUDGET,
        interop: ["aat-02", "", null],
        txn: NO_TEXT,
        login: [
          ...NO_OBJECT,
          {},
          { kind: "saml", issuer: "i", subject: "s" },
          { kind: "local", issuer: "", subject: "s" },
          { kind: "local", issuer: "i", subject: "s", email: "e" },
        ],
      },
      (given) => company.issuer.issue(given as never),
    ),
  );
});
