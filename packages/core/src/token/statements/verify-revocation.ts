import { HopwiseError } from "../../errors.ts";
import { hasExactly, isJsonObject, type JsonObject, type JsonValue } from "../../json/index.ts";
import { timeAway } from "../../lib/index.ts";
import { either, optionsOf } from "../../options/index.ts";
import {
  AUDIENCE,
  AUDIENCES,
  agentNameOf,
  type Chain,
  digestOf,
  integerOf,
  type Link,
  refuseClaim,
  type Subject,
  textOf,
} from "../claims/index.ts";
import { importKnownKey, type KnownKey, type Thumbprint, type TokenHash } from "../keys/index.ts";
import { createChainVerifier } from "../verify/index.ts";
import { NO_HOLDER, ONLY_ISSUERS, OTHER_ISSUER, refuseRevocation, type SignedRevocation } from "./revoke.ts";
import {
  checkRemembered,
  completed,
  type OpenedStatement,
  openStatement,
  READING_ROWS,
  type Reading,
  type ReadingOptions,
  splitStatement,
  untimely,
} from "./statement.ts";

/** What a verified revocation revokes. */
export type RevokedTarget =
  /** A token and every chain below it, until the token expires, in seconds since the epoch. */
  | { readonly token: TokenHash; readonly expiresAt: number }
  /** Everything that was issued for the user before a time, in seconds since the epoch. */
  | { readonly user: Subject; readonly notBefore: number }
  /** A key, in chains of this issuer. */
  | { readonly key: Thumbprint; readonly issuer: string }
  /** An agent, in chains of this issuer. */
  | { readonly agent: string; readonly issuer: string };

/** A revocation that verified. It counts once: (`signedBy`, `jti`) must not have been used before. */
export interface VerifiedRevocation {
  readonly target: RevokedTarget;
  /** Who says so: an issuer, or the agent that holds a token of the evidence; `hop` is 1 for the first agent. */
  readonly by: { readonly issuer: string } | { readonly agent: string; readonly hop: number };
  /** The chain that ends with the revoked token. It may have expired, and may be revoked already. */
  readonly evidence?: Chain;
  readonly signedBy: Thumbprint;
  readonly jti: string;
  /** In seconds since the epoch, to the millisecond. */
  readonly issuedAt: number;
  /** H of the statement: its identity in a log. */
  readonly hash: TokenHash;
}

/** How a revocation log reads. */
export interface RevocationReading extends ReadingOptions {
  /** The names of the revocation log. */
  readonly audience: string | readonly string[];
}

const readOptions = optionsOf<RevocationReading>("verifyRevocation", {
  ...READING_ROWS,
  audience: either("the log's name, an absolute URI, or a list of its names, at least one", AUDIENCE, AUDIENCES),
});

/**
 * Verifies a signed revocation: its signer may say this, to this log, now. Whether it was said before is for whoever
 * remembers.
 *
 * The evidence ends with the token that is revoked, and the signer holds a token of the evidence. So there is no way to
 * say that something above the signer is revoked: its key would have to stand further down than it does.
 *
 * @throws {HopwiseError} `revocation_refused`, `audience_mismatch`, `token_expired`, `token_not_yet_valid`; for its form,
 *   its signature or the evidence, what a chain is refused with
 */
export async function verifyRevocation(
  given: SignedRevocation,
  options: RevocationReading,
): Promise<VerifiedRevocation> {
  const { trust, deadlineMs, audience, ...reading } = completed(readOptions(options));
  const { limits, nowSeconds } = reading;
  const { revocation, evidence: text } = sentOf(given);
  const jws = splitStatement(revocation, "hw-revoke+jwt", limits);
  const verifier = createChainVerifier(trust, limits, deadlineMs);
  // A revocation only takes away: what expired by our clock may still live by another's.
  const evidence = text === undefined ? undefined : await verifier.verifyExpired(evidenceText(text), nowSeconds);
  const statement = await openStatement(jws, {
    trust,
    deadlineMs,
    keyOf: async (thumbprint) => keyIn(evidence, thumbprint),
    claimsOf: () => ["target"],
  });
  const target = targetOf(statement, evidence);
  if (![audience].flat().includes(statement.audience)) {
    throw new HopwiseError("audience_mismatch", "the revocation is meant for another log", { pointer: "/aud" });
  }
  checkTime(statement, reading);
  const { signedBy, jti, issuedAt, hash } = statement;
  const by = signerOf(statement, evidence);
  return { target, by, ...(evidence && { evidence }), signedBy, jti, issuedAt, hash };
}

/** What came, from anywhere: of any type, and read once. */
function sentOf(given: unknown): { readonly [Name in keyof SignedRevocation]?: unknown } {
  try {
    const { revocation, evidence } = Object(given) as { readonly [Name in keyof SignedRevocation]?: unknown };
    return { revocation, evidence };
  } catch (cause) {
    throw new HopwiseError("token_malformed", "the revocation cannot be read", { cause });
  }
}

function evidenceText(text: unknown): string {
  return typeof text === "string" ? text : refuseRevocation("/target", "the evidence is the text of a chain");
}

async function keyIn(evidence: Chain | undefined, thumbprint: Thumbprint): Promise<KnownKey> {
  const link = evidence?.links.find(({ key }) => key === thumbprint);
  return link === undefined ? refuseRevocation("/jkt", NO_HOLDER) : importKnownKey(link.jwk);
}

function signerOf({ anchor, signedBy }: OpenedStatement, evidence: Chain | undefined): VerifiedRevocation["by"] {
  if (anchor !== undefined) return { issuer: anchor.issuer };
  const links = evidence?.links ?? [];
  const at = links.findIndex(({ key }) => key === signedBy);
  return { agent: (links[at] as Link).agent, hop: at + 1 };
}

/** What is revoked, where it is the signer's to revoke. */
function targetOf({ claims, anchor }: OpenedStatement, evidence: Chain | undefined): RevokedTarget {
  const target = readTarget(claims);
  if ("token" in target) {
    const last = evidence?.links.at(-1);
    if (evidence === undefined || target["token"] !== last?.hash)
      return refuseRevocation("/target/token", "the evidence is the chain that ends with the revoked token");
    if (anchor !== undefined && anchor.issuer !== evidence.user.issuer) refuseRevocation("/iss", OTHER_ISSUER);
    return { token: last.hash, expiresAt: last.expiresAt };
  }
  if (anchor === undefined) return refuseRevocation("/target", ONLY_ISSUERS);
  if (evidence !== undefined) refuseRevocation("/target", "evidence belongs to a token");
  const { issuer } = anchor;
  if ("user" in target) {
    return { user: { issuer, subject: target["user"] as string }, notBefore: target["not_before"] as number };
  }
  if ("key" in target) return { key: target["key"] as Thumbprint, issuer };
  return { agent: target["agent"] as string, issuer };
}

const AT = "/target";
/** Its members, in each form. */
const FORMS = [["token"], ["key"], ["agent"], ["user", "not_before"]];

function readTarget(claims: JsonObject): JsonObject {
  const target: JsonValue | undefined = claims["target"];
  if (!isJsonObject(target) || !FORMS.some((names) => hasExactly(target, names)))
    return refuseClaim(AT, "an object with token, key, agent, or user and not_before, is expected");
  if ("token" in target) digestOf(target, "token", AT);
  if ("key" in target) digestOf(target, "key", AT);
  if ("agent" in target) agentNameOf(target, "agent", AT);
  if ("user" in target) {
    textOf(target, "user", 256, AT);
    // Milliseconds in the place of seconds would revoke whatever the user gets, for ever.
    if (integerOf(target, "not_before", AT) > (claims["iat"] as number) + 1)
      refuseClaim(`${AT}/not_before`, "what is issued later is not revoked beforehand");
  }
  return target;
}

function checkTime({ issuedAt }: OpenedStatement, reading: Reading): void {
  const { nowSeconds, limits } = reading;
  const { proofWindowSeconds: window } = limits;
  const rule = `its time must lie within ${window} seconds of the verifier's clock; sign it anew`;
  const ahead = issuedAt - nowSeconds;
  if (-ahead > window) untimely("token_expired", "/iat", rule, timeAway(ahead));
  if (ahead > window) untimely("token_not_yet_valid", "/iat", rule, timeAway(ahead));
  checkRemembered(issuedAt, reading);
}
