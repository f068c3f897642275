import {
  type Admission,
  type Caller,
  checkGrants,
  createAdmission,
  type DecisionContext,
  inTime,
  type Listed,
  type Listing,
  plainArguments,
} from "./admission.ts";
import type { AuditSink } from "./audit/index.ts";
import { verify } from "./crypto/index.ts";
import { type Decision, type Denied, type PolicyDecisionPoint, settleInTime } from "./decision/index.ts";
import { HopwiseError } from "./errors.ts";
import { beginInvocation, type Invocation } from "./invocation.ts";
import { type AgentClass, type AgentRegistry, confirmAgents, hopsOf, type UserDirectory } from "./principal/index.ts";
import { checkToolMap, type ToolMap, toolEntry } from "./resource/index.ts";
import type { RevocationQuery, RevocationTarget, State } from "./state/index.ts";
import {
  type Chain,
  type Credential,
  createChainVerifier,
  currentDelegation,
  DEFAULT_LIMITS,
  type DelegationSource,
  type HeldDelegation,
  isAudience,
  isListing,
  type Limits,
  type Nonces,
  randomId,
  type Subject,
  serialize,
  type TrustAnchor,
  verifyProof,
} from "./token/index.ts";

/** What an authorizer stands on. */
export interface AuthorizerOptions {
  /** A Cerbos client: of `@cerbos/grpc`, of `@cerbos/http`, or `startPdp().client`. */
  readonly cerbos: PolicyDecisionPoint;
  /** The names of this enforcement point: absolute URIs, as callers know them. */
  readonly audience: string | readonly string[];
  /** Who may start a chain. */
  readonly trust: readonly TrustAnchor[];
  readonly users: UserDirectory;
  readonly agents: AgentRegistry;
  readonly tools: ToolMap;
  /**
   * Whether policies also rule on who may hand authority to whom. `{ kind, action }` asks them for each hop but the last;
   * `"grants-only"` does not: right where the policy set has no such kind.
   */
  readonly delegation: { readonly kind: string; readonly action: string } | "grants-only";
  readonly audit: AuditSink;
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
  /** The user that the transport's own authentication verified, where there is one: must be the chain's. */
  readonly transportUser?: Subject;
}

/** Judges calls. Keeps nothing that another instance would need, but for what `state` holds. */
export interface Authorizer {
  readonly audience: readonly string[];
  readonly tools: ToolMap;
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
}

/** A holder's calls within one process. */
export interface Session {
  readonly delegation: DelegationSource;
  /** @param call its arguments as the tool's schema made them */
  authorize(call: { readonly tool: string; readonly arguments?: unknown }): Promise<Decision>;
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
  const { trust, agents: registry, tools, audit, state, clock = Date.now, deadlineMs = DEFAULT_DEADLINE_MS } = options;
  const audience: readonly string[] = typeof options.audience === "string" ? [options.audience] : options.audience;
  const limits: Limits = { ...DEFAULT_LIMITS, ...options.limits };
  const nowSeconds = (): number => secondsOf(clock());
  const context: DecisionContext = { ...options, deadlineMs, limits, nowSeconds };
  checkOptions(audience, deadlineMs);
  checkToolMap(tools);
  const verifier = createChainVerifier(trust, limits);
  const begin = (tool: string, via: Invocation["via"]): Invocation =>
    beginInvocation({ tool, audience: audience[0] as string, via, audit, deadlineMs, clock });

  /** Steps 1 to 7: the chain is genuine, alive, meant for us, and its agents are who it says. */
  const openChain = async (invocation: Invocation, compact: string): Promise<readonly AgentClass[]> => {
    const chain = await invocation.stage("token", () => verifier.verify(compact, nowSeconds()));
    ourName(chain, audience);
    invocation.chain = chain;
    await checkRevoked(invocation, { ...namesOf(chain), subject: chain.subject });
    const { issuer, subject } = chain.subject;
    invocation.view = {
      id: chain.id,
      issuer,
      hops: hopsOf(
        { id: subject },
        chain.links.map(({ agent }) => agent),
      ),
    };
    return invocation.stage("principal", () =>
      inTime(deadlineMs, "the agent registry", () => confirmAgents(chain, registry)),
    );
  };

  /** Step 6: asked at each call, whatever is cached. */
  const checkRevoked = async (invocation: Invocation, query: RevocationQuery): Promise<void> => {
    const target = await invocation.stage("token", () => findRevoked(state, query, deadlineMs));
    if (target === undefined) return;
    const [what = ""] = Object.keys(target);
    throw new HopwiseError("revoked", `the ${what} that this call stands on was revoked; have it delegated anew`);
  };

  /** Steps 8 and 10: its holder presents it, for this call, once. Every proof that verified is used up, whatever follows. */
  const checkProof = async (invocation: Invocation, chain: Chain, proof: string): Promise<string> => {
    const { tool, received } = invocation;
    const proven = await invocation.stage("proof", () =>
      verifyProof(proof, {
        chain,
        tool,
        arguments: received,
        audience,
        nowSeconds: nowSeconds(),
        limits,
        nonces: options.nonces,
      }),
    );
    await invocation.stage("replay", async () => {
      const { notBefore } = state.replay;
      const { nonce } = proven;
      if (nonce !== undefined && !(await claim(state, `nonce.${nonce.value}`, nonce.expiresAt * 1000, deadlineMs))) {
        throw new HopwiseError("proof_replayed", "the nonce was used before; ask for a new one for each call");
      }
      if (nonce === undefined && notBefore !== undefined && proven.issuedAt < notBefore) {
        throw new HopwiseError(
          "proof_invalid",
          "the proof was made before this server began to remember proofs; make a new one",
        );
      }
      const until =
        (Math.max(nowSeconds(), proven.issuedAt, nonce?.expiresAt ?? 0) +
          limits.proofWindowSeconds +
          limits.skewSeconds) *
        1000;
      if (!(await claim(state, `${chain.holder.thumbprint}.${proven.jti}`, until, deadlineMs))) {
        throw new HopwiseError("proof_replayed", "the proof was used before; make a new proof for each call");
      }
    });
    return proven.audience;
  };

  /** Step 9, and what comes after: the same for every caller. A list is not granted, each of its items is. */
  const letIn = async (invocation: Invocation, caller: Caller): Promise<Admission> => {
    const { chain, tool, received } = invocation;
    if (chain !== undefined && !isListing(tool)) {
      await invocation.stage("grant", () => checkGrants(chain, caller.at, tool, received));
    }
    return createAdmission(context, invocation, caller);
  };

  const admit = async (call: Call): Promise<Admission | Denied> => {
    const { credential, tool } = call;
    const invocation = begin(tool, credential !== undefined && "user" in credential ? "user" : "proof");
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
        await checkRevoked(invocation, {
          tokens: [],
          keys: [],
          agents: [],
          subject: credential.user,
          issuedAt: nowSeconds(),
        });
        return await letIn(invocation, { subject: credential.user, agents: [], at: audience[0] as string });
      }
      const agents = await openChain(invocation, credential.chain);
      const chain = invocation.chain as Chain;
      const at = await checkProof(invocation, chain, credential.proof);
      invocation.verified = true;
      checkTransportUser(chain, call.transportUser);
      return await letIn(invocation, { subject: chain.subject, agents, at });
    } catch (error) {
      return invocation.deny(error);
    }
  };

  /** The holder's key is at hand: it signs a challenge. */
  const provePossession = async (held: HeldDelegation): Promise<ProvenHolder> => {
    const compact = serialize(held);
    const chain = await verifier.verify(compact, nowSeconds());
    const challenge = `hopwise-session ${randomId()} ${audience[0]}`;
    const signature = await held.signer.sign(new TextEncoder().encode(challenge));
    if (!(await verify(chain.holder.verification, challenge, signature))) {
      throw new HopwiseError("proof_invalid", "the signer at hand is not the holder of the chain");
    }
    return { held, compact, chain, at: ourName(chain, audience) };
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
        const { compact, chain, at } = holder;
        const agents = await openChain(invocation, compact);
        return await letIn(invocation, { subject: chain.subject, agents, at });
      } catch (error) {
        return invocation.deny(error);
      }
    };

    return {
      delegation,
      authorize: async (call) => {
        const entered = await enter(call.tool, call.arguments);
        return entered.outcome === "admitted" ? entered.decide() : entered;
      },
      list: async (items) => {
        const entered = await enter("mcp:tools/list", {});
        return entered.outcome === "admitted" ? entered.list(items) : entered;
      },
    };
  };

  return {
    audience,
    tools,
    admit,
    authorize: async (call) => {
      const admitted = await admit(call);
      return admitted.outcome === "admitted" ? admitted.decide() : admitted;
    },
    openSession,
  };
}

/** A holder who showed to have the key, once. */
interface ProvenHolder {
  readonly held: HeldDelegation;
  readonly compact: string;
  readonly chain: Chain;
  readonly at: string;
}

function checkOptions(audience: readonly string[], deadlineMs: number): void {
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

/** Step 6: one of our names is in the chain's audience. */
function ourName(chain: Chain, audience: readonly string[]): string {
  const name = audience.find((own) => chain.audience.includes(own));
  if (name !== undefined) return name;
  throw new HopwiseError(
    "audience_mismatch",
    "the chain is not for this enforcement point; have it delegated for its name",
    { pointer: "/aud" },
  );
}

/** Everything of a chain that can be revoked. */
function namesOf({ links }: Chain): Omit<RevocationQuery, "subject"> {
  return {
    tokens: links.map(({ hash }) => hash),
    keys: links.map(({ key }) => key),
    agents: links.map(({ agent }) => agent),
    issuedAt: links[0]?.issuedAt ?? 0,
  };
}

async function findRevoked(
  { revocations }: State,
  query: RevocationQuery,
  deadlineMs: number,
): Promise<RevocationTarget | undefined> {
  try {
    return await settleInTime(deadlineMs, revocations.find(query));
  } catch (cause) {
    throw new HopwiseError("state_unavailable", "it could not be told whether something was revoked", { cause });
  }
}

async function claim({ replay }: State, key: string, untilMs: number, deadlineMs: number): Promise<boolean> {
  try {
    return await settleInTime(deadlineMs, replay.claim(key, untilMs));
  } catch (cause) {
    throw new HopwiseError("state_unavailable", "it could not be told whether the proof was used before", { cause });
  }
}

/** Where the transport knows its user, too, both must be the same: otherwise one of the two was borrowed. */
function checkTransportUser({ subject }: Chain, user: Subject | undefined): void {
  if (user !== undefined && (user.issuer !== subject.issuer || user.subject !== subject.subject)) {
    throw new HopwiseError("subject_mismatch", "the request was authenticated as another user than the chain's");
  }
}
