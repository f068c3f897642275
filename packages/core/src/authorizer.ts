import {
  type Admission,
  createAdmission,
  type DecisionContext,
  type Listed,
  type Listing,
  type PrincipalSources,
} from "./admission.ts";
import { type AuditSink, type Outcome, outcomeRecord } from "./audit/index.ts";
import { type Caller, createCallerChecks } from "./caller.ts";
import { checkAgentTools, checkGrants, plainArguments } from "./check-call.ts";
import type { Allowed, Decision, Denied, PolicyDecisionPoint } from "./decision/index.ts";
import { HopwiseError } from "./errors.ts";
import { beginInvocation, type Invocation } from "./invocation.ts";
import { type AgentRegistry, DELEGATION, type UserDirectory } from "./principal/index.ts";
import { checkMapped, checkToolMap, type ToolMap, toolEntry } from "./resource/index.ts";
import { checkSourceNames } from "./source/index.ts";
import type { State } from "./state/index.ts";
import { NO_TELEMETRY, type Telemetry } from "./telemetry/index.ts";
import {
  type Chain,
  type Credential,
  currentDelegation,
  DEFAULT_LIMITS,
  type DelegationSource,
  isAudience,
  isListing,
  type Limits,
  MCP_OPERATIONS,
  type Nonces,
  type Subject,
  type TrustAnchor,
} from "./token/index.ts";

/** What an authorizer stands on. */
export interface AuthorizerOptions {
  /** A Cerbos client: of `@cerbos/grpc`, of `@cerbos/http`, or `startPdp().client`. */
  readonly cerbos: PolicyDecisionPoint;
  /** Which version of Cerbos answers, for the record: `pdp.version` of `startPdp` and `connectPdp`. */
  readonly pdpVersion?: string;
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
   */
  readonly delegation: { readonly kind: string; readonly action: string } | "grants-only";
  readonly audit: AuditSink;
  /** Traces and metrics of every call: `openTelemetry()` of `@hopwise/core/opentelemetry`. Default: none. */
  readonly telemetry?: Telemetry;
  readonly state: State;
  /** Asks every caller for a proof that names a nonce, instead of relying on their clock. */
  readonly nonces?: Nonces;
  /** How long the policies, and how long the sources of attributes, may take. Default 1000. */
  readonly deadlineMs?: number;
  readonly limits?: Partial<Limits>;
  /** The clock, in milliseconds since the epoch. */
  readonly clock?: () => number;
}

/** One call to be judged. */
export interface Call {
  /** The tool's own name, or an operation of MCP such as `mcp:resources/read`. */
  readonly tool: string;
  /** The arguments as received. */
  readonly arguments?: unknown;
  /**
   * What came with the call: a chain and a proof; or the user of this very request, verified by the server, who has no
   * agents. Undefined where nothing came.
   */
  readonly credential: Credential | { readonly user: Subject } | undefined;
  /** Whoever runs the tool puts its result through `fulfil`. See {@link Admission.decide}. */
  readonly fulfils?: boolean;
  /** The user that the transport's own authentication verified, where there is one: must be the chain's. */
  readonly transportUser?: Subject;
  /** W3C trace context that came with the call. Telemetry links to it once its caller is verified; nothing else uses it. */
  readonly traceparent?: string | undefined;
}

/** Judges calls. Keeps nothing that another instance would need, but for what `state` holds. */
export interface Authorizer {
  readonly audience: readonly string[];
  /**
   * Whether a tool of this name can be guarded; for adapters, when a tool is added.
   *
   * @throws {HopwiseError} `config_invalid` for a name that no tool may have, or that the tool map does not know
   */
  checkTool(name: string): void;
  /** The whole way in one step, for calls whose arguments need no further parsing. */
  authorize(call: Call): Promise<Decision>;
  /**
   * The first half: who calls, is it their chain, does every grant cover the arguments as received. What a server does
   * before it lets the tool's own schema see them.
   */
  admit(call: Call): Promise<Admission | Denied>;
  /**
   * Opens a session for calls within this process: possession is proven once, everything else at each call.
   *
   * @throws {HopwiseError} where the chain does not verify here, or its key is not at hand
   */
  openSession(delegation: DelegationSource): Promise<Session>;
  /**
   * Says what came of an allowed call, for the record. Never rejects: the tool has run, so there is nothing to deny any
   * more.
   */
  report(decision: Allowed, outcome: Outcome): Promise<void>;
}

/** A holder's calls within one process. */
export interface Session {
  readonly delegation: DelegationSource;
  /** @param call its arguments as the tool's schema made them */
  authorize(call: {
    readonly tool: string;
    readonly arguments?: unknown;
    /** See {@link Admission.decide}. */
    readonly fulfils?: boolean;
  }): Promise<Decision>;
  /** Which of these tools could be called. */
  list(items: readonly Listed[]): Promise<Listing | Denied>;
}

const DEFAULT_DEADLINE_MS = 1000;

/**
 * Makes the one place where the stages are put in order: token, agents, proof, grants, context, policies, record.
 *
 * @throws {HopwiseError} `config_invalid` for options that cannot be right
 */
export function createAuthorizer(options: AuthorizerOptions): Authorizer {
  const { tools, audit, telemetry = NO_TELEMETRY, clock = Date.now, deadlineMs = DEFAULT_DEADLINE_MS } = options;
  const audience: readonly string[] =
    typeof options.audience === "string" ? [options.audience] : (options.audience ?? []);
  const limits: Limits = { ...DEFAULT_LIMITS, ...options.limits };
  const nowSeconds = (): number => secondsOf(clock());
  const context: DecisionContext = { ...options, deadlineMs, limits, nowSeconds };
  checkOptions(options, audience, deadlineMs);
  checkToolMap(tools);
  checkSourceNames("sources.user", options.sources?.user, DELEGATION);
  checkSourceNames("sources.agent", options.sources?.agent, DELEGATION);
  const { openChain, checkProof, checkUser, provePossession } = createCallerChecks({
    ...options,
    audience,
    limits,
    deadlineMs,
    nowSeconds,
  });
  const begin = (tool: string, via: Invocation["via"], traceparent?: string): Invocation => {
    const named = Object.hasOwn(tools, tool) || MCP_OPERATIONS.some((operation) => operation === tool);
    const { pdpVersion } = options;
    const settings = { audience: audience[0] as string, audit, telemetry, deadlineMs, clock, pdpVersion };
    return beginInvocation({ ...settings, tool, via, named, traceparent });
  };

  /** Step 9, and what comes after: the same for every caller. A list is not granted, each of its items is. */
  const letIn = async (invocation: Invocation, caller: Caller): Promise<Admission> => {
    const { chain, tool, received } = invocation;
    if (chain !== undefined && !isListing(tool)) {
      await invocation.stage("grant", () => {
        checkAgentTools(caller.agents, tool);
        checkGrants(chain, caller.at, tool, received);
      });
    }
    return createAdmission(context, invocation, caller);
  };

  const admit = async (call: Call): Promise<Admission | Denied> => {
    const { credential, tool } = call;
    const invocation = begin(
      tool,
      credential !== undefined && "user" in credential ? "user" : "proof",
      call.traceparent,
    );
    try {
      invocation.received = await invocation.stage("arguments", () =>
        plainArguments(undefined, isListing(tool) ? {} : call.arguments, limits),
      );
      if (credential === undefined) {
        throw new HopwiseError(
          "proof_missing",
          "the call came without a delegation chain and a proof; send both with each call",
        );
      }
      if ("user" in credential) {
        invocation.verified = true;
        await checkUser(invocation, credential.user);
        return await letIn(invocation, {
          subject: credential.user,
          agents: [],
          origins: [],
          at: audience[0] as string,
        });
      }
      const { chain, confirmed } = await openChain(invocation, credential.chain);
      const at = await checkProof(invocation, chain, credential.proof);
      invocation.verified = true;
      checkTransportUser(chain, call.transportUser);
      return await letIn(invocation, { subject: chain.subject, ...confirmed, at });
    } catch (error) {
      return invocation.deny(error);
    }
  };

  const openSession = async (delegation: DelegationSource): Promise<Session> => {
    let holder = await provePossession(await currentDelegation(delegation));
    const enter = async (tool: string, args: unknown): Promise<Admission | Denied> => {
      const invocation = begin(tool, "session");
      invocation.verified = true;
      try {
        invocation.received = await invocation.stage("arguments", () =>
          plainArguments(toolEntry(tools, tool), args, limits),
        );
        const held = await currentDelegation(delegation);
        if (held !== holder.held) holder = await provePossession(held);
        const { chain, confirmed } = await openChain(invocation, holder.compact);
        return await letIn(invocation, { subject: chain.subject, ...confirmed, at: holder.at });
      } catch (error) {
        return invocation.deny(error);
      }
    };

    return {
      delegation,
      authorize: async (call) => {
        const entered = await enter(call.tool, call.arguments);
        return entered.outcome === "admitted" ? entered.decide(undefined, call) : entered;
      },
      list: async (items) => {
        const entered = await enter("mcp:tools/list", {});
        return entered.outcome === "admitted" ? entered.list(items) : entered;
      },
    };
  };

  return {
    audience,
    checkTool: (name) => checkMapped(tools, name),
    admit,
    authorize: async (call) => {
      const admitted = await admit(call);
      return admitted.outcome === "admitted" ? admitted.decide(undefined, call) : admitted;
    },
    openSession,
    report: async (decision, outcome) => {
      telemetry.report(decision, outcome);
      try {
        await audit.outcome?.(await outcomeRecord(decision, outcome, audience[0] as string, clock()));
      } catch {
        // See above.
      }
    },
  };
}

const REQUIRED = ["cerbos", "audience", "trust", "users", "agents", "tools", "delegation", "audit", "state"] as const;

const METHODS = [
  ["cerbos", "checkResources", "a client, such as pdp.client"],
  ["users", "find", "a directory, such as inMemoryUsers({ … })"],
  ["agents", "find", "a registry, such as inMemoryAgents({ … })"],
  ["audit", "record", "a sink, such as memoryAudit()"],
] as const;

function checkOptions(options: AuthorizerOptions, audience: readonly string[], deadlineMs: number): void {
  const missing = REQUIRED.find((name) => options[name] === undefined);
  if (missing !== undefined) {
    throw new HopwiseError("config_invalid", `createAuthorizer: ${missing} is missing`);
  }
  for (const [option, method, example] of METHODS) {
    if (typeof (options[option] as never)[method] !== "function") {
      throw new HopwiseError("config_invalid", `createAuthorizer: ${option} has no ${method}; pass ${example}`);
    }
  }
  const { delegation } = options;
  if (delegation !== "grants-only" && !(delegation.kind && delegation.action)) {
    throw new HopwiseError(
      "config_invalid",
      'createAuthorizer: delegation must be { kind, action }, or "grants-only" where no policy rules on it',
    );
  }
  const wrong = audience.find((name) => !isAudience(name));
  if (audience.length === 0 || wrong !== undefined) {
    throw new HopwiseError(
      "config_invalid",
      `audience must be absolute URIs without a fragment, such as "https://pay.example/mcp"; got "${wrong ?? ""}"`,
    );
  }
  if (!(deadlineMs > 0 && Number.isFinite(deadlineMs)))
    throw new HopwiseError("config_invalid", "deadlineMs must be a positive number");
}

/** A clock that gives no time would make every comparison with it false, also those that refuse. */
function secondsOf(milliseconds: number): number {
  if (!Number.isFinite(milliseconds)) throw new HopwiseError("state_unavailable", "the clock gave no time");
  return Math.floor(milliseconds / 1000);
}

/** Where the transport knows its user, too, both must be the same: otherwise one of the two was borrowed. */
function checkTransportUser({ subject }: Chain, user: Subject | undefined): void {
  if (user !== undefined && (user.issuer !== subject.issuer || user.subject !== subject.subject)) {
    throw new HopwiseError("subject_mismatch", "the request was authenticated as another user than the chain's");
  }
}
