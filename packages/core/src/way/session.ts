import { randomId, verify } from "../crypto/index.ts";
import type { BudgetLeft, Decision, Denied } from "../decision/index.ts";
import { HopwiseError } from "../errors.ts";
import { DeadlinePassed, settleInTime } from "../lib/index.ts";
import { argumentOf, eachInTime } from "../options/index.ts";
import { checkGivesRows } from "../resource/index.ts";
import {
  type Chain,
  DELEGATION_SOURCE,
  type DelegationSource,
  type HeldDelegation,
  type Signer,
  serialize,
  signatureIn,
} from "../token/index.ts";
import { admit, admitAndDecide } from "./admission.ts";
import { budgetLeft } from "./budget-left.ts";
import type { IncomingCall, Listed, Listing, ProvenHolder } from "./call.ts";
import type { EnforcementPoint } from "./options.ts";
import { type SessionCall, sessionCall } from "./passed-in.ts";
import { ownNameIn } from "./stages/token.ts";

/**
 * A holder's calls within one process. Its functions reject with {@link HopwiseError} `config_invalid` for what is no call
 * and no list: who is asked what is up to this program alone.
 */
export interface Session {
  readonly delegation: DelegationSource;
  authorize(call: SessionCall): Promise<Decision>;
  /**
   * Decides a call of a tool that gives rows (`filter` in the tool map): by which rows the user and every agent may see. Of
   * an allowed one, show no row but those that passed `filter` of the decision; `visibleRows` of `@hopwise/filter` does so.
   */
  filter(call: Omit<SessionCall, "filters">): Promise<Decision>;
  /**
   * Writes down a call whose arguments the tool's own schema refused before anybody was asked (`arguments_refused`).
   * Nothing runs either way.
   */
  refuse(call: { readonly tool: string; readonly arguments?: unknown }): Promise<Denied>;
  /** Which of these tools could be called. */
  list(items: readonly Listed[]): Promise<Listing | Denied>;
  /**
   * What the delegation has left of its budget, so that an agent can plan; undefined where it has none. Another call may spend
   * it the next moment.
   *
   * @throws {HopwiseError} `state_unavailable`, or where the delegation does not verify here any more
   */
  budgetLeft(): Promise<BudgetLeft | undefined>;
}

const readSource = argumentOf<DelegationSource>("openSession", "delegation", DELEGATION_SOURCE);

/** @throws {HopwiseError} where the delegation does not verify here, or its key is not at hand */
export async function openSession(delegation: DelegationSource, point: EnforcementPoint): Promise<Session> {
  readSource(delegation);
  const first = await provePossession(await heldNow(delegation, point), point);
  const own = ownNameIn(first.chain, point);
  let proven = { ...first, audience: own };

  /** A delegation that was renewed is proven anew, and stands for the one with which the session began. */
  const holder = async (): Promise<ProvenHolder> => {
    const held = await heldNow(delegation, point);
    if (held === proven.held) return proven;
    const renewed = { ...(await provePossession(held, point)), audience: own };
    checkRenewed(renewed, first.chain);
    // Several calls may prove several delegations at once: each is judged by its own.
    proven = renewed;
    return renewed;
  };

  const incoming = (tool: string, args: unknown): IncomingCall => {
    // A call has one holder, however often it is asked: each answer may be a renewal.
    let own: Promise<ProvenHolder> | undefined;
    const holderOfCall = (): Promise<ProvenHolder> => {
      own ??= holder();
      return own;
    };
    return { tool, arguments: args, traceparent: undefined, caller: { via: "session", holder: holderOfCall } };
  };

  const decide = ({ tool, arguments: args, approval, ...read }: SessionCall): Promise<Decision> => {
    const call = { ...incoming(tool, args), approval, ...(read.parsed !== undefined && { read: true as const }) };
    return admitAndDecide(call, point, read);
  };

  return {
    delegation,
    authorize: async (call) => decide(sessionCall("authorize", call)),
    filter: async (given) => {
      const call = sessionCall("filter", given);
      checkGivesRows(point.tools, "filter", call.tool);
      return decide({ ...call, filters: true });
    },
    refuse: async (call) => {
      const { tool, arguments: args } = sessionCall("refuse", call);
      const admitted = await admit({ ...incoming(tool, args), refused: true }, point);
      const message = "the tool's own schema refused the arguments before a decision was asked for";
      return admitted.outcome === "admitted" ? admitted.refuse({ code: "arguments_refused", message }) : admitted;
    },
    budgetLeft: async () => {
      const { compact } = await holder();
      const { spending } = point.state;
      const chain = await point.verifier.verify(compact, point.nowSeconds());
      return spending && budgetLeft(chain, spending, point.nowSeconds());
    },
    list: async (items) => {
      const admitted = await admit(incoming("mcp:tools/list", {}), point);
      return admitted.outcome === "admitted" ? admitted.list(items) : admitted;
    },
  };
}

interface Proven extends Omit<ProvenHolder, "audience"> {
  readonly chain: Chain;
}

/** The holder's key is at hand: it signs a challenge. */
async function provePossession(held: HeldDelegation, point: EnforcementPoint): Promise<Proven> {
  const compact = serialize(held);
  const chain = await point.verifier.verify(compact, point.nowSeconds());
  const challenge = `hopwise-session ${randomId()} ${point.audience[0]}`;
  const signature = await eachInTime(point.deadlineMs, "delegation_unavailable", "the signer of the session", (wait) =>
    wait(signBy(held.signer, challenge)),
  );
  if (!(await verify(chain.holder.verification, challenge, signature))) {
    throw new HopwiseError("proof_invalid", "the signer at hand is not the holder of the chain");
  }
  return { held, compact, chain };
}

/** The delegation as its source gives it now. What the source throws, also an error of ours, is its own fault. */
async function heldNow(delegation: DelegationSource, { deadlineMs }: EnforcementPoint): Promise<HeldDelegation> {
  try {
    if (typeof delegation !== "function") return delegation;
    const held = await settleInTime(deadlineMs, delegation());
    serialize(held);
    return held;
  } catch (cause) {
    const why = cause instanceof DeadlinePassed ? `gave no answer within ${deadlineMs} ms` : "failed, or gave none";
    throw new HopwiseError("delegation_unavailable", `the source of the session's delegation ${why}`, { cause });
  }
}

async function signBy(signer: Signer, text: string): Promise<Uint8Array> {
  const given: unknown = await signer.sign(new TextEncoder().encode(text));
  return signatureIn(given, "delegation_unavailable", "the signer of the session");
}

/**
 * A renewal lends a session neither another enforcement point, nor another user, nor other agents. What it hands over, to
 * which key and for how long, may differ: that is judged at each call.
 *
 * @throws {HopwiseError} `principal_changed`, `audience_mismatch`
 */
function checkRenewed({ chain, audience }: Proven & ProvenHolder, began: Chain): void {
  const changed = (who: string): never => {
    throw new HopwiseError("principal_changed", `the session began for ${who} than its renewed delegation names`);
  };
  const { issuer, subject } = began.user;
  if (chain.user.issuer !== issuer || chain.user.subject !== subject) changed("another user");
  const agents = (of: Chain): string => JSON.stringify(of.links.map(({ agent }) => agent));
  if (agents(chain) !== agents(began)) changed("other agents");
  if (!chain.audience.includes(audience)) {
    throw new HopwiseError(
      "audience_mismatch",
      `the session began for ${audience}, and its renewed delegation is for ${chain.audience.join(", ")}`,
      { pointer: "/aud" },
    );
  }
}
