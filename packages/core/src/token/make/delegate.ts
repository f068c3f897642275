import { randomId } from "../../crypto/index.ts";
import { HopwiseError } from "../../errors.ts";
import { type Grant, isEveryTool, whatIsThere, wideningOf } from "../../grant/index.ts";
import { type JsonValue, pointerTo } from "../../json/index.ts";
import { listed, timeAway } from "../../lib/index.ts";
import { CLOCK, either, flag, maybe, members, optionsOf, secondsBy } from "../../options/index.ts";
import {
  AGENT_NAMED,
  AUDIENCES,
  BUDGET_ROWS,
  type BudgetBounds,
  bounding,
  CLASS_NAME,
  DETAIL_TYPE,
  type DerivedClaims,
  GRANT,
  grantOf,
  INTEROP,
  LIFETIME,
  MAX_DEPTH,
  parseDerivedClaims,
  TOOLS_POINTER,
} from "../claims/index.ts";
import { DEFAULT_LIMITS, LIMITS, type Limits, signJws, thumbprintOf, thumbprintUri } from "../keys/index.ts";
import { findBudgetFault, toolIdProblem } from "../verify/index.ts";
import { byOrder } from "./by-order.ts";
import { checkBudgetOfGrant, checkDenyLists, checkInterop, checkPlaces, checkSize } from "./check-order.ts";
import {
  type Delegation,
  type DelegationOf,
  type HeldDelegation,
  hold,
  parseDelegation,
  partsOfDelegation,
  partsOfHeld,
} from "./delegation.ts";
import { HOLDER, type Holder, holderKey } from "./request.ts";

/**
 * An agent's order to hand authority on: to whom, what, and for how long. Members that are left out stay as the parent
 * has them.
 */
export interface DelegateOrder {
  /**
   * The agent that gets it: by its name in the registry, or a class of sub-agents that the delegator may make for
   * itself, which gives it a name and needs no registration.
   */
  readonly to: string | { readonly class: string };
  readonly holder: Holder;
  readonly grant: Grant;
  /**
   * Signs a `not_one_of` under an argument for which the parent has none. A `not_one_of` of the parent may be kept or
   * made longer without this: its maker agreed to a deny-list, and the child can only exclude more values. Default
   * false.
   */
  readonly allowDenyLists?: boolean;
  /** Default: as long as the parent lives. */
  readonly lifetimeSeconds?: number;
  /** Highest depth of tokens below; may only fall. To allow no further agent, give the new token's own depth. */
  readonly maxDepth?: number;
  /** Where it may be presented: a part of the parent's audience. */
  readonly audience?: readonly string[];
  /**
   * What the new holder, and whoever it hands on to, may spend in all; what they spend, this delegation has spent, too.
   * Only a delegation with a budget can give a part of it.
   */
  readonly budget?: BudgetBounds;
  /**
   * Keeps to the constraint types and the table of the draft; the chain so far must do so, too. A verifier of the draft
   * then accepts the chain if it knows the algorithm by its RFC 9864 name.
   */
  readonly interop?: "aat-01";
  /** Limits that differ from the defaults, as its issuer has them. */
  readonly limits?: Partial<Limits>;
  /** The clock, in milliseconds since the epoch. */
  readonly clock?: () => number;
}

const TO = 'an agent\'s name of letters, digits and . _ - /, such as researcher, or { class: "reader" }';

const readOrder = optionsOf<DelegateOrder>("delegate", {
  to: either(TO, AGENT_NAMED, members<{ class: string }>({ class: CLASS_NAME }, TO)),
  holder: HOLDER,
  grant: GRANT,
  allowDenyLists: maybe(flag()),
  lifetimeSeconds: maybe(LIFETIME),
  maxDepth: maybe(MAX_DEPTH),
  audience: maybe(AUDIENCES),
  budget: maybe(bounding<BudgetBounds>(BUDGET_ROWS, "what may be spent, such as { calls: 10 }")),
  interop: maybe(INTEROP),
  limits: maybe(LIMITS),
  clock: maybe(CLOCK),
});

/**
 * Hands on less of a delegation, offline, signed by its holder (AAT draft, section 6). Widening is refused here as it
 * is at verification, naming the place, both values and the rule.
 *
 * @throws {HopwiseError} `chain_widened`, `chain_depth_exceeded`, `token_expired`, `token_key_refused`,
 *   `token_malformed`, `token_too_large`, `proof_invalid`, `config_invalid` for a grant that an option must allow
 */
export function delegate<Of extends Holder>(
  parent: HeldDelegation,
  given: DelegateOrder & { readonly holder: Of },
): Promise<DelegationOf<Of>>;
export async function delegate(parent: HeldDelegation, given: DelegateOrder): Promise<Delegation> {
  const order = readOrder(given);
  const { compact, root, leaf, leafHash } = partsOfHeld(parent);
  const limits: Limits = { ...DEFAULT_LIMITS, ...order.limits };
  const now = Math.floor(secondsBy(order.clock ?? Date.now, "delegate"));
  const iat = Math.max(now, leaf.iat);
  const depth = leaf.del_depth + 1;
  const maxDepth = order.maxDepth ?? leaf.del_max_depth;
  const exp = order.lifetimeSeconds === undefined ? leaf.exp : iat + order.lifetimeSeconds;
  checkOrder(order, parent, { now, iat, exp, depth, maxDepth });
  checkPlaces(order.grant, root.aud, order.audience);

  const payload: JsonValue = JSON.parse(
    JSON.stringify({
      jti: randomId(),
      iss: thumbprintUri(await thumbprintOf(parent.signer.publicJwk)),
      act: { sub: typeof order.to === "string" ? order.to : `${leaf.act.sub}/${order.to.class}/${randomId()}` },
      iat,
      exp,
      del_depth: depth,
      del_max_depth: maxDepth,
      par_hash: leafHash,
      cnf: { jwk: await freshKey(order.holder, parent) },
      aud: order.audience,
      budget: order.budget,
      authorization_details: [{ type: DETAIL_TYPE, tools: order.grant }],
    }),
  );
  const claims = byOrder("delegate", () => parseDerivedClaims(payload, limits));
  checkBudget(claims, parent);
  if (claims.budget !== undefined) checkBudgetOfGrant("delegate", claims.budget, grantOf(claims));
  if (order.allowDenyLists !== true) checkDenyLists(grantOf(claims), grantOf(leaf));
  const token = await signJws({ typ: "aat+jwt" }, JSON.stringify(payload), parent.signer);
  checkSize("token", token, limits);
  const chain = `${compact}~${token}`;
  checkSize("chain", chain, limits);
  const delegation = await parseDelegation(chain, { limits });
  return "publicJwk" in order.holder ? hold(delegation, order.holder) : delegation;
}

interface Asked {
  readonly now: number;
  readonly iat: number;
  readonly exp: number;
  readonly depth: number;
  readonly maxDepth: number;
}

/** The same rules that a verifier applies: a token that would be refused is not signed. */
function checkOrder(order: DelegateOrder, parent: HeldDelegation, { now, iat, exp, depth, maxDepth }: Asked): void {
  const { leaf, tokens, root } = partsOfDelegation(parent);
  if (leaf.exp <= now) {
    const ago = timeAway(leaf.exp - now);
    throw new HopwiseError("token_expired", `the delegation to hand on has expired${ago}; have it made anew`);
  }
  const deepest = Math.min(leaf.del_max_depth, maxDepth);
  if (depth > deepest) {
    const remedy =
      depth > leaf.del_max_depth
        ? `nobody may follow "${leaf.act.sub}": let it do the task, or ask for a root with a higher maxDepth`
        : `maxDepth counts from the root on: to let nobody follow the new holder, give ${depth}`;
    const message = `the delegation may be ${deepest} deep, this would be ${depth}; ${remedy}`;
    throw new HopwiseError("chain_depth_exceeded", message, { pointer: "/del_depth" });
  }
  if (maxDepth > leaf.del_max_depth)
    widened("/del_max_depth", "the depth ceiling may only fall", leaf.del_max_depth, maxDepth);
  if (exp <= iat) {
    throw new HopwiseError("token_malformed", "the delegation to hand on expires before it begins; have it made anew", {
      pointer: "/exp",
    });
  }
  if (exp > leaf.exp) {
    const most = `leave lifetimeSeconds out, or give at most ${leaf.exp - iat}, in seconds, not milliseconds`;
    widened("/exp", "a child may not outlive its parent", leaf.exp, exp, most);
  }
  const outside = order.audience?.find((name) => !parent.audience.includes(name));
  if (outside !== undefined) widened("/aud", "a child's audience is part of its parent's", parent.audience, outside);
  if (order.interop !== undefined) {
    const grants = [...tokens.map(({ claims }) => grantOf(claims)), order.grant];
    for (const grant of grants) checkInterop(grant, parent.budget ?? order.budget);
  }
  const widening = wideningOf(grantOf(leaf), order.grant, order.interop);
  if (widening === undefined) return;
  const { pointer, rule, parent: has, child, remedy } = widening;
  const strange = Object.keys(order.grant).find((id) => !isEveryTool(id) && pointerTo("", id) === pointer);
  const meant = strange === undefined ? remedy : whatIsThere(grantOf(leaf), strange);
  widened(TOOLS_POINTER + pointer, rule, has, child, namesRemedy(order.grant, root.aud) ?? meant);
}

/** What to do where tools are not named as this chain names them: with one audience bare, with several each under its own. */
function namesRemedy(grant: Grant, rootAudience: readonly string[]): string | undefined {
  const problem = Object.keys(grant)
    .filter((id) => !isEveryTool(id))
    .map((id) => toolIdProblem(id, rootAudience))
    .find((found) => found !== undefined);
  return problem && `${problem}; the audiences of this chain's root: ${listed(rootAudience)}`;
}

function checkBudget({ budget }: DerivedClaims, parent: HeldDelegation): void {
  const above = { budget: parent.budget, root: partsOfDelegation(parent).root };
  const fault = budget && findBudgetFault(budget, above);
  if (fault === undefined) return;
  const { code, pointer, rule } = fault;
  throw new HopwiseError(code, `the budget would break the chain at "${pointer}": ${rule}`, { pointer, rule });
}

/** Each hop needs a key of its own: with the key of a hop above, the child could present that hop's broader token. */
async function freshKey(holder: Holder, parent: HeldDelegation): Promise<object> {
  const jwk = await holderKey(holder);
  const { claims } = partsOfDelegation(parent).tokens.find((token) => token.claims.cnf.jwk.x === jwk.x) ?? {};
  if (claims !== undefined) {
    throw new HopwiseError(
      "token_key_refused",
      `the new holder has the key of "${claims.act.sub}", which is in the chain already; give it a key of its own, or let that agent use its own delegation`,
    );
  }
  return jwk;
}

function widened(pointer: string, rule: string, parent: unknown, child: unknown, remedy?: string): never {
  const what = `${rule}; the parent has ${JSON.stringify(parent) ?? "nothing"}, the child asks for ${JSON.stringify(child) ?? "nothing"}`;
  throw new HopwiseError(
    "chain_widened",
    `this would widen the delegation at "${pointer}": ${what}${remedy === undefined ? "" : `; ${remedy}`}`,
    { pointer, rule },
  );
}
