import { HopwiseError } from "../../errors.ts";
import { isJsonObject, type JsonValue } from "../../json/index.ts";
import { type CompactJws, isAudience, isKeySource } from "../keys/index.ts";
import { listed, type TrustAnchor } from "../trust/index.ts";

/**
 * Refuses a root whose key no anchor has, in words for its operator: whose it says it is, by which key, and what the anchor of
 * that issuer has. Nobody signed the issuer's name, so it is read for this text alone, after the root was refused.
 */
export function refuseUnknownSigner(
  jws: CompactJws,
  anchors: readonly TrustAnchor[],
  payload: () => JsonValue,
): HopwiseError {
  const issuer = issuerIn(payload);
  const key = `key "${jws.header["kid"]}"`;
  const said = issuer === undefined ? `The root is signed by the ${key}` : `The root says: ${listed([issuer])}, ${key}`;
  const message = `no trusted issuer has a key of the kid of the root token. ${said}; ${known(issuer, anchors)}`;
  return new HopwiseError("token_untrusted_issuer", message, { pointer: "/kid" });
}

function issuerIn(payload: () => JsonValue): string | undefined {
  try {
    const claims = payload();
    const issuer = isJsonObject(claims) ? claims["iss"] : undefined;
    return typeof issuer === "string" && issuer.startsWith("https://") && isAudience(issuer) ? issuer : undefined;
  } catch {
    return undefined; // what is no token is refused without its words
  }
}

function known(issuer: string | undefined, anchors: readonly TrustAnchor[]): string {
  if (anchors.length === 0) return "trust has no anchor";
  const own = anchors.filter((anchor) => anchor.issuer === issuer);
  if (own.length === 0) return `trust has anchors of ${listed(anchors.map((anchor) => anchor.issuer))}`;
  const kids = own.flatMap(({ keys }) => (isKeySource(keys) ? [] : keys.map(({ kid }) => kid)));
  const published = own.some(({ keys }) => isKeySource(keys)) ? "this issuer publishes no such key" : "";
  const given = kids.length === 0 ? "" : `trust has of this issuer ${listed(kids)}`;
  return [published, given].filter((words) => words !== "").join("; ");
}
