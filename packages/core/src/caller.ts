import { verify } from "./crypto/index.ts";
import { DeadlinePassed, settleInTime } from "./deadline.ts";
import { HopwiseError } from "./errors.ts";
import type { Invocation } from "./invocation.ts";
import { type AgentRegistry, type ConfirmedAgents, confirmAgents, hopsOf } from "./principal/index.ts";
import type { RevocationQuery, State } from "./state/index.ts";
import {
  type Chain,
  createChainVerifier,
  type HeldDelegation,
  type Limits,
  type Nonces,
  randomId,
  type Subject,
  serialize,
  type TrustAnchor,
  verifyProof,
} from "./token/index.ts";

/** What it takes to tell who calls. */
export interface CallerContext {
  readonly trust: readonly TrustAnchor[];
  readonly audience: readonly string[];
  readonly agents: AgentRegistry;
  readonly state: State;
  readonly nonces?: Nonces;
  readonly limits: Limits;
  readonly deadlineMs: number;
  readonly nowSeconds: () => number;
}

/** Who was let in. */
export interface Caller extends ConfirmedAgents {
  readonly subject: Subject;
  /** The name of this enforcement point that the caller meant. */
  readonly at: string;
}

/** A chain that verified, with what the registry knows of its agents. */
export interface OpenedChain {
  readonly chain: Chain;
  readonly confirmed: ConfirmedAgents;
}

/** A holder who showed to have the key, once. */
export interface ProvenHolder {
  readonly held: HeldDelegation;
  readonly compact: string;
  readonly at: string;
}

/** The first half of a call's way: who calls, and is it their chain? Each throws a {@link HopwiseError} where not. */
export interface CallerChecks {
  /** Steps 1 to 7: the chain is genuine, alive, meant for us, not revoked, and its agents are who it says. */
  openChain(invocation: Invocation, compact: string): Promise<OpenedChain>;
  /**
   * Steps 8 and 10: its holder presents it, for this call, once. Every proof that verified is used up, whatever follows.
   *
   * @returns the name of this enforcement point that the caller meant
   */
  checkProof(invocation: Invocation, chain: Chain, proof: string): Promise<string>;
  /** A user without a chain may have been revoked, too. */
  checkUser(invocation: Invocation, user: Subject): Promise<void>;
  /** The holder's key is at hand: it signs a challenge. */
  provePossession(held: HeldDelegation): Promise<ProvenHolder>;
}

export function createCallerChecks(context: CallerContext): CallerChecks {
  const { trust, audience, agents: registry, state, nonces, limits, deadlineMs, nowSeconds } = context;
  const verifier = createChainVerifier(trust, limits);

  /** Step 6: one of our names is in the chain's audience. */
  const ourName = (chain: Chain): string => {
    const name = audience.find((own) => chain.audience.includes(own));
    if (name !== undefined) return name;
    throw new HopwiseError(
      "audience_mismatch",
      `the chain is for ${chain.audience.join(", ")}, this enforcement point is ${audience.join(", ")}; names are compared to the letter`,
      { pointer: "/aud" },
    );
  };

  /** Asked at each call, whatever is cached. */
  const checkRevoked = async (invocation: Invocation, query: RevocationQuery): Promise<void> => {
    const target = await invocation.stage("token", () =>
      told("something was revoked", deadlineMs, () => state.revocations.find(query)),
    );
    if (target === undefined) return;
    const [what = ""] = Object.keys(target);
    throw new HopwiseError("revoked", `the ${what} that this call stands on was revoked; have it delegated anew`);
  };

  const claim = (key: string, untilSeconds: number): Promise<boolean> =>
    told("the proof was used before", deadlineMs, () => state.replay.claim(key, untilSeconds * 1000));

  return {
    openChain: async (invocation, compact) => {
      const chain = await invocation.stage("token", () => verifier.verify(compact, nowSeconds()));
      ourName(chain);
      invocation.chain = chain;
      const names = chain.links.map(({ agent }) => agent);
      await checkRevoked(invocation, {
        tokens: chain.links.map(({ hash }) => hash),
        keys: chain.links.map(({ key }) => key),
        agents: names,
        subject: chain.subject,
        issuedAt: chain.links[0]?.issuedAt ?? 0,
      });
      const { issuer, subject } = chain.subject;
      invocation.view = { id: chain.id, issuer, hops: hopsOf({ id: subject }, names) };
      const confirmed = await invocation.stage("principal", () =>
        inTime(deadlineMs, "the agent registry", () => confirmAgents(chain, registry)),
      );
      return { chain, confirmed };
    },

    checkProof: async (invocation, chain, proof) => {
      const { tool, received } = invocation;
      const now = nowSeconds();
      const {
        jti,
        issuedAt,
        nonce,
        audience: at,
      } = await invocation.stage("proof", () =>
        verifyProof(proof, { chain, tool, arguments: received, audience, nowSeconds: now, limits, nonces }),
      );
      await invocation.stage("replay", async () => {
        const { notBefore } = state.replay;
        if (nonce !== undefined && !(await claim(`nonce.${nonce.value}`, nonce.expiresAt))) {
          throw new HopwiseError("proof_replayed", "the nonce was used before; ask for a new one for each call");
        }
        if (nonce === undefined && notBefore !== undefined && issuedAt < notBefore) {
          throw new HopwiseError(
            "proof_invalid",
            "the proof was made before this server began to remember proofs; make a new one",
          );
        }
        const goodUntil =
          Math.max(now, issuedAt, nonce?.expiresAt ?? 0) + limits.proofWindowSeconds + limits.skewSeconds;
        if (!(await claim(`${chain.holder.thumbprint}.${jti}`, goodUntil))) {
          throw new HopwiseError("proof_replayed", "the proof was used before; make a new proof for each call");
        }
      });
      return at;
    },

    checkUser: (invocation, subject) =>
      checkRevoked(invocation, { tokens: [], keys: [], agents: [], subject, issuedAt: nowSeconds() }),

    provePossession: async (held) => {
      const compact = serialize(held);
      const chain = await verifier.verify(compact, nowSeconds());
      const challenge = `hopwise-session ${randomId()} ${audience[0]}`;
      const signature = await held.signer.sign(new TextEncoder().encode(challenge));
      if (!(await verify(chain.holder.verification, challenge, signature))) {
        throw new HopwiseError("proof_invalid", "the signer at hand is not the holder of the chain");
      }
      return { held, compact, at: ourName(chain) };
    },
  };
}

/** Asks a store, and closes where it cannot tell. @throws {HopwiseError} `state_unavailable` */
async function told<T>(whether: string, deadlineMs: number, ask: () => T | PromiseLike<T>): Promise<T> {
  try {
    return await settleInTime(deadlineMs, ask());
  } catch (cause) {
    throw new HopwiseError("state_unavailable", `it could not be told whether ${whether}`, { cause });
  }
}

/** Gives a source its deadline. @throws {HopwiseError} `context_unavailable` */
export function inTime<T>(deadlineMs: number, what: string, run: () => Promise<T>): Promise<T> {
  return settleInTime(deadlineMs, run()).catch((cause: unknown) => {
    if (cause instanceof HopwiseError) throw cause;
    const why = cause instanceof DeadlinePassed ? `gave no answer within ${deadlineMs} ms` : "failed";
    throw new HopwiseError("context_unavailable", `${what} ${why}`, { cause });
  });
}
