import { type MemoryAudit, memoryAudit } from "../audit/index.ts";
import { randomId } from "../crypto/index.ts";
import type { Decision, PolicyDecisionPoint } from "../decision/index.ts";
import { inSeconds } from "../options/index.ts";
import { createUserIds, inMemoryAgents, inMemoryUsers } from "../principal/index.ts";
import type { ToolMap } from "../resource/index.ts";
import { memoryState, type State } from "../state/index.ts";
import { NO_TELEMETRY } from "../telemetry/index.ts";
import {
  type Chain,
  type ChainVerifier,
  createChainVerifier,
  DEFAULT_LIMITS,
  type HeldDelegation,
  hold,
  parseDelegation,
  type Subject,
} from "../token/index.ts";
import {
  ARGUMENTS,
  allowing,
  type Claims,
  createWorld,
  ISSUER,
  NOW,
  PAY,
  pdpOf,
  type Result,
  type World,
} from "../world.fixture.ts";
import { admit } from "./admission.ts";
import { behavedState } from "./behaved-state.ts";
import { behavedTelemetry } from "./behaved-telemetry.ts";
import type { IncomingCall, IncomingCaller, Listed, Listing, ParsedCall } from "./call.ts";
import type { EnforcementPoint } from "./options.ts";
import { shadowOf } from "./shadow.ts";

export const ALICE: Subject = { issuer: ISSUER, subject: "alice" };
export const BY_ALICE: IncomingCaller = { via: "user", user: ALICE };
export const TOOLS: ToolMap = {
  send_payment: { kind: "payment", action: "send", list: "list" },
  read_invoice: { kind: "invoice", action: "read", id: "id", list: "list" },
};

/** Parts of an enforcement point to have in the place of those that serve everything; `state` in its two halves. */
export type Parts = Partial<Omit<EnforcementPoint, "state" | "verifier"> & State> & {
  /** Where it only verifies, what it verified stands for ever. */
  readonly verifier?: Pick<ChainVerifier, "verify"> & Partial<ChainVerifier>;
};

/** What a program may leave out of its options, and as it is then. A new option has its one line for tests here. */
export const LEFT_OUT = {
  sources: {},
  delegation: "grants-only",
  nonces: undefined,
  pdp: {},
  auxData: undefined,
  approvalRules: { approvers: [], withinSeconds: 3600, maxWaiting: 20, warnOfTooFew: () => {} },
  rates: [],
  trust: [],
  telemetry: NO_TELEMETRY,
  deadlineMs: 10_000,
  limits: DEFAULT_LIMITS,
} as const satisfies Partial<EnforcementPoint>;

/** An enforcement point by hand, and what its parts were asked. */
export interface WatchedPoint {
  readonly point: EnforcementPoint;
  readonly audit: MemoryAudit;
  /** The parts that were asked, in order, each once. */
  readonly asked: () => readonly string[];
}

type ByProof = Extract<IncomingCaller, { via: "proof" }>;

/** A chain from alice by the planner to the researcher, and what it takes to make calls with it. */
export interface Scene {
  readonly world: World;
  readonly compact: string;
  /** What the verifier gives for it. */
  readonly chain: Chain;
  /** One that verifies in earnest. The points' own gives `chain` for everything. */
  readonly verifier: ChainVerifier;
  /** The two delegations, as their holders have them. */
  readonly planner: HeldDelegation;
  readonly researcher: HeldDelegation;
  /** The holder, who showed its key when a session began. */
  readonly inSession: IncomingCaller;
  /** The holder, with a proof of its own of a payment, or of what these claims say. */
  byProof(claims?: Claims): Promise<ByProof>;
  point(parts?: Parts): WatchedPoint;
}

export async function createScene(): Promise<Scene> {
  const world = await createWorld();
  const compact = await world.chain();
  const verifier = createChainVerifier([world.anchor], DEFAULT_LIMITS);
  const chain = await verifier.verify(compact, NOW);
  return {
    world,
    compact,
    chain,
    verifier,
    planner: await hold(await parseDelegation(compact.slice(0, compact.indexOf("~"))), world.planner),
    researcher: await hold(await parseDelegation(compact), world.researcher),
    inSession: { via: "session", holder: async () => ({ held: undefined as never, compact, audience: PAY }) },
    byProof: async (claims) => {
      const proof = await world.proof(compact, { jti: randomId(), ...claims });
      return { via: "proof", credential: { chain: compact, proof }, transportUser: undefined };
    },
    point: (parts) => pointOf({ world, chain }, parts),
  };
}

/** Policies that give another answer than an allowance, about all hops or only about those that are named. */
export function answering(changed: Result, ...hops: readonly string[]): PolicyDecisionPoint {
  const about = (id: string): boolean => hops.length === 0 || hops.includes(id);
  return pdpOf(({ principal, resources }) =>
    resources.map((asked) => allowing(asked, about(principal.id) ? changed : {})),
  ).pdp;
}

export function denying(...hops: readonly string[]): PolicyDecisionPoint {
  return answering({ actions: { send: "EFFECT_DENY" } }, ...hops);
}

/** Policies that oblige to take this out of the result of a payment. */
export function redacting(pointer: string, ...hops: readonly string[]): PolicyDecisionPoint {
  return answering({ outputs: [{ source: "rule", action: "send", value: { redact: [pointer] } }] }, ...hops);
}

/** A payment that the grants cover. */
export function payment(caller: IncomingCaller, changed: Partial<IncomingCall> = {}): IncomingCall {
  return { tool: "send_payment", arguments: ARGUMENTS, traceparent: undefined, caller, ...changed };
}

/** The whole way of a call. */
export async function decide(call: IncomingCall, point: EnforcementPoint, parsed: ParsedCall = {}): Promise<Decision> {
  const admitted = await admit(call, point);
  return admitted.outcome === "admitted" ? admitted.decide(parsed) : admitted;
}

/** The whole way of a list. */
export async function list(
  caller: IncomingCaller,
  items: readonly Listed[],
  point: EnforcementPoint,
): Promise<Listing | Decision> {
  const admitted = await admit({ tool: "mcp:tools/list", arguments: {}, traceparent: undefined, caller }, point);
  return admitted.outcome === "admitted" ? admitted.list(items) : admitted;
}

/** The code of a denial, or what else came of it. */
export function codeOf(decision: { readonly outcome: string; readonly code?: string }): string {
  return decision.code ?? decision.outcome;
}

/** What is done without being waited for was done. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function pointOf({ world, chain }: Pick<Scene, "world" | "chain">, parts: Parts = {}): WatchedPoint {
  const log: string[] = [];
  const noting =
    <A extends readonly unknown[], R>(part: string, run: (...args: A) => R) =>
    (...args: A): R => {
      log.push(part);
      return run(...args);
    };
  const agent = (key: typeof world.planner) => ({ roles: ["agent"], keys: [key.publicJwk] });
  const audit = memoryAudit();
  const clock = parts.clock ?? ((): number => NOW * 1000);
  const {
    replay,
    revocations,
    spending,
    approvals,
    verifier = { verify: async () => chain },
    ...own
  }: Parts & State = { ...memoryState({ since: 0, clock }), ...parts };
  const whole = {
    cerbos: pdpOf().pdp,
    users: inMemoryUsers({ [ISSUER]: { alice: { roles: ["clerk"] } } }),
    agents: inMemoryAgents({ planner: agent(world.planner), researcher: agent(world.researcher) }),
    audit,
    ...own,
  };
  const { cerbos, users, agents } = whole;
  const point: EnforcementPoint = {
    ...LEFT_OUT,
    audience: [PAY],
    tools: TOOLS,
    userIds: createUserIds([ISSUER], {}),
    shadow: shadowOf({ tools: TOOLS }),
    trust: [world.anchor],
    clock,
    nowSeconds: inSeconds(clock),
    ...whole,
    // As the options give it: it cannot change what a stage found.
    telemetry: behavedTelemetry(parts.telemetry ?? NO_TELEMETRY),
    verifier: {
      verify: noting("verifier", (...args) => verifier.verify(...args)),
      lookAgain: noting("verifier", async (...args) => verifier.lookAgain?.(...args)),
      verifyExpired: noting("verifier", async (...args) => verifier.verifyExpired?.(...args) ?? chain),
    },
    agents: { ...agents, find: noting("registry", (name) => agents.find(name)) },
    users: { ...users, find: noting("directory", (user) => users.find(user)) },
    cerbos: { ...cerbos, checkResources: noting("policies", (...args) => cerbos.checkResources(...args)) },
    // As the options give it: it answers in time.
    state: behavedState(
      {
        revocations: { find: noting("revocations", (...query) => revocations.find(...query)) },
        replay: {
          get notBefore() {
            return replay.notBefore as number;
          },
          claim: noting("replay", replay.claim),
        },
        ...(spending && { spending }),
        ...(approvals && { approvals }),
      },
      { deadlineMs: parts.deadlineMs ?? 10_000, limits: DEFAULT_LIMITS, nowSeconds: inSeconds(clock) },
    ),
    audit: { ...whole.audit, record: noting("record", (record) => whole.audit.record(record)) },
  };
  return { point, audit, asked: () => [...new Set(log)] };
}
