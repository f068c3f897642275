import { HopwiseError } from "../../errors.ts";
import { handsEveryTool } from "../../grant/index.ts";
import { forMore, listed } from "../../lib/index.ts";
import {
  choice,
  either,
  flag,
  list,
  maybe,
  members,
  type Rows,
  ruleOf,
  type Shape,
  text,
  unless,
} from "../../options/index.ts";
import {
  AUDIENCES,
  grantOf,
  ISSUER,
  KEY_SOURCE,
  LIFETIME,
  listedTool,
  MAX_DEPTH,
  type RootClaims,
  TOOLS_POINTER,
  TRUSTED_KEY,
} from "../claims/index.ts";
import { isKeySource, type KeySource, type Limits, type TrustedKey } from "../keys/index.ts";

/**
 * An issuer whose roots are accepted, and the bounds of these roots. The verifier enforces the bounds, even where the
 * issuer signs more.
 */
export interface TrustAnchor {
  /** The `iss` of its roots: an https URI. */
  readonly issuer: string;
  /** Its public keys by `kid`, or where they are published. At most four of its keys may share a `kid`. */
  readonly keys: readonly TrustedKey[] | KeySource;
  /**
   * Whether the issuer runs other software than Hopwise, which may write `alg` as the AAT draft does (Appendix B.1):
   * `EdDSA`, here with an Ed25519 key only. All other rules stay the same. Default false.
   */
  readonly foreign?: boolean;
  /** The enforcement points it may name in `aud`. */
  readonly audiences: readonly string[];
  /** The users and services it may name in `sub`. `"any"` is right only for an issuer whose directory is the only one. */
  readonly subjects: readonly string[] | ((subject: string) => boolean) | "any";
  /** The tool ids it may hand over. */
  readonly tools: readonly string[] | "any";
  /**
   * Whether the enforcement points that a root of its names together count what is spent in one store. Only then may such
   * a root have a budget: else each of them would let the whole of it be spent. Default false.
   */
  readonly sharedBudgets?: boolean;
  /**
   * Whether it may hand over every tool at once (`everyTool()`): only beside `tools: "any"`, which does not say so by itself.
   * Default false.
   */
  readonly everyTool?: boolean;
  /** Longest lifetime of its roots, in seconds; at most the verifier's own limit. Default 24 hours. */
  readonly lifetimeSeconds?: number;
  /** Highest `del_max_depth` of its roots: how many agents may stand behind the first. Default 3. */
  readonly maxDepth?: number;
  /** Whether it may say that one of its users approves a call. Default false. */
  readonly approvals?: boolean;
}

export const DEFAULT_MAX_DEPTH = 3;
/** The most keys of one anchor that are tried for a `kid`: nobody's root costs more signatures. */
export const MAX_KEYS_PER_KID = 4;

/** An anchor's members, as the options of `createAuthorizer` and `createIssuer` are read. */
export const ANCHOR_ROWS: Rows<TrustAnchor> = {
  issuer: ISSUER,
  keys: either(
    "a list of public keys { kid, jwk }, at least one, or a source of keys, such as remoteJwks(…)",
    list(TRUSTED_KEY, "a list of public keys { kid, jwk }, at least one: an issuer without keys can sign nothing", {
      min: 1,
    }),
    KEY_SOURCE,
  ),
  foreign: maybe(flag()),
  audiences: AUDIENCES,
  subjects: either(
    'a list of subjects, a function that tells at once, or "any"',
    choice("any"),
    list(text("a subject, such as alice"), 'a list of subjects, or "any"'),
    ruleOf("a function that tells whether a subject is right"),
  ),
  tools: either(
    'a list of tool ids, or "any"',
    choice("any"),
    list(listedTool("a tool's id, such as send_payment", 'say tools: "any"'), 'a list of tool ids, or "any"'),
  ),
  sharedBudgets: maybe(flag()),
  everyTool: maybe(flag()),
  lifetimeSeconds: maybe(LIFETIME),
  maxDepth: maybe(MAX_DEPTH),
  approvals: maybe(flag()),
};

export const TRUST_ANCHORS: Shape = list(
  unless(
    "a trust anchor, and not its issuer: issuer.trustAnchor",
    (value) => Object.hasOwn(Object(value), "trustAnchor"),
    members(ANCHOR_ROWS, "a trust anchor, such as issuer.trustAnchor"),
  ),
  "a list of trust anchors",
);

/**
 * Refuses an anchor of whose keys more share a `kid` than are tried for one, or that says two things of its tools.
 *
 * @param where how errors name the list
 * @throws {HopwiseError} `config_invalid` naming the anchor and the member
 */
export function checkAnchors(anchors: readonly TrustAnchor[], where = "trust"): void {
  for (const [i, { keys, tools, everyTool }] of anchors.entries()) {
    checkEveryTool(`${where}[${i}]`, tools, everyTool);
    const keysPerKid = new Map<string, number>();
    for (const [k, { kid }] of (isKeySource(keys) ? [] : keys).entries()) {
      const sharing = (keysPerKid.get(kid) ?? 0) + 1;
      if (sharing > MAX_KEYS_PER_KID) {
        throw new HopwiseError(
          "config_invalid",
          `${where}[${i}].keys[${k}]: more than ${MAX_KEYS_PER_KID} keys share the kid "${kid}"`,
        );
      }
      keysPerKid.set(kid, sharing);
    }
  }
}

/** Whether an issuer may speak for this user of its own. */
export function mayName({ subjects }: TrustAnchor, subject: string): boolean {
  if (subjects === "any") return true;
  // Nothing but true: a promise would count as an answer.
  return typeof subjects === "function" ? subjects(subject) === true : subjects.includes(subject);
}

/** The rule of {@link mayName}. */
export const MAY_NOT_NAME = "its anchor does not let it name this subject";

/**
 * Refuses what an issuer said.
 *
 * @param rule which rule it breaks, in words that stay
 * @param detail what it said, and what it may say
 */
export function mayNotSay(pointer: string, rule: string, detail = ""): never {
  const message = `the issuer may not say this: ${rule}${detail}`;
  throw new HopwiseError("token_untrusted_issuer", message, { pointer, rule });
}

/** Refuses a name of an issuer in what a key of another one signed. */
export function mayNotSayOf(named: string, owner: string): never {
  const detail = `: it is one of ${listed([owner])}, and ${listed([named])} is named`;
  return mayNotSay("/iss", "the key that signed belongs to another issuer", detail);
}

/** Every tool is more than those that are listed: which of the two was meant? @throws {HopwiseError} `config_invalid` */
export function checkEveryTool(where: string, tools: TrustAnchor["tools"], everyTool = false): void {
  if (!everyTool || tools === "any") return;
  throw new HopwiseError(
    "config_invalid",
    `${where}: everyTool is true beside a list of tools, and a root of every tool would go beyond the list; say tools: "any", or leave everyTool out`,
  );
}

/**
 * Checks that a root stays within its anchor's bounds.
 *
 * @throws {HopwiseError} `token_untrusted_issuer` with the claim that goes beyond
 */
export function checkAgainstAnchor(claims: RootClaims, anchor: TrustAnchor, limits: Limits): void {
  const { tools } = anchor;
  const grant = grantOf(claims);
  if (!mayName(anchor, claims.sub)) mayNotSay("/sub", MAY_NOT_NAME, `: ${listed([claims.sub])}`);
  const beyond = claims.aud.find((name) => !anchor.audiences.includes(name));
  if (beyond !== undefined) {
    const detail = `: ${listed([beyond])}. A root names every place where it may be shown; the anchor's audiences are ${listed(anchor.audiences)}`;
    mayNotSay("/aud", "its anchor does not let it name this audience", detail);
  }
  if (handsEveryTool(grant)) {
    // Also where its tools are "any": whoever wrote that had those in mind that roots name.
    if (anchor.everyTool !== true || tools !== "any")
      mayNotSay(TOOLS_POINTER, "its anchor does not let it hand over every tool");
  } else if (tools !== "any") {
    const foreign = Object.keys(grant).filter((id) => !tools.includes(id));
    if (foreign.length > 0)
      mayNotSay(TOOLS_POINTER, "its anchor does not let it hand over this tool", `: ${listed(foreign)}`);
  }
  const { lifetimeSeconds: longest } = limits;
  const lifetime = Math.min(anchor.lifetimeSeconds ?? longest, longest);
  const asked = claims.exp - claims.iat;
  if (asked > lifetime) {
    const more = asked > longest ? `; ${forMore("lifetimeSeconds")}` : "";
    mayNotSay("/exp", `a root may live ${lifetime} seconds`, `, not ${asked}; seconds, not milliseconds${more}`);
  }
  if (claims.del_max_depth > (anchor.maxDepth ?? DEFAULT_MAX_DEPTH)) {
    mayNotSay("/del_max_depth", `a root may allow a depth of ${anchor.maxDepth ?? DEFAULT_MAX_DEPTH}`);
  }
}
