import type { PublicJwk } from "../../crypto/index.ts";
import { HopwiseError } from "../../errors.ts";
import { type Grant, parseGrant } from "../../grant/index.ts";
import { hasExactly, isJsonObject, type JsonObject, type JsonValue, pointerTo } from "../../json/index.ts";
import { isAudience, isIssuer, type Limits, parsePublicJwk } from "../keys/index.ts";
import { type Budget, type BudgetBounds, parseBudget, parseBudgetBounds } from "./budget.ts";
import type { Provenance } from "./chain.ts";
import { agentNameOf, digestOf, integerOf, jtiOf, refuseClaim, textOf } from "./claim-values.ts";

/** The value of `authorization_details[0].type` (AAT draft, section 3.3; RFC 9396). */
export const DETAIL_TYPE = "attenuating_agent_token";

/** Version of the Hopwise profile; signed in every root, so that an attacker cannot force an older reading. */
export const PROFILE_VERSION = 1;

/** Where the tools of a token stand in its payload, as a JSON pointer. */
export const TOOLS_POINTER = "/authorization_details/0/tools";

/** Claims of every token (AAT draft, section 3.2). Times are seconds since the epoch. */
interface CommonClaims {
  readonly jti: string;
  readonly iss: string;
  readonly iat: number;
  readonly exp: number;
  readonly cnf: { readonly jwk: PublicJwk };
  readonly del_depth: number;
  readonly del_max_depth: number;
  readonly authorization_details: readonly [{ readonly type: typeof DETAIL_TYPE; readonly tools: Grant }];
  /** The agent this token was made for (RFC 8693, section 4.1). Only a name until the registry confirms its key. */
  readonly act: { readonly sub: string };
  readonly txn?: string;
}

/** Which login stood behind a root. The words of OpenID Connect, except `kind`. */
export interface SourceClaim {
  readonly kind: Provenance["kind"];
  readonly iss: string;
  readonly sub: string;
  readonly acr?: string;
  readonly auth_time?: number;
}

/** Claims of a root token: a user hands authority to a first agent. */
export interface RootClaims extends CommonClaims {
  readonly hw: typeof PROFILE_VERSION;
  readonly sub: string;
  /** Enforcement points, absolute URIs, compared exactly. */
  readonly aud: readonly string[];
  readonly hw_src?: SourceClaim;
  readonly budget?: Budget;
}

/** Claims of a derived token: an agent hands authority on. */
export interface DerivedClaims extends CommonClaims {
  readonly par_hash: string;
  readonly sub?: string;
  readonly aud?: readonly string[];
  readonly budget?: BudgetBounds;
}

export type TokenClaims = RootClaims | DerivedClaims;

const COMMON = [
  "jti",
  "iss",
  "iat",
  "exp",
  "cnf",
  "del_depth",
  "del_max_depth",
  "authorization_details",
  "act",
  "sub",
  "aud",
  "txn",
  "budget",
];
const ROOT = new Set([...COMMON, "hw", "hw_src"]);
const DERIVED = new Set([...COMMON, "par_hash"]);

/**
 * Reads the claims of a root token. The set of claims is closed: a claim that this version does not know (`nbf`,
 * `scope` …) might restrict the token, so it is refused rather than overlooked.
 *
 * @throws {HopwiseError} `token_malformed`, `token_version_unsupported` with the JSON pointer of the claim
 */
export function parseRootClaims(payload: JsonValue, limits: Limits): RootClaims {
  const claims = claimsObject(payload);
  if (claims["hw"] !== PROFILE_VERSION) {
    throw new HopwiseError(
      "token_version_unsupported",
      `the token is not of version ${PROFILE_VERSION} of the Hopwise profile; have it issued anew`,
      { pointer: "/hw" },
    );
  }
  closed(claims, ROOT);
  const iss = textOf(claims, "iss", 512);
  if (!isIssuer(iss)) refuseClaim("/iss", "an https URI is expected");
  const aud = audience(claims["aud"]);
  const source = claims["hw_src"];
  return {
    ...common(claims, limits),
    iss,
    hw: PROFILE_VERSION,
    sub: textOf(claims, "sub", 256),
    aud,
    ...(source !== undefined && { hw_src: sourceOf(source) }),
    ...(claims["budget"] !== undefined && { budget: parseBudget(claims["budget"], limits) }),
  };
}

/**
 * Reads the claims of a derived token.
 *
 * @throws {HopwiseError} `token_malformed` with the JSON pointer of the claim
 */
export function parseDerivedClaims(payload: JsonValue, limits: Limits): DerivedClaims {
  const claims = claimsObject(payload);
  closed(claims, DERIVED);
  return {
    ...common(claims, limits),
    iss: textOf(claims, "iss", 512),
    par_hash: digestOf(claims, "par_hash"),
    ...(claims["sub"] !== undefined && { sub: textOf(claims, "sub", 256) }),
    ...(claims["aud"] !== undefined && { aud: audience(claims["aud"]) }),
    ...(claims["budget"] !== undefined && { budget: parseBudgetBounds(claims["budget"], limits) }),
  };
}

function common(claims: JsonObject, limits: Limits): Omit<CommonClaims, "iss"> {
  const jti = jtiOf(claims);
  const actor = agentNameOf(objectOfOne(claims, "act", "sub"), "sub", "/act");
  const cnf = objectOfOne(claims, "cnf", "jwk");
  return {
    jti,
    iat: integerOf(claims, "iat"),
    exp: integerOf(claims, "exp"),
    cnf: { jwk: parsePublicJwk(cnf["jwk"], "token_malformed", "/cnf/jwk") },
    del_depth: integerOf(claims, "del_depth"),
    del_max_depth: integerOf(claims, "del_max_depth"),
    authorization_details: [{ type: DETAIL_TYPE, tools: tools(claims["authorization_details"], limits) }],
    act: { sub: actor },
    ...(claims["txn"] !== undefined && { txn: textOf(claims, "txn", 128) }),
  };
}

function objectOfOne(claims: JsonObject, name: string, member: string): JsonObject {
  const value = claims[name];
  if (isJsonObject(value) && hasExactly(value, [member])) return value;
  return refuseClaim(`/${name}`, `an object with ${member} alone is expected`);
}

function tools(details: JsonValue | undefined, limits: Limits): Grant {
  const pointer = "/authorization_details";
  if (!Array.isArray(details) || details.length !== 1) return refuseClaim(pointer, "exactly one entry is expected");
  const [entry] = details;
  if (!isJsonObject(entry) || entry["type"] !== DETAIL_TYPE || !hasExactly(entry, ["type", "tools"])) {
    return refuseClaim(`${pointer}/0`, `an object with the type "${DETAIL_TYPE}" and tools is expected`);
  }
  return parseGrant(entry["tools"], limits, "token_malformed", TOOLS_POINTER);
}

export const LOGIN_KINDS: readonly Provenance["kind"][] = ["id_token", "access_token", "local"];

function sourceOf(source: JsonValue): SourceClaim {
  const at = "/hw_src";
  if (!isJsonObject(source) || !hasExactly(source, ["kind", "iss", "sub"], ["acr", "auth_time"])) {
    return refuseClaim(at, "an object with kind, iss and sub is expected, and acr and auth_time at most");
  }
  const kind = LOGIN_KINDS.find((known) => known === source["kind"]);
  if (kind === undefined) return refuseClaim(`${at}/kind`, `one of ${LOGIN_KINDS.join(", ")} is expected`);
  return {
    kind,
    iss: textOf(source, "iss", 512, at),
    sub: textOf(source, "sub", 256, at),
    ...(source["acr"] !== undefined && { acr: textOf(source, "acr", 256, at) }),
    ...(source["auth_time"] !== undefined && { auth_time: integerOf(source, "auth_time", at) }),
  };
}

function audience(value: JsonValue | undefined): readonly string[] {
  if (!Array.isArray(value) || value.length < 1 || value.length > 8) {
    return refuseClaim("/aud", "an array of 1 to 8 audiences is expected");
  }
  const names = value.map((name, i) =>
    typeof name === "string" && isAudience(name)
      ? name
      : refuseClaim(pointerTo("/aud", i), "an absolute URI without a fragment is expected"),
  );
  return new Set(names).size === names.length ? names : refuseClaim("/aud", "each audience is named once");
}

function claimsObject(payload: JsonValue): JsonObject {
  return isJsonObject(payload) ? payload : refuseClaim("", "an object of claims is expected");
}

function closed(claims: JsonObject, known: ReadonlySet<string>): void {
  for (const name of Object.keys(claims)) {
    if (!known.has(name)) refuseClaim(pointerTo("", name), "a claim that this version does not know");
  }
}
