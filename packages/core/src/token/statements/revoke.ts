import { HopwiseError } from "../../errors.ts";
import type { JsonObject } from "../../json/index.ts";
import { CLOCK, either, maybe, members, millisecondsBy, optionsOf, such, WHOLE_SECONDS } from "../../options/index.ts";
import { AGENT_NAMED, AUDIENCE, ISSUER, KEY_ID, SIGNER, SUBJECT, THUMBPRINT } from "../claims/index.ts";
import type { Signer } from "../keys/index.ts";
import { type Delegation, isDelegation, partsOfDelegation, serialize } from "../make/index.ts";
import { type IssuerName, signStatement } from "./statement.ts";

/** What is sent to revoke something: the signed statement and, where it revokes a token, the chain that ends with it. */
export interface SignedRevocation {
  readonly revocation: string;
  readonly evidence?: string;
}

/** What to revoke. Only an issuer may name a user, a key or an agent: they are revoked in its own chains alone. */
export type RevocationOf =
  /** The last token of this delegation, and every chain below it. */
  | { readonly delegation: Delegation }
  /** Everything that was issued for this user before a time, in seconds since the epoch. */
  | { readonly user: string; readonly notBefore: number }
  /** The RFC 7638 thumbprint of a key. */
  | { readonly key: string }
  | { readonly agent: string };

/** One revocation to be signed. */
export interface RevocationOrder {
  /** The key of an agent of the chain: of the token's holder, or of one above it. Or the issuer's key; then say `as`. */
  readonly signer: Signer;
  readonly as?: IssuerName;
  readonly of: RevocationOf;
  /** The revocation log, from the caller's own configuration. */
  readonly audience: string;
  /** The clock, in milliseconds since the epoch. */
  readonly clock?: () => number;
}

const OF = "{ delegation }, { user, notBefore }, { key } or { agent }";

const readOrder = optionsOf<RevocationOrder>("signRevocation", {
  signer: SIGNER,
  as: maybe(members<IssuerName>({ issuer: ISSUER, kid: KEY_ID }, "an issuer, { issuer, kid }")),
  of: either(
    OF,
    members({ delegation: such("a delegation, as delegate or parseDelegation gave it", isDelegation) }, OF),
    members({ user: SUBJECT, notBefore: WHOLE_SECONDS }, OF),
    members({ key: THUMBPRINT }, OF),
    members({ agent: AGENT_NAMED }, OF),
  ),
  audience: AUDIENCE,
  clock: maybe(CLOCK),
});

/**
 * Signs that something is revoked, offline. Who made a token may revoke it, who holds it may, and everybody between the
 * user and them; nobody may revoke what stands above them.
 *
 * @throws {HopwiseError} `revocation_refused` for what this signer may not revoke; `config_invalid`, `signing_failed`
 */
export async function signRevocation(given: RevocationOrder): Promise<SignedRevocation> {
  const order = readOrder(given);
  const { of, audience, clock = Date.now } = order;
  const nowMs = millisecondsBy(clock, "signRevocation");
  if (!("delegation" in of) && order.as === undefined) refuseRevocation("/target", ONLY_ISSUERS);
  if ("delegation" in of) checkMayRevoke(order, of.delegation);
  if ("notBefore" in of && of.notBefore > Math.floor(nowMs / 1000) + 1) {
    const message = "signRevocation: of.notBefore must not lie ahead: nothing is revoked beforehand";
    throw new HopwiseError("config_invalid", message, { pointer: "/of/notBefore" });
  }
  const revocation = await signStatement("hw-revoke+jwt", { aud: audience, target: targetOf(of) }, order, nowMs);
  return "delegation" in of ? { revocation, evidence: serialize(of.delegation) } : { revocation };
}

function targetOf(of: RevocationOf): JsonObject {
  if ("delegation" in of) return { token: partsOfDelegation(of.delegation).leafHash };
  return "user" in of ? { user: of.user, not_before: of.notBefore } : { ...of };
}

function checkMayRevoke({ signer, as }: RevocationOrder, delegation: Delegation): void {
  const { tokens, root } = partsOfDelegation(delegation);
  if (as !== undefined && as.issuer !== root.iss) refuseRevocation("/iss", OTHER_ISSUER);
  const holds = tokens.some(({ claims }) => claims.cnf.jwk.x === signer.publicJwk.x);
  if (as === undefined && !holds) refuseRevocation("/jkt", NO_HOLDER);
}

export const ONLY_ISSUERS = "only an issuer may revoke a user, a key or an agent";
export const OTHER_ISSUER = "an issuer may revoke what grew from its own roots";
export const NO_HOLDER = "the signer holds neither the token nor one above it";

export function refuseRevocation(pointer: string, rule: string): never {
  throw new HopwiseError("revocation_refused", `this may not be revoked so: ${rule}`, { pointer, rule });
}
