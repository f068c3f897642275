import { type AuditSink, SINK } from "../audit/index.ts";
import type { AuxDataSupplier, PolicyDecisionPoint, RunningPdp } from "../decision/index.ts";
import {
  CLOCK,
  choice,
  either,
  func,
  having,
  mapOf,
  maybe,
  members,
  named,
  number,
  optionsOf,
  type Rows,
  type Shape,
} from "../options/index.ts";
import {
  AGENT_REGISTRY,
  type AgentRegistry,
  USER_DIRECTORY,
  type UserDirectory,
  type UserIds,
} from "../principal/index.ts";
import { TOOL_MAP, type ToolMap } from "../resource/index.ts";
import { type AttributeSources, attributeSource } from "../source/index.ts";
import { STATE, type State } from "../state/index.ts";
import type { Telemetry } from "../telemetry/index.ts";
import {
  AUDIENCE,
  AUDIENCES,
  type ChainVerifier,
  LIMITS,
  type Limits,
  type Nonces,
  type Subject,
  TRUST,
  type Trust,
  type TrustAnchor,
} from "../token/index.ts";
import { APPROVALS, type ApprovalOptions, type ApprovalRules } from "./approvals/options.ts";
import { TELEMETRY } from "./behaved-telemetry.ts";
import { RATES, type Rate } from "./rates.ts";
import { CERBOS } from "./running-pdp.ts";
import { SHADOW, type Shadow, type ShadowOption } from "./shadow.ts";

/** What an authorizer stands on. */
export interface AuthorizerOptions {
  /** What `startPdp` or `connectPdp` of `@hopwise/cerbos` gives; or a client of `@cerbos/grpc` or `@cerbos/http`. */
  readonly cerbos: PolicyDecisionPoint | RunningPdp;
  /** The names of this enforcement point: absolute URIs, as callers know them. */
  readonly audience: string | readonly string[];
  /** Who may start a chain: anchors that stay, or such as change while the program runs ({@link Trust}, `createTrust`). */
  readonly trust: readonly TrustAnchor[] | Trust;
  readonly users: UserDirectory;
  readonly agents: AgentRegistry;
  /** Further sources of attributes, each under its own name in `attr` of the user's or of an agent's principal. */
  readonly sources?: PrincipalSources;
  readonly tools: ToolMap;
  /**
   * Adds auxiliary data (`request.auxData`) to the request about each hop: a JWT that Cerbos verifies by its own keys. Asked
   * for every hop with the chain up to it; for a list once a hop, with the list as the tool. No record holds the token.
   *
   * @defaultValue none
   */
  readonly auxData?: AuxDataSupplier;
  /**
   * Whether policies also rule on who may hand authority to whom. `{ kind, action }` asks them for each hop but the last;
   * `"grants-only"` does not: right where the policy set has no such kind.
   *
   * @defaultValue `{ kind: "delegation", action: "delegate" }`
   */
  readonly delegation?: { readonly kind: string; readonly action: string } | "grants-only";
  readonly audit: AuditSink;
  /** Traces and metrics of every call: `openTelemetry()` of `@hopwise/core/opentelemetry`. Default: none. */
  readonly telemetry?: Telemetry;
  /**
   * What must be remembered between calls. Two authorizers with the same audience must share it.
   *
   * @defaultValue `memoryState()`: for this one authorizer, as long as its process lives
   */
  readonly state?: State;
  /** How calls wait for a person, where a policy asks for one (`approval`). See docs/approvals.md. */
  readonly approvals?: ApprovalOptions;
  /**
   * How many calls there may be within a window of time: of one chain, user or agent. Counted in `state`, at this enforcement
   * point and all that share its first name and store.
   *
   * @defaultValue none
   */
  readonly rates?: readonly Rate[];
  /**
   * Shadow mode, for rolling out: decides and records as always, and lets run what policies, grants, budgets or a missing
   * approval refuse, of every tool (`true`) or of these; `"everything"` also what comes without a valid chain. Nothing else:
   * an outage, a revocation, a replay still ends the call. See docs/shadow.md.
   *
   * @defaultValue everything is enforced
   */
  readonly shadow?: ShadowOption;
  /**
   * Told at the start that shadow mode is on, or that an anchor of `trust` may not name this enforcement point, so that none of its
   * chains is taken; once that a call waits for an approval that nobody here could give, or too few; and each time that `approvals.onRequest` or `onAnswer` fails.
   *
   * @defaultValue `console.warn`
   */
  readonly onWarning?: (text: string) => void;
  /** Asks every caller for a proof that names a nonce, instead of relying on their clock. */
  readonly nonces?: Nonces;
  /**
   * How long the policies, the sources of attributes, and the published keys of an issuer may take, each.
   *
   * @defaultValue 1000
   */
  readonly deadlineMs?: number;
  readonly limits?: Partial<Limits>;
  /** The clock, in milliseconds since the epoch. */
  readonly clock?: () => number;
}

/** Further sources of what policies may know of hops, by the names under which policies find it. */
export interface PrincipalSources {
  readonly user?: AttributeSources<Subject>;
  /** Asked with an agent's name. */
  readonly agent?: AttributeSources<string>;
}

/** The options, checked and complete: what every step of a call's way may look at. */
export interface EnforcementPoint
  extends Omit<
    Required<AuthorizerOptions>,
    "audience" | "limits" | "nonces" | "cerbos" | "auxData" | "approvals" | "shadow" | "onWarning" | "trust"
  > {
  readonly cerbos: PolicyDecisionPoint;
  readonly audience: readonly [string, ...string[]];
  readonly verifier: ChainVerifier;
  /** The anchors of this moment. */
  readonly trust: readonly TrustAnchor[];
  readonly userIds: UserIds;
  readonly approvalRules: ApprovalRules;
  readonly shadow: Shadow;
  readonly limits: Limits;
  readonly nonces: Nonces | undefined;
  /** What it says of itself, where it comes with that. */
  readonly pdp: Omit<RunningPdp, "client">;
  readonly auxData: AuxDataSupplier | undefined;
  /** Seconds since the epoch, with their fraction. @throws {HopwiseError} `state_unavailable` for a clock that gives no time */
  readonly nowSeconds: () => number;
}

export const DEFAULT_DEADLINE_MS = 1000;

/** What policies are asked about a handing over, where the options do not say. */
export const DEFAULT_DELEGATION = { kind: "delegation", action: "delegate" } as const;

const DELEGATION_OPTION = '{ kind, action }, or "grants-only" where no policy rules on it';

/** Whether policies rule on the handing over, and under which names. */
export const HANDING_OVER: Shape = either(
  DELEGATION_OPTION,
  choice("grants-only"),
  members<{ kind: string; action: string }>(
    { kind: named("a Cerbos resource kind, such as delegation"), action: named("a Cerbos action, such as delegate") },
    DELEGATION_OPTION,
  ),
);
const SOURCES = mapOf(attributeSource("userAttributesFrom({ … })"), "sources by name");
/** The options that `describeContext` reads, too. */
export const CONTEXT_ROWS: Rows<
  Pick<AuthorizerOptions, "tools" | "users" | "agents" | "sources" | "delegation" | "auxData">
> = {
  tools: TOOL_MAP,
  users: USER_DIRECTORY,
  agents: AGENT_REGISTRY,
  sources: maybe(
    members<PrincipalSources>(
      { user: maybe(SOURCES), agent: maybe(SOURCES) },
      "{ user, agent }, each with sources by name",
    ),
  ),
  auxData: maybe(func("a function of the call and the hops that gives { jwt: { token } } or undefined")),
  delegation: maybe(HANDING_OVER),
};

/** Checks the options of an authorizer, and gives the copy that it goes by: each is read once. */
export const readOptions: (given: unknown) => AuthorizerOptions = optionsOf<AuthorizerOptions>("createAuthorizer", {
  ...CONTEXT_ROWS,
  cerbos: CERBOS,
  audience: either(
    "an absolute URI without a fragment, such as https://pay.example/mcp, or a list of them",
    AUDIENCE,
    AUDIENCES,
  ),
  trust: TRUST,
  audit: SINK,
  telemetry: maybe(TELEMETRY),
  state: maybe(STATE),
  approvals: maybe(APPROVALS),
  rates: maybe(RATES),
  shadow: maybe(SHADOW),
  onWarning: maybe(func("a function that is told a text")),
  nonces: maybe(having("nonces, such as createNonces()", "issue", "timesOf")),
  deadlineMs: maybe(number({ min: 1, max: 600_000, example: DEFAULT_DEADLINE_MS })),
  limits: maybe(LIMITS),
  clock: maybe(CLOCK),
});
