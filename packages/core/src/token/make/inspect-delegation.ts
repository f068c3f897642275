import { isRefusal, type Refusal, refusalOf } from "../../errors.ts";
import { checkSeconds } from "../../options/index.ts";
import type { Link, Provenance, RootClaims, Subject } from "../claims/index.ts";
import { type ChainId, importKnownKey, ROOT_HEADER, splitJws } from "../keys/index.ts";
import { type Above, below, checkRoot, checkRootBudget, linkOf, openChild, provenanceOf } from "../verify/index.ts";
import { type Delegation, partsOfDelegation } from "./delegation.ts";

/** A chain as its text says. The root's signature is not checked: that needs a key of its issuer. */
export interface InspectedChain {
  readonly id: ChainId;
  readonly user: Subject;
  readonly login?: Provenance;
  /** The name of the key with which the issuer says that it signed. */
  readonly kid: string;
  /** Root first. */
  readonly tokens: readonly InspectedToken[];
}

/** What one token of a chain says. */
export interface InspectedToken extends Omit<Link, "jwk"> {
  /** Where the chain may be presented from here on. */
  readonly audience: readonly string[];
  /** How many agents may still follow. */
  readonly mayFollow: number;
  /**
   * Why a verifier refuses the chain at this token: another key than its parent's signed it, a link is broken, a place
   * widened, its time is over. The tokens below a refused one are not checked.
   */
  readonly refused?: Refusal;
}

/**
 * Looks into a chain offline: who hands what to whom, until when, and whether the tokens below the root stand as a
 * verifier with default limits wants them. For people and tools; whether a call may happen only the authorizer says.
 *
 * @param nowSeconds the clock that times are held against, seconds since the epoch
 * @throws {HopwiseError} `token_key_refused` for a key that is none; `config_invalid` for a clock that shows no time
 */
export async function inspectDelegation(delegation: Delegation, nowSeconds: number): Promise<InspectedChain> {
  // NaN is neither before nor after an expiry: with it, no chain would ever be over.
  checkSeconds("inspectDelegation", "nowSeconds", nowSeconds);
  const { compact, root, tokens, limits } = partsOfDelegation(delegation);
  const texts = compact.split("~");
  const told: InspectedToken[] = [];
  /** The verifier's own checks of one token, in its order. */
  const check = async (text: string, { claims }: Above, above: Above | undefined): Promise<void> => {
    if (above !== undefined) {
      await openChild(text, above, told, { keyOf: importKnownKey, limits, now: nowSeconds });
      return;
    }
    checkRoot(claims as RootClaims, limits, nowSeconds);
    // What its anchor allows is not known here.
    checkRootBudget(claims as RootClaims, true);
  };
  let above: Above | undefined;
  for (const [i, token] of tokens.entries()) {
    const own = below(token, await importKnownKey(token.claims.cnf.jwk), above);
    const checked = told.every(({ refused }) => refused === undefined);
    told.push(tokenOf(own, checked ? await refusalIn(check(texts[i] as string, own, above)) : undefined));
    above = own;
  }
  return {
    id: delegation.id,
    user: { issuer: root.iss, subject: root.sub },
    ...(root.hw_src !== undefined && { login: provenanceOf(root.hw_src) }),
    kid: splitJws(texts[0] as string, ROOT_HEADER, "token_malformed", "the root token").header["kid"] as string,
    tokens: told,
  };
}

function tokenOf(own: Above, refused: Refusal | undefined): InspectedToken {
  const { jwk: _, ...link } = linkOf(own);
  const { del_depth, del_max_depth } = own.claims;
  const mayFollow = Math.max(0, del_max_depth - del_depth);
  return { ...link, audience: own.audience, mayFollow, ...(refused !== undefined && { refused }) };
}

async function refusalIn(checking: Promise<void>): Promise<Refusal | undefined> {
  try {
    await checking;
    return undefined;
  } catch (fault) {
    if (!isRefusal(fault)) throw fault;
    return refusalOf(fault);
  }
}
