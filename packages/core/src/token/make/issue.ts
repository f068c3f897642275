import { randomId } from "../../crypto/index.ts";
import type { Grant } from "../../grant/index.ts";
import type { JsonValue } from "../../json/index.ts";
import { CLOCK, choice, flag, maybe, members, optionsOf, secondsBy, text, WHOLE_SECONDS } from "../../options/index.ts";
import {
  AGENT_NAMED,
  AUDIENCES,
  BUDGET_ID,
  BUDGET_ROWS,
  type Budget,
  bounding,
  DETAIL_TYPE,
  GRANT,
  grantOf,
  INTEROP,
  KEY_ID,
  LIFETIME,
  LOGIN_KINDS,
  MAX_DEPTH,
  PROFILE_VERSION,
  type Provenance,
  parseRootClaims,
  SIGNER,
  SUBJECT,
} from "../claims/index.ts";
import { DEFAULT_LIMITS, kidOf, LIMITS, type Limits, type Signer, signJws, type TrustedKey } from "../keys/index.ts";
import {
  ANCHOR_ROWS,
  checkAgainstAnchor,
  checkEveryTool,
  DEFAULT_MAX_DEPTH,
  type TrustAnchor,
} from "../trust/index.ts";
import { checkRoot, checkRootBudget } from "../verify/index.ts";
import { byOrder } from "./by-order.ts";
import { checkIssuer } from "./check-issuer.ts";
import { checkBudgetOfGrant, checkDenyLists, checkInterop, checkSize } from "./check-order.ts";
import { type Delegation, type DelegationOf, hold, parseDelegation } from "./delegation.ts";
import { HOLDER, type Holder, holderKey } from "./request.ts";
import { lifetimeOf } from "./root-lifetime.ts";

/** Mints the roots of chains: the one service that knows users and may speak for them. */
export interface Issuer {
  /**
   * Hands some of a user's authority to a first agent.
   *
   * @throws {HopwiseError} `token_untrusted_issuer` for a root that its own configuration does not allow;
   *   `proof_invalid` where a remote holder did not prove its key; `config_invalid` for a grant that an option must
   *   allow, and for a root that would outlive its budget; `token_malformed`, `token_too_large`, `token_key_refused`, `chain_depth_exceeded`
   */
  issue<Of extends Holder>(order: RootOrder & { readonly holder: Of }): Promise<DelegationOf<Of>>;
  /** Give this to a verifier, so that it trusts this issuer within the issuer's own bounds. */
  readonly trustAnchor: TrustAnchor & { readonly keys: readonly TrustedKey[] };
}

/** An issuer's identity, and the bounds of the roots that it may sign. The verifier pins the same again. */
export interface IssuerOptions extends Omit<TrustAnchor, "keys" | "foreign"> {
  readonly signer: Signer;
  /** The name of the key in `kid`. Default: the first characters of its thumbprint. */
  readonly kid?: string;
  /** Limits of its roots that differ from the defaults; the verifier needs them, too. */
  readonly limits?: Partial<Limits>;
  /** The clock, in milliseconds since the epoch. */
  readonly clock?: () => number;
}

/** One root to be minted. */
export interface RootOrder {
  /** The user or service for which the whole chain acts. */
  readonly subject: string;
  /** The agent that gets it, by its id in the registry. */
  readonly agent: string;
  readonly holder: Holder;
  readonly grant: Grant;
  /** Signs `not_one_of`, too, which lets every spelling pass that its author did not list. Default false. */
  readonly allowDenyLists?: boolean;
  /** Where the chain may be presented; default all audiences of the issuer. */
  readonly audience?: readonly string[];
  /** Default one hour, or until its budget ends where that is sooner. A longer one than its budget has is refused. */
  readonly lifetimeSeconds?: number;
  /** How many agents may stand behind the first; default what the issuer allows. */
  readonly maxDepth?: number;
  /**
   * Keeps to the constraint types of the draft. A verifier of the draft then accepts the token if it knows the algorithm
   * by its RFC 9864 name.
   */
  readonly interop?: "aat-01";
  /**
   * What the whole chain may spend, however many agents share it. See docs/budgets.md. An enforcement point whose state counts
   * nothing refuses the chain (`budget_unsupported`).
   */
  readonly budget?: Budget;
  /** Correlates several roots of one transaction. */
  readonly txn?: string;
  /**
   * Which login stood behind it. It goes into the token and every record, so leave out details that readers of these
   * need not know.
   */
  readonly login?: Provenance;
}

const { keys: _keys, foreign: _foreign, ...BOUNDS } = ANCHOR_ROWS;
const readIssuer = optionsOf<IssuerOptions>("createIssuer", {
  ...BOUNDS,
  signer: SIGNER,
  kid: maybe(KEY_ID),
  limits: maybe(LIMITS),
  clock: maybe(CLOCK),
});

const BUDGET = 'a budget, such as { id: "2026-11", from, until, calls: 100 }';

const readOrder = optionsOf<RootOrder>("issue", {
  subject: SUBJECT,
  agent: AGENT_NAMED,
  holder: HOLDER,
  grant: GRANT,
  allowDenyLists: maybe(flag()),
  audience: maybe(AUDIENCES),
  lifetimeSeconds: maybe(LIFETIME),
  maxDepth: maybe(MAX_DEPTH),
  interop: maybe(INTEROP),
  budget: maybe(bounding<Budget>({ id: BUDGET_ID, from: WHOLE_SECONDS, until: WHOLE_SECONDS, ...BUDGET_ROWS }, BUDGET)),
  txn: maybe(text("a text that several roots share")),
  login: maybe(
    members<Provenance>(
      {
        kind: choice(...LOGIN_KINDS),
        issuer: text("who logged the user in, such as https://login.example"),
        subject: text("the user's name there"),
        acr: maybe(text("an authentication context class, such as urn:example:mfa")),
        authTime: maybe(WHOLE_SECONDS),
      },
      'a login, such as { kind: "id_token", issuer, subject }',
    ),
  ),
});

/**
 * Makes an issuer.
 *
 * @throws {HopwiseError} `config_invalid`
 */
export async function createIssuer(options: IssuerOptions): Promise<Issuer> {
  const { signer, clock = Date.now, kid: named, limits: own, ...pinned } = readIssuer(options);
  const kid = named ?? (await kidOf(signer.publicJwk));
  const limits: Limits = { ...DEFAULT_LIMITS, ...own };
  checkEveryTool("createIssuer", pinned.tools, pinned.everyTool);
  checkIssuer(pinned, limits);
  const trustAnchor: Issuer["trustAnchor"] = { ...pinned, keys: [{ kid, jwk: signer.publicJwk }] };

  async function issue(given: RootOrder): Promise<Delegation> {
    const order = readOrder(given);
    if (order.interop !== undefined) checkInterop(order.grant, order.budget);
    const iat = Math.floor(secondsBy(clock, "issue"));
    const lifetime = lifetimeOf(order, iat, pinned.lifetimeSeconds);
    const payload: JsonValue = JSON.parse(
      JSON.stringify({
        jti: randomId(),
        iss: pinned.issuer,
        sub: order.subject,
        act: { sub: order.agent },
        aud: order.audience ?? pinned.audiences,
        iat,
        exp: iat + lifetime,
        del_depth: 0,
        del_max_depth: order.maxDepth ?? pinned.maxDepth ?? DEFAULT_MAX_DEPTH,
        hw: PROFILE_VERSION,
        cnf: { jwk: await holderKey(order.holder) },
        txn: order.txn,
        budget: order.budget,
        hw_src: order.login && sourceClaim(order.login),
        authorization_details: [{ type: DETAIL_TYPE, tools: order.grant }],
      }),
    );
    // The same rules that a verifier applies: a root that would be refused is not signed.
    const claims = byOrder("issue", () => parseRootClaims(payload, limits));
    const grant = grantOf(claims);
    if (order.allowDenyLists !== true) checkDenyLists(grant);
    byOrder("issue", () => {
      checkAgainstAnchor(claims, trustAnchor, limits);
      checkRoot(claims, limits, iat);
      checkRootBudget(claims, pinned.sharedBudgets === true);
    });
    if (claims.budget !== undefined) checkBudgetOfGrant("issue", claims.budget, grant);
    const compact = await signJws({ typ: "aat+jwt", kid }, JSON.stringify(payload), signer);
    checkSize("token", compact, limits);
    const delegation = await parseDelegation(compact, { limits });
    return "publicJwk" in order.holder ? hold(delegation, order.holder) : delegation;
  }

  return { issue: issue as Issuer["issue"], trustAnchor };
}

/** Read again before it is signed: a member that does not belong there is refused, and not left out. */
function sourceClaim({ kind, issuer: iss, subject: sub, acr, authTime: auth_time, ...more }: Provenance): object {
  return { ...more, kind, iss, sub, acr, auth_time };
}
