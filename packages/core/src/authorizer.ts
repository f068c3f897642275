import type { AuditSink, DecisionRecord } from "./audit/index.ts";
import { verify } from "./crypto/index.ts";
import {
  checkHops,
  combineVerdicts,
  couldBeAllowed,
  type Decision,
  type Denied,
  type Edge,
  type PolicyDecisionPoint,
  withDeadline,
} from "./decision/index.ts";
import { HopwiseError } from "./errors.ts";
import { refusal } from "./grant/index.ts";
import { beginInvocation, type Invocation } from "./invocation.ts";
import { freezeArguments, type JsonObject } from "./json/index.ts";
import {
  type Agent,
  type AgentRegistry,
  confirmAgents,
  findUser,
  type Hop,
  hopsOf,
  principalsOf,
  type User,
  type UserDirectory,
} from "./principal/index.ts";
import { checkToolMap, loadResource, type ToolEntry, type ToolMap, toolEntry } from "./resource/index.ts";
import type { State } from "./state/index.ts";
import {
  type Chain,
  type Credential,
  createChainVerifier,
  DEFAULT_LIMITS,
  type HeldDelegation,
  isAudience,
  isListing,
  type Limits,
  randomId,
  type Subject,
  serialize,
  type TrustAnchor,
  toolIdOf,
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
  openSession(held: HeldDelegation): Promise<Session>;
}

/** A caller who was let in, with a call that the grants cover. Ends in one decision, or in one list. */
export interface Admission {
  readonly outcome: "admitted";
  readonly invocation: string;
  /** The arguments as received, deeply frozen. */
  readonly arguments: JsonObject;
  readonly subject: Subject;
  /**
   * The second half: policies for every hop, and the record.
   *
   * @param parsed what the tool's schema made of the arguments; left out where it changes nothing
   */
  decide(parsed?: unknown): Promise<Decision>;
  /** For a list: which of these could be called. An outage is a denial, never an empty list. */
  list(items: readonly Listed[]): Promise<{ readonly outcome: "listed"; readonly shown: readonly boolean[] } | Denied>;
}

/** One item of a list, as the call that it offers. */
export interface Listed {
  readonly tool: string;
  /** Arguments that are known beforehand, such as a resource's `uri`. */
  readonly arguments?: JsonObject;
}

/** A holder's calls within one process. */
export interface Session {
  readonly delegation: HeldDelegation;
  authorize(call: { readonly tool: string; readonly arguments?: unknown }): Promise<Decision>;
  /** Which of these tools could be called. */
  list(items: readonly Listed[]): Promise<{ readonly outcome: "listed"; readonly shown: readonly boolean[] } | Denied>;
}

const DEFAULT_DEADLINE_MS = 1000;

/**
 * Makes the one place where the stages are put in order: token, agents, proof, grants, context, policies, record.
 *
 * @throws {HopwiseError} `config_invalid` for options that cannot be right
 */
export function createAuthorizer(options: AuthorizerOptions): Authorizer {
  const {
    cerbos,
    trust,
    users,
    agents: registry,
    tools,
    delegation,
    audit,
    state,
    clock = Date.now,
    deadlineMs = DEFAULT_DEADLINE_MS,
  } = options;
  const audience: readonly string[] = typeof options.audience === "string" ? [options.audience] : options.audience;
  const limits: Limits = { ...DEFAULT_LIMITS, ...options.limits };
  checkOptions(audience, deadlineMs);
  checkToolMap(tools);
  const verifier = createChainVerifier(trust, limits);
  const here = audience[0] as string;
  const nowSeconds = (): number => Math.floor(clock() / 1000);
  const begin = (tool: string, via: DecisionRecord["via"]): Invocation =>
    beginInvocation({ tool, audience: here, via, audit, clock });
  const freeze = (value: unknown): JsonObject =>
    freezeArguments(value, { maxDepth: limits.argumentsDepth, maxSize: limits.argumentsSize });

  /** Steps 1 to 7: the chain is genuine, alive, meant for us, and its agents are who it says. */
  const openChain = async (invocation: Invocation, compact: string): Promise<readonly Agent[]> => {
    const chain = await invocation.stage("token", () => verifier.verify(compact, nowSeconds()));
    if (!chain.audience.some((name) => audience.includes(name))) {
      throw new HopwiseError(
        "audience_mismatch",
        "the chain is not for this enforcement point; have it delegated for its name",
        { pointer: "/aud" },
      );
    }
    invocation.chain = chain;
    return invocation.stage("principal", () => inTime(() => confirmAgents(chain, registry), "the agent registry"));
  };

  /** Step 8 and 10: its holder presents it, for this call, once. Every proof that verified is used up, whatever follows. */
  const checkProof = async (invocation: Invocation, chain: Chain, call: Call, proof: string): Promise<string> => {
    const proven = await invocation.stage("proof", () =>
      verifyProof(proof, {
        chain,
        tool: call.tool,
        arguments: invocation.received,
        audience,
        nowSeconds: nowSeconds(),
        limits,
      }),
    );
    await invocation.stage("replay", async () => {
      const { notBefore } = state.replay;
      if (notBefore !== undefined && proven.issuedAt < notBefore) {
        throw new HopwiseError(
          "proof_invalid",
          "the proof was made before this server began to remember proofs; make a new one",
        );
      }
      const until = (Math.max(nowSeconds(), proven.issuedAt) + limits.proofWindowSeconds + limits.skewSeconds) * 1000;
      const fresh = await Promise.resolve(state.replay.claim(`${chain.holder.thumbprint}.${proven.jti}`, until)).catch(
        (cause: unknown) => {
          throw new HopwiseError("state_unavailable", "it could not be told whether the proof was used before", {
            cause,
          });
        },
      );
      if (!fresh) throw new HopwiseError("proof_replayed", "the proof was used before; make a new proof for each call");
    });
    return proven.audience;
  };

  /** Step 9: every token's grant covers the call. */
  const checkGrants = ({ links, rootAudience }: Chain, at: string, tool: string, args: JsonObject): void => {
    const id = toolIdOf(tool, at, rootAudience);
    for (const [i, { grant, agent }] of links.entries()) {
      const refused = refusal(grant, id, args);
      if (refused !== undefined) {
        throw new HopwiseError(
          refused.code,
          `what was handed to "${agent}" does not cover this call: ${refused.rule}`,
          {
            hop: i + 1,
            pointer: refused.pointer,
            rule: refused.rule,
          },
        );
      }
    }
  };

  const inTime = <T>(run: () => Promise<T>, what: string): Promise<T> =>
    withDeadline(deadlineMs, (_, expired) => Promise.race([run(), expired])).catch((cause: unknown) => {
      if (cause instanceof HopwiseError) throw cause;
      throw new HopwiseError("context_unavailable", `${what} gave no answer within ${deadlineMs} ms`, { cause });
    });

  const entryOf = (tool: string): ToolEntry => {
    const entry = toolEntry(tools, tool);
    if (entry === undefined)
      throw new HopwiseError(
        "grant_tool_missing",
        `the tool map has no entry for "${tool}", so no policy can be asked`,
      );
    return entry;
  };

  /** Who let themselves in, and from where on the stages are the same for all. */
  interface Caller {
    readonly subject: Subject;
    readonly agents: readonly Agent[];
    /** The name of this enforcement point that the caller meant. */
    readonly at: string;
  }

  const admission = (invocation: Invocation, call: Pick<Call, "tool">, { subject, agents, at }: Caller): Admission => {
    const { chain } = invocation;
    let ended = false;
    const once = (): void => {
      if (ended)
        throw new HopwiseError("config_invalid", "an admission ends in one decision or one list; admit each call anew");
      ended = true;
    };
    const see = (user: User): readonly Hop[] => {
      const hops = hopsOf(user, chain?.links.map(({ agent }) => agent) ?? []);
      invocation.view = { ...(chain !== undefined && { id: chain.id }), issuer: subject.issuer, hops };
      return hops;
    };

    return {
      outcome: "admitted",
      invocation: invocation.id,
      arguments: invocation.received,
      subject,
      decide: async (parsed) => {
        once();
        try {
          const entry = entryOf(call.tool);
          if (parsed !== undefined) {
            const { projection } = entry;
            invocation.parsed = await invocation.stage("arguments", () =>
              freeze(projection === undefined ? parsed : projection(parsed as never)),
            );
            if (chain !== undefined && entry.projection === undefined) {
              await invocation.stage("grant", () => checkGrants(chain, at, call.tool, invocation.parsed as JsonObject));
            }
          }
          const args = invocation.parsed ?? invocation.received;
          const context = await invocation.stage("context", () =>
            inTime(async () => {
              const [user, resource] = await Promise.all([
                findUser(subject, users),
                loadResource(entry, call.tool, args),
              ]);
              const hops = see(user);
              return { hops, resource, principals: principalsOf(user, agents, hops) };
            }, "a source of attributes"),
          );
          const edges =
            delegation === "grants-only" ? undefined : edgesOf(delegation, context.hops, chain, nowSeconds());
          const question = {
            ...context,
            action: entry.action,
            invocation: invocation.id,
            chainId: chain?.id,
            ...(edges && { edges }),
          };
          await invocation.stage("policy", async () => {
            invocation.verdicts = await checkHops(cerbos, question, deadlineMs);
            const denial = combineVerdicts(invocation.verdicts);
            if (denial !== undefined) throw new HopwiseError(denial.code, denial.message, denial);
          });
          return await invocation.allow(entry.projection !== undefined && parsed !== undefined);
        } catch (error) {
          return invocation.deny(error);
        }
      },
      list: async (items) => {
        once();
        try {
          const granted = items.map(({ tool, arguments: known = {} }) => {
            const entry = toolEntry(tools, tool);
            const grants = chain?.links.map(({ grant }) => grant) ?? [];
            const id = chain === undefined ? tool : toolIdOf(tool, at, chain.rootAudience);
            return grants.every((grant) => couldCover(grant, id, known)) ? entry : undefined;
          });
          const candidates = granted.filter((entry) => entry !== undefined);
          const principals = await invocation.stage("context", () =>
            inTime(async () => {
              const user = await findUser(subject, users);
              return principalsOf(user, agents, see(user));
            }, "a source of attributes"),
          );
          const answers = await invocation.stage("policy", () =>
            couldBeAllowed(cerbos, principals, candidates, deadlineMs),
          );
          const open = new Set(candidates.filter((_, i) => answers[i]));
          const shown = granted.map((entry) => entry !== undefined && open.has(entry));
          invocation.shown = { items: shown.filter(Boolean).length, of: items.length };
          const decision = await invocation.allow(false);
          return decision.outcome === "denied" ? decision : { outcome: "listed", shown };
        } catch (error) {
          return invocation.deny(error);
        }
      },
    };
  };

  const admit = async (call: Call): Promise<Admission | Denied> => {
    const { credential } = call;
    const invocation = begin(call.tool, credential !== undefined && "user" in credential ? "user" : "proof");
    try {
      invocation.received = await invocation.stage("arguments", () =>
        isListing(call.tool) ? {} : freeze(call.arguments),
      );
      if (credential === undefined) {
        throw new HopwiseError(
          "proof_missing",
          "the call came without a delegation chain and a proof; send both with each call",
        );
      }
      if ("user" in credential) {
        invocation.verified = true;
        return admission(invocation, call, { subject: credential.user, agents: [], at: here });
      }
      const agents = await openChain(invocation, credential.chain);
      const chain = invocation.chain as Chain;
      const at = await checkProof(invocation, chain, call, credential.proof);
      invocation.verified = true;
      checkTransportUser(chain, call.transportUser);
      if (!isListing(call.tool))
        await invocation.stage("grant", () => checkGrants(chain, at, call.tool, invocation.received));
      return admission(invocation, call, { subject: chain.subject, agents, at });
    } catch (error) {
      return invocation.deny(error);
    }
  };

  const openSession = async (held: HeldDelegation): Promise<Session> => {
    const compact = serialize(held);
    const chain = await verifier.verify(compact, nowSeconds());
    const challenge = `hopwise-session ${randomId()} ${here}`;
    const signature = await held.signer.sign(new TextEncoder().encode(challenge));
    if (!(await verify(chain.holder.verification, challenge, signature))) {
      throw new HopwiseError("proof_invalid", "the signer at hand is not the holder of the chain");
    }
    const at = audience.find((name) => chain.audience.includes(name));
    if (at === undefined)
      throw new HopwiseError("audience_mismatch", "the chain is not for this enforcement point", { pointer: "/aud" });

    const enter = async (call: {
      readonly tool: string;
      readonly arguments?: unknown;
    }): Promise<Admission | Denied> => {
      const invocation = begin(call.tool, "session");
      invocation.verified = true;
      try {
        invocation.received = await invocation.stage("arguments", () => freeze(call.arguments));
        const agents = await openChain(invocation, compact);
        if (!isListing(call.tool))
          await invocation.stage("grant", () => checkGrants(chain, at, call.tool, invocation.received));
        return admission(invocation, call, { subject: chain.subject, agents, at });
      } catch (error) {
        return invocation.deny(error);
      }
    };

    return {
      delegation: held,
      authorize: async (call) => {
        const entered = await enter(call);
        return entered.outcome === "admitted" ? entered.decide() : entered;
      },
      list: async (items) => {
        const entered = await enter({ tool: "mcp:tools/list" });
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

/** Where the transport knows its user, too, both must be the same: otherwise one of the two was borrowed. */
function checkTransportUser({ subject }: Chain, user: Subject | undefined): void {
  if (user !== undefined && (user.issuer !== subject.issuer || user.subject !== subject.subject)) {
    throw new HopwiseError("subject_mismatch", "the request was authenticated as another user than the chain's");
  }
}

/** Whether a grant could cover a call of which only some arguments are known yet. */
function couldCover(grant: Chain["links"][number]["grant"], id: string, known: JsonObject): boolean {
  const refused = refusal(grant, id, known);
  if (refused === undefined) return true;
  return refused.code === "grant_argument_refused" && !Object.hasOwn(known, refused.pointer.slice(1));
}

/** Each handing over as a question: may hop i give this to hop i + 1? */
function edgesOf(
  { kind, action }: { readonly kind: string; readonly action: string },
  hops: readonly Hop[],
  chain: Chain | undefined,
  now: number,
): readonly Edge[] {
  return (chain?.links ?? []).map((link, i) => {
    const from = hops[i] as Hop;
    const to = hops[i + 1] as Hop;
    return {
      action,
      resource: {
        kind,
        id: `${from.id}->${to.id}`,
        attr: {
          to: to.id,
          toKind: to.kind,
          depth: i + 1,
          expiresIn: link.expiresAt - now,
          actions: Object.keys(link.grant),
        },
      },
    };
  });
}
