import { join } from "node:path";
import * as aiSdk from "@hopwise/ai-sdk";
import * as auditLog from "@hopwise/audit";
import * as cerbos from "@hopwise/cerbos";
import * as core from "@hopwise/core";
import { HopwiseError } from "@hopwise/core";
import type * as adapter from "@hopwise/core/adapter";
import * as audit from "@hopwise/core/audit";
import * as describeDoor from "@hopwise/core/describe";
import type * as telemetry from "@hopwise/core/opentelemetry";
import { openTelemetry } from "@hopwise/core/opentelemetry";
import * as running from "@hopwise/core/running";
import * as sources from "@hopwise/core/sources";
import * as state from "@hopwise/core/state";
import { createCompany, sampleDecision, sampleOutcome } from "@hopwise/core/testing";
import * as tokens from "@hopwise/core/tokens";
import type * as fastmcp from "@hopwise/fastmcp";
import * as mcp from "@hopwise/mcp";
import * as sqlite from "@hopwise/sqlite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { allowedCall } from "../support/allowed-call.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { FAULTS, hangs, NONSENSE, SECRET, together, watchRejections } from "./host-faults.ts";

type AnyFunction = (...args: never) => unknown;

/** Uses what a host gives where its function misbehaves like that. */
type Use = (misbehave: () => never) => unknown;

/** A use for each member of what somebody passes in that is, or may be, a function. A new one does not compile. */
type Uses<T> = {
  readonly [Name in keyof T as Extract<NonNullable<T[Name]>, AnyFunction> extends never ? never : Name]-?: Use;
};

/** A row for each function of a door. A text in its place says why nothing that it takes is asked. */
type Door<Exports> = {
  readonly [Name in keyof Exports as Exports[Name] extends AnyFunction ? Name : never]: string | { [use: string]: Use };
};

/** The uses of what is passed in by its type, and of what stands beside. */
function asking<T>(uses: Uses<T>, beside: { [use: string]: Use } = {}): { [use: string]: Use } {
  return { ...uses, ...beside };
}

const company = await createCompany();
const held = await company.chain("alice", "planner");
const signer = await core.generateSigner();
const AUDIENCE = company.audience;
const ISSUER = { issuer: "https://id.example", signer, audiences: [AUDIENCE], subjects: "any", tools: "any" } as const;
const ORDER = { subject: "alice", agent: "planner", holder: signer, grant: held.grant } as const;
const ANN = { issuer: "https://id.example", subject: "ann" };
const QUERY = { tool: "read_invoice", arguments: { id: "1" }, tenant: ANN.issuer };
const SOON = Math.floor(Date.now() / 1000) + 60;
const CLAIMS = { iss: ANN.issuer, sub: ANN.subject, exp: SOON };
const ATTEMPT = { ...sampleDecision(), code: "proof_missing", message: "m" } as const;
const SHORT = { name: "hr", deadlineMs: 50, ttlMs: 1000 };
/** What never answers is waited for as long as that by whoever made the call: it has a deadline of its own elsewhere. */
const WAITS_LONGER =
  /^(renewing|jsonLinesAudit|auditTo|carryingFetch|carryOver|openAuditLog|resilient|usersOverHttp|agentsOverHttp)\b/;

/** A source is asked by an authorizer, which denies whatever it throws: what counts here is that it ends. */
const ask = async (source: sources.Source<never, unknown>, key: unknown): Promise<void> => {
  await Promise.allSettled([source.find(key as never), source.look?.(key as never)]);
  await Promise.allSettled([source.find(key as never)]);
};

type Asked = { [Name in "find" | "findMany" | "clock"]: unknown };

function sourceUses(make: (options: never) => sources.Source<never, unknown>, key: unknown): { [use: string]: Use } {
  const find = () => undefined;
  return asking<Asked & Record<never, AnyFunction>>({} as never, {
    find: (find) => ask(make({ ...SHORT, find } as never), key),
    findMany: (findMany) => ask(make({ ...SHORT, findMany } as never), key),
    clock: (clock) => ask(make({ ...SHORT, find, clock } as never), key),
  });
}

/** Both stores of a memory. */
async function remember({ replay, revocations }: state.State): Promise<void> {
  const asked = [
    async () => replay.claim("key", SOON),
    async () => (revocations as state.MemoryRevocations).revoke({ agent: "planner" }),
    async () => revocations.find({ tokens: [], keys: [], agents: ["planner"], user: ANN, issuedAt: 1 }),
  ];
  for (const one of await Promise.allSettled(asked.map((run) => run())))
    if (one.status === "rejected") throw one.reason;
}

/** A sink is asked by an authorizer, which denies what could not be written down. */
function write(sink: audit.AuditSink): void {
  void (async () => sink.record(sampleDecision({ outcome: "denied", code: "policy_denied" })))().catch(() => {});
  void (async () => sink.outcome?.(sampleOutcome({ outcome: "failed" })))().catch(() => {});
  sink.unverified?.(ATTEMPT);
  void (async () => sink.health?.())().catch(() => {});
}

const coreDoor: Door<typeof core> = {
  createAuthorizer: "hosts.test.ts walks over all that it takes",
  createIssuer: asking<tokens.IssuerOptions>({
    subjects: async (subjects) => (await core.createIssuer({ ...ISSUER, subjects })).issue(ORDER),
    clock: async (clock) => (await core.createIssuer({ ...ISSUER, clock })).issue(ORDER),
  }),
  createTrust: "takes anchors, of which hosts.test.ts walks over what an authorizer asks",
  delegate: asking<tokens.DelegateOrder>({
    clock: (clock) => core.delegate(held, { to: "researcher", holder: signer, grant: held.grant, clock }),
  }),
  renewing: asking<tokens.RenewOptions>(
    { clock: (clock) => core.renewing(held, async () => held, { clock })() },
    { renew: (renew) => core.renewing(held, renew, { beforeSeconds: 86_400 })() },
  ),
  memoryState: asking<state.MemoryReplayOptions>({ clock: (clock) => remember(core.memoryState({ clock })) }),
  remoteJwks: asking<tokens.RemoteJwksOptions>({
    fetch: (fetch) => core.remoteJwks("https://id.example/jwks.json", { fetch, timeoutMs: 50 }).find("k1"),
  }),
  jsonLinesAudit: asking<audit.LineWriter>({
    write: (write_) => write(core.jsonLinesAudit({ write: write_ })),
    on: (on) => write(core.jsonLinesAudit({ write: (_, done) => done(), on })),
  }),
  mapTool: {
    output: (output) =>
      core.mapTool({ "~standard": { validate: () => ({}), jsonSchema: { output } } } as never, {
        kind: "k",
        action: "a",
      }),
  },
  generateSigner: "takes a name",
  hold: "takes a signer, which is asked when something is signed",
  inMemoryAgents: "takes data",
  inMemoryUsers: "takes data",
  memoryAudit: "takes nothing",
  parseDelegation: "takes a text",
  serialize: "takes a delegation",
  signerFromJwk: "takes data",
  explain: "takes data",
  operatorView: "takes data",
};

/** Of what is asked over HTTP: each function, where the others behave. */
const overHttp = (make: (own: object) => Parameters<typeof ask>[0], key: unknown) =>
  Object.fromEntries(
    (["url", "parse", "headers", "fetch", "clock"] as const).map((name): [string, Use] => [
      name,
      (misbehave) => {
        const url = () => "https://hr.example/ann";
        const fetch = async () => new Response("{}");
        const own = { ...SHORT, url, parse: () => ({ id: "ann", roles: ["clerk"] }), fetch, [name]: misbehave };
        return ask(make(own), key);
      },
    ]),
  ) as never;

const sourcesDoor: Door<typeof sources> = {
  usersFrom: sourceUses(sources.usersFrom as never, ANN),
  userAttributesFrom: sourceUses(sources.userAttributesFrom as never, ANN),
  agentsFrom: sourceUses(sources.agentsFrom as never, "planner"),
  agentAttributesFrom: sourceUses(sources.agentAttributesFrom as never, "planner"),
  resourceAttributesFrom: {
    ...sourceUses(((own: object) => sources.resourceAttributesFrom({ key: "id", ...own } as never)) as never, QUERY),
    key: async (key) => {
      const source = sources.resourceAttributesFrom({ ...SHORT, find: () => ({}), key });
      await Promise.allSettled([(async () => source.find(QUERY))(), (async () => source.look?.(QUERY))()]);
    },
  },
  usersOverHttp: asking<sources.HttpUsersOptions>(overHttp(sources.usersOverHttp as never, ANN)),
  agentsOverHttp: asking<sources.HttpAgentsOptions>(overHttp(sources.agentsOverHttp as never, "planner")),
  oidcUsers: asking<sources.OidcUsersOptions>({
    user: (user) => sources.oidcUsers({ user }).learn(CLAIMS),
    clock: async (clock) => {
      let well = true;
      const users = sources.oidcUsers({ user: () => ({ roles: ["clerk"] }), clock: () => (well ? 1 : clock()) });
      users.learn(CLAIMS);
      well = false;
      await users.find(ANN);
    },
  }),
};

const digest = await tokens.thumbprintOf(signer.publicJwk);
const REQUEST: tokens.ApprovalRequest = {
  audience: AUDIENCE,
  tool: "t",
  argumentsHash: { received: digest, parsed: digest },
  resource: { kind: "k", id: "1", attributes: {} },
  user: ANN,
  agents: [],
  reason: "r",
  approvers: 1,
  untilSeconds: SOON,
};
const KID = company.issuer.trustAnchor.keys[0]?.kid as string;
const AS = { issuer: company.issuer.trustAnchor.issuer, kid: KID, subject: "alice" };
const reading = (anchor: object) => ({
  trust: [{ ...company.issuer.trustAnchor, approvals: true, ...anchor }],
  nowSeconds: Date.now() / 1000,
  deadlineMs: 50,
});
const approvalBy = (anchor: object) => async () => {
  const approval = await tokens.signApproval({ signer, as: AS, request: REQUEST, answer: "yes" });
  const own = { keys: [{ kid: KID, jwk: signer.publicJwk }], ...anchor };
  return tokens.verifyApproval(approval, { ...reading(own), request: REQUEST });
};
const revocationBy = (anchor: object) => async () => {
  const sent = await tokens.signRevocation({ signer: held.signer, of: { delegation: held }, audience: AUDIENCE });
  return tokens.verifyRevocation(sent, { ...reading(anchor), audience: AUDIENCE });
};

const tokensDoor: Door<typeof tokens> = {
  hashOfRequest: "takes data",
  signApproval: asking<tokens.ApprovalOrder>({
    clock: (clock) => tokens.signApproval({ signer, request: REQUEST, answer: "yes", clock }),
  }),
  signRevocation: asking<tokens.RevocationOrder>({
    clock: (clock) =>
      tokens.signRevocation({ signer: held.signer, of: { delegation: held }, audience: AUDIENCE, clock }),
  }),
  verifyApproval: {
    keys: (find) => approvalBy({ keys: { find } })(),
    subjects: (subjects) => approvalBy({ subjects })(),
  },
  verifyRevocation: {
    keys: (find) => revocationBy({ keys: { find } })(),
    subjects: (subjects) => revocationBy({ subjects })(),
  },
  prove: asking<tokens.Invocation>({ clock: (clock) => tokens.prove(held, { tool: "t", audience: AUDIENCE, clock }) }),
  createChallenge: "takes nothing",
  inspectDelegation: "takes a time",
  localJwks: "takes data",
  printChain: "takes data",
  requestDelegation: "takes a signer, which is asked as `prove` asks one",
  serializeCompact: "takes a delegation",
  kidOf: "takes data",
  thumbprintOf: "takes data",
};

const LOG = { audience: AUDIENCE, trust: [company.issuer.trustAnchor], deadlineMs: 50 } as const;

async function acceptBy(changed: Partial<state.AcceptOptions>): Promise<unknown> {
  const sent = await tokens.signRevocation({
    signer: company.keys.planner,
    of: { delegation: held },
    audience: AUDIENCE,
  });
  return state.acceptRevocations({ ...LOG, state: core.memoryState({ since: 0 }), ...changed })(sent);
}

function posted(): Request {
  const headers = { "content-type": "application/json" };
  return new Request("http://h/", { method: "POST", body: '{"revocation":"x"}', headers });
}

function feedOf(changed: Partial<state.FeedOptions>): Promise<Response> {
  const feed = { state: core.memoryState(), signer, audience: AUDIENCE, mayRead: () => true, ...changed };
  return state.revocationEndpoint({ feed, deadlineMs: 50 })(new Request("http://h/"));
}

/** What it says over HTTP, as an error says it: a code, and nothing of a host's words. */
async function answered(response: Response): Promise<void> {
  const text = await response.text();
  if (response.status >= 400) throw new HopwiseError("state_unavailable", text);
}

async function followed(changed: Partial<state.FeedReaderOptions>): Promise<void> {
  const reader = state.revocationsOverHttp({
    url: "https://id.example/revocations",
    keys: [signer.publicJwk],
    audience: AUDIENCE,
    timeoutMs: 50,
    ...changed,
  });
  try {
    await reader.refresh();
  } finally {
    reader.close();
  }
}

const { approvals } = company.authorizer();
const asked = (): Request => new Request("https://approve.example/");
const stateDoor: Door<typeof state> = {
  checkClocks: "takes numbers",
  createForgetting: "takes nothing",
  mayBeForgotten: "takes times",
  firstTooMuch: "asks a driver, within the driver's own step",
  approvalEndpoint: asking<Omit<state.ApprovalEndpointOptions, "approvals">>(
    { mayRead: (mayRead) => state.approvalEndpoint({ approvals, mayRead, deadlineMs: 50 })(asked()).then(answered) },
    {
      list: (list) =>
        state
          .approvalEndpoint({ approvals: { ...approvals, list }, mayRead: () => true, deadlineMs: 50 })(asked())
          .then(answered),
    },
  ),
  memoryDriver: asking<state.MemoryReplayOptions>({
    clock: (clock) => state.memoryDriver({ clock }).replay.claim("key", SOON),
  }),
  openedState: asking<state.StateOptions>({
    clock: async (clock) => {
      const made = await state.openedState(state.memoryDriver(), { clock });
      return Promise.resolve(made.revocations.revoke({ agent: "planner" })).finally(() => made.close());
    },
  }),
  memoryReplay: asking<state.MemoryReplayOptions>({
    clock: (clock) => state.memoryReplay({ clock }).claim("key", SOON),
  }),
  memoryRevocations: { clock: (clock) => state.memoryRevocations(clock).revoke({ agent: "planner" }) },
  acceptRevocations: asking<state.AcceptOptions>(
    {
      clock: (clock) => acceptBy({ clock }),
      onAnswer: (onAnswer) => acceptBy({ onAnswer }),
    },
    {
      claim: (claim) => acceptBy({ state: { replay: { claim }, revocations: core.memoryState().revocations } }),
    },
  ),
  revocationEndpoint: asking<state.RevocationEndpointOptions>(
    {
      accept: async (accept) => answered(await state.revocationEndpoint({ accept, deadlineMs: 50 })(posted())),
    },
    {
      mayRead: async (mayRead) => answered(await feedOf({ mayRead })),
      clock: async (clock) => answered(await feedOf({ clock })),
    },
  ),
  revocationsOverHttp: asking<state.FeedReaderOptions>({
    headers: (headers) => followed({ headers, fetch: () => Promise.reject(new Error("down")) }),
    fetch: (fetch) => followed({ fetch }),
    clock: (clock) => followed({ clock }),
  }),
  createNonces: "takes data",
  isRevoked: "takes data",
  readRevocation: "takes data",
  revocationKey: "takes data",
  revocationKeys: "takes data",
  stricterOf: "takes data",
};

const SCREEN = { write: () => true, isTTY: true };
const auditDoor: Door<typeof audit> = {
  auditTo: asking<audit.AuditSink>({
    record: (record) => write(audit.auditTo({ record })),
    outcome: (outcome) => write(audit.auditTo({ record: () => {}, outcome })),
    unverified: (unverified) => write(audit.auditTo({ record: () => {}, unverified })),
    health: (health) => write(audit.auditTo({ record: () => {}, health })),
  }),
  checkTold: "takes data",
  helpOf: "takes data",
  onDenial: { tell: (tell) => write(audit.onDenial(tell)) },
  printingAudit: asking<audit.Screen>({
    write: (print) => write(audit.printingAudit({ ...SCREEN, write: print })),
    hasColors: (hasColors) => write(audit.printingAudit({ ...SCREEN, hasColors })),
    on: (on) => write(audit.printingAudit({ ...SCREEN, on })),
  }),
  chainLine: "takes data",
};

type EntryUses = Pick<Uses<core.ToolEntry>, "action" | "list">;
const describing = (part: object) =>
  describeDoor.describeContext({
    users: company.users,
    agents: company.agents,
    tools: { pay: { kind: "payment", action: "send", ...part } },
  } as never);
const ENTRY_USES: EntryUses = {
  action: (action) => describing({ action }),
  list: (list) => describing({ list }),
};
const describeDoors: Door<typeof describeDoor> = {
  describeContext: { ...ENTRY_USES },
  cerbosFastmcpNaming: "takes data",
};

const telemetryDoor: Door<typeof telemetry> = {
  openTelemetry: {
    tracerProvider: (getTracer) => openTelemetry({ tracerProvider: { getTracer } }).begin(sampleDecision() as never),
    tracer: (startSpan) =>
      openTelemetry({ tracerProvider: { getTracer: () => ({ startSpan }) as never } }).begin(sampleDecision() as never),
    meterProvider: (getMeter) =>
      openTelemetry({ meterProvider: { getMeter } }).report(sampleDecision() as never, { outcome: "failed" }),
  },
};

const adapterDoor: Door<typeof adapter> = {
  canonicalJson: "takes data",
  clientErrorKind: "takes an error",
  clientWords: "takes an error",
  currentDelegation: "gives what a source gives; sessions and carriers ask by it",
  fulfil: "takes data",
  faultOf: "takes an error",
  inOwnWords: "takes an error",
  isNormalUri: "takes a text",
  isoOf: "takes a number",
  isOwn: "takes an error",
  isRefusal: "takes an error",
  isSameReading: "takes data",
  isToolGranted: "takes data",
  loosen: "takes data",
  misfitOf: "takes data",
  modelView: "takes data",
  waitingView: "takes data",
  wireView: "takes data",
  onceAborted: "calls a function of our own",
  onceInProcess: "runs a function of our own",
  plainText: "takes a text",
  wholeText: "takes a text",
  didNothing: "takes a decision",
  saidNothingHappened: "takes a decision",
  settleInTime: "waits for whatever it gets",
  whenTimeIsUp: "calls back what it gets",
  quietly: "nothing of what it runs is heard of",
  warner: "nothing of how its listener fails is heard of",
  withoutTokens: "takes a text",
};

const runningDoor: Door<typeof running> = {
  runCall: {
    // Its tool is no hook: it is waited for as long as it takes, and what it throws is its own.
    report: async (report) => running.runCall({ report: report as never }, await allowedCall(), () => "paid"),
  },
  beginRun: "is what runCall stands on",
  caller: "takes nothing",
  currentFilter: "takes nothing",
  nothingHappened: "takes nothing",
  openCall: "is for adapters",
  runToEnd: "is for adapters",
  runWithin: "is for adapters",
  withCaller: "is for adapters",
};

const LISTED = {
  jsonrpc: "2.0",
  id: 1,
  method: "tools/call",
  params: { name: "send_payment", arguments: {} },
} as const;
const carrying = (options: object, fetch: typeof globalThis.fetch = async () => new Response()) =>
  mcp.carryingFetch({ delegation: held, audience: AUDIENCE, ...options } as never, fetch)("https://pay.example/mcp", {
    method: "POST",
    body: JSON.stringify(LISTED),
  });
const carryOver = (options: object): unknown => {
  const transport: mcp.McpTransport = { start: async () => {}, close: async () => {}, send: async () => {} };
  const carried: mcp.McpTransport = mcp.carryOver(transport, {
    delegation: held,
    audience: AUDIENCE,
    ...options,
  } as never) as never;
  return carried.send(LISTED);
};
const mcpDoor: Door<typeof mcp> = {
  carryingFetch: asking<mcp.CarryOptions>({
    delegation: (delegation) => carrying({ delegation }),
    approvals: (approvals) => carrying({ approvals }),
    clock: (clock) => carrying({ clock }),
  }),
  carryOver: asking<mcp.CarryOptions>({
    delegation: (delegation) => carryOver({ delegation }),
    approvals: (approvals) => carryOver({ approvals }),
    clock: (clock) => carryOver({ clock }),
  }),
  guardTransport: "asks userFromAuth for each request: receive-user.test.ts; of approvalUrl: offer-page.test.ts",
  pendingIn: "takes data",
  caller: "takes nothing",
  currentFilter: "takes nothing",
  nothingHappened: "takes nothing",
  createGuardedTools: "takes nothing; what it wraps is the tool itself",
};

const fastmcpDoor: Door<typeof fastmcp> = {
  guard: "hands userFromAuth and approvalUrl to guardTransport; what a logger throws: warnings.test.ts",
  caller: "takes nothing",
  currentFilter: "takes nothing",
  nothingHappened: "takes nothing",
};

const authorizer = company.authorizer();
const READS: aiSdk.AnyTool = { execute: async () => "read" };
const aiSdkDoor: Door<typeof aiSdk> = {
  authorizeTools: asking<Omit<aiSdk.AuthorizeToolsOptions, "authorizer">>({
    delegation: (delegation) => aiSdk.authorizeTools({}, { authorizer, delegation }),
    approvals: async (approvals) => {
      const tools = await aiSdk.authorizeTools({ read_invoice: READS }, { authorizer, delegation: held, approvals });
      // The errors of a loop are for models.
      const told = await (async () => tools.read_invoice.execute?.({} as never, {} as never))().catch(String);
      if (String(told).includes(SECRET)) throw new Error(String(told));
    },
  }),
  caller: "takes nothing",
  currentFilter: "takes nothing",
  nothingHappened: "takes nothing",
};

const folder = temporaryFolder(afterAll);
let logs = 0;
const auditLogDoor: Door<typeof auditLog> = {
  openAuditLog: asking<auditLog.AuditLogOptions>({
    onCheckpoint: async (onCheckpoint) => {
      const log = await auditLog.openAuditLog({ folder: join(folder, String(logs++)), signer, onCheckpoint });
      await log.close();
    },
  }),
  blastRadius: "takes data",
  lineage: "takes data",
  printLineage: "takes data",
  printOutcome: "takes data",
  printRecord: "takes data",
  printShadowReport: "takes data",
  readAuditLog: "takes data",
  shadowReport: "takes data",
  unknownNames: "takes data",
  verifyAuditLog: "takes data",
};

const away = () => Promise.reject(new HopwiseError("policy_unavailable", "away"));
const AWAY = { checkResources: away, planResources: away };
const linting = (part: object) =>
  cerbos.lintPolicies("policies", { tools: { pay: { kind: "payment", action: "send", ...part } } } as never);
let files = 0;
const newFile = (): string => join(folder, `state-${files++}.db`);
const sqliteDoor: Door<typeof sqlite> = {
  openSqlite: asking<sqlite.SqliteOptions>({
    clock: async (clock) => {
      const driver = await sqlite.openSqlite({ file: newFile(), clock });
      try {
        await driver.replay.claim("key", SOON);
      } finally {
        await driver.close();
      }
    },
  }),
  sqliteState: asking<sqlite.SqliteStateOptions>({
    clock: async (clock) => {
      const made = await sqlite.sqliteState({ file: newFile(), clock });
      try {
        await made.revocations.revoke({ agent: "planner" });
      } finally {
        await made.close();
      }
    },
  }),
};

const cerbosDoor: Door<typeof cerbos> = {
  resilient: asking<cerbos.ResilienceOptions>({
    onChange: (onChange) =>
      cerbos
        .resilient(AWAY, { onChange, faultsInARow: 1, timeoutMs: 50 })
        .checkResources({} as never)
        .catch(() => {}),
  }),
  lintPolicies: asking<cerbos.AskedTool>({
    action: (action) => linting({ action }),
    list: (list) => linting({ list }),
  }),
  startPdp: "tells its listeners as `resilient` does",
  connectPdp: "tells its listeners as `resilient` does",
  compilePolicies: "takes data",
  findBinary: "takes data",
  probePdp: "takes data",
  shareRequests: "takes data",
};

const rows = Object.entries({
  ...coreDoor,
  ...sourcesDoor,
  ...tokensDoor,
  ...stateDoor,
  ...auditDoor,
  ...describeDoors,
  ...telemetryDoor,
  ...adapterDoor,
  ...runningDoor,
  ...mcpDoor,
  ...fastmcpDoor,
  ...aiSdkDoor,
  ...auditLogDoor,
  ...sqliteDoor,
  ...cerbosDoor,
}).flatMap(([called, uses]) =>
  typeof uses === "string" ? [] : Object.entries(uses).map(([use, run]) => [`${called}: ${use}`, run] as const),
);

/** What came of it: "ends", or what is wrong. */
async function outcome(run: Use, misbehave: () => unknown): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("it did not end")), 20_000);
  });
  try {
    await Promise.race([(async () => run(misbehave as () => never))(), tooLong]);
    return "ends";
  } catch (error) {
    if (!(error instanceof HopwiseError)) return `a raw exception: ${printed(error)}`;
    return error.message.includes(SECRET) ? `it quotes: ${error.message}` : "ends";
  } finally {
    clearTimeout(timer);
  }
}

function printed(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return "one that throws when looked at";
  }
}

const BEHAVIOURS = Object.entries({ ...FAULTS, ...NONSENSE });
const came = new Map<string, readonly (readonly [string, string])[]>();
const rejections = watchRejections();

beforeAll(async () => {
  const jobs = rows.map(([name, run]) => async () => {
    const some = BEHAVIOURS.filter(([what]) => !(hangs(what) && WAITS_LONGER.test(name)));
    const told = await together(
      some.map(
        ([what, behave]) =>
          async () =>
            [what, await outcome(run, behave)] as const,
      ),
      8,
    );
    came.set(name, told);
  });
  await together(jobs, 4);
}, 120_000);

describe("a function of a host that misbehaves", () => {
  it.each(rows.map(([name]) => name))("ends %s in an answer, or an error of ours that quotes nothing", (name) => {
    const told = came.get(name) ?? [];
    expect(told.length).toBeGreaterThan(20);
    expect(told.filter(([, how]) => how !== "ends")).toEqual([]);
  });

  it("leaves no rejection behind that nobody handles: Node would end the process", async () => {
    expect(await rejections()).toEqual([]);
  });
});
