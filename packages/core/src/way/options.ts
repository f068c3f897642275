import type { AuditSink } from "../audit/index.ts";
import type { PolicyDecisionPoint, RunningPdp } from "../decision/index.ts";
import { HopwiseError } from "../errors.ts";
import { type AgentRegistry, DELEGATION, type UserDirectory } from "../principal/index.ts";
import { checkToolMap, type ToolMap } from "../resource/index.ts";
import { type AttributeSources, checkSourceNames } from "../source/index.ts";
import { memoryState, type State } from "../state/index.ts";
import { NO_TELEMETRY, type Telemetry } from "../telemetry/index.ts";
import {
  type ChainVerifier,
  createChainVerifier,
  DEFAULT_LIMITS,
  isAudience,
  type Limits,
  type Nonces,
  type Subject,
  type TrustAnchor,
} from "../token/index.ts";
import { inSeconds } from "./clock.ts";

/** What an authorizer stands on. */
export interface AuthorizerOptions {
  /** What `startPdp` or `connectPdp` of `@hopwise/cerbos` gives; or a client of `@cerbos/grpc` or `@cerbos/http`. */
  readonly cerbos: PolicyDecisionPoint | RunningPdp;
  /** The names of this enforcement point: absolute URIs, as callers know them. */
  readonly audience: string | readonly string[];
  /** Who may start a chain. */
  readonly trust: readonly TrustAnchor[];
  readonly users: UserDirectory;
  readonly agents: AgentRegistry;
  /** Further sources of attributes, each under its own name in `attr` of the user's or of an agent's principal. */
  readonly sources?: PrincipalSources;
  readonly tools: ToolMap;
  /**
   * Whether policies also rule on who may hand authority to whom. `{ kind, action }` asks them for each hop but the last;
   * `"grants-only"` does not: right where the policy set has no such kind.
   *
   * @defaultValue `{ kind: "delegation", action: "delegate" }`
   */
  readonly delegation?: { readonly kind: string; readonly action: string } | "grants-only";
  readonly audit: AuditSink;
  /**
   * Traces and metrics of every call: `openTelemetry()` of `@hopwise/core/opentelemetry`.
   *
   * @defaultValue none
   */
  readonly telemetry?: Telemetry;
  /**
   * What must be remembered between calls. Two authorizers with the same audience must share it.
   *
   * @defaultValue `memoryState()`: for this one authorizer, as long as its process lives
   */
  readonly state?: State;
  /** Asks every caller for a proof that names a nonce, instead of relying on their clock. */
  readonly nonces?: Nonces;
  /**
   * How long the policies, and how long the sources of attributes, may take.
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
  extends Omit<Required<AuthorizerOptions>, "audience" | "trust" | "limits" | "nonces" | "cerbos"> {
  readonly cerbos: PolicyDecisionPoint;
  readonly audience: readonly [string, ...string[]];
  readonly verifier: ChainVerifier;
  readonly limits: Limits;
  readonly nonces: Nonces | undefined;
  readonly pdpVersion: string | undefined;
  /** Seconds since the epoch. @throws {HopwiseError} `state_unavailable` for a clock that gives no time */
  readonly nowSeconds: () => number;
}

const DEFAULT_DEADLINE_MS = 1000;
/** What policies are asked about a handing over, where the options do not say. */
export const DEFAULT_DELEGATION = { kind: "delegation", action: "delegate" } as const;

/** Checks the options of an authorizer, once. @throws {HopwiseError} `config_invalid` for options that cannot be right */
export function readOptions(options: AuthorizerOptions): EnforcementPoint {
  const { deadlineMs = DEFAULT_DEADLINE_MS, clock = Date.now, telemetry = NO_TELEMETRY, sources = {} } = options;
  const { delegation = DEFAULT_DELEGATION, state = memoryState({ clock }) } = options;
  const limits: Limits = { ...DEFAULT_LIMITS, ...options.limits };
  checkPresence(options);
  checkDelegation(delegation);
  const { client: cerbos, version } = runningOf(options.cerbos);
  const audience = audienceOf(options.audience);
  if (!(deadlineMs > 0 && Number.isFinite(deadlineMs)))
    throw new HopwiseError("config_invalid", "deadlineMs must be a positive number");
  checkToolMap(options.tools);
  checkSourceNames("sources.user", sources.user, DELEGATION);
  checkSourceNames("sources.agent", sources.agent, DELEGATION);
  return {
    ...options,
    cerbos,
    delegation,
    state,
    audience,
    verifier: createChainVerifier(options.trust, limits),
    limits,
    nonces: options.nonces,
    pdpVersion: version,
    sources,
    telemetry,
    deadlineMs,
    clock,
    nowSeconds: inSeconds(clock),
  };
}

const REQUIRED = ["cerbos", "audience", "trust", "users", "agents", "tools", "audit"] as const;

const METHODS = [
  ["users", "find", "a directory, such as inMemoryUsers({ … })"],
  ["agents", "find", "a registry, such as inMemoryAgents({ … })"],
  ["audit", "record", "a sink, such as memoryAudit()"],
] as const;

function checkPresence(options: AuthorizerOptions): void {
  const missing = REQUIRED.find((name) => options[name] === undefined);
  if (missing !== undefined) {
    throw new HopwiseError("config_invalid", `createAuthorizer: ${missing} is missing`);
  }
  for (const [option, method, example] of METHODS) {
    if (typeof (options[option] as never)[method] !== "function") {
      throw new HopwiseError("config_invalid", `createAuthorizer: ${option} has no ${method}; pass ${example}`);
    }
  }
}

function checkDelegation(delegation: NonNullable<AuthorizerOptions["delegation"]>): void {
  if (delegation !== "grants-only" && !(delegation.kind && delegation.action)) {
    throw new HopwiseError(
      "config_invalid",
      'createAuthorizer: delegation must be { kind, action }, or "grants-only" where no policy rules on it',
    );
  }
}

/** A client, with its version where it comes with one. Clients may have a member `client` of their own. */
function runningOf(cerbos: PolicyDecisionPoint | RunningPdp): RunningPdp {
  // Without types somebody may pass an address: a text, of which `in` cannot be asked.
  const given: Partial<PolicyDecisionPoint & RunningPdp> = Object(cerbos);
  const running: Partial<RunningPdp> = "checkResources" in given ? { client: cerbos as PolicyDecisionPoint } : given;
  const { client, version } = running;
  if (typeof client?.checkResources === "function") return { client, ...(version !== undefined && { version }) };
  throw new HopwiseError(
    "config_invalid",
    "createAuthorizer: cerbos has no checkResources; pass what startPdp gave, or a Cerbos client",
  );
}

function audienceOf(names: string | readonly string[]): readonly [string, ...string[]] {
  const audience = typeof names === "string" ? [names] : names;
  const wrong = audience.find((name) => !isAudience(name));
  if (audience.length === 0 || wrong !== undefined) {
    throw new HopwiseError(
      "config_invalid",
      `audience must be absolute URIs without a fragment, such as "https://pay.example/mcp"; got "${wrong ?? ""}"`,
    );
  }
  return audience as readonly [string, ...string[]];
}
