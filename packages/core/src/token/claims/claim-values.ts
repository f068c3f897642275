import { decodeBase64url } from "../../crypto/index.ts";
import { HopwiseError } from "../../errors.ts";
import type { Grant } from "../../grant/index.ts";
import { type JsonObject, pointerTo } from "../../json/index.ts";
import { AGENT_NAME } from "../keys/index.ts";

/* What the claims of a token are read with. What cannot be read is refused by the JSON pointer of the claim. */

/** The tools of a token whose claims were read. */
export function grantOf(claims: { readonly authorization_details: readonly [{ readonly tools: Grant }] }): Grant {
  return claims.authorization_details[0].tools;
}

/** A text that is not empty. */
export function textOf(claims: JsonObject, name: string, max: number, at = ""): string {
  const value = claims[name];
  if (typeof value !== "string" || value === "" || value.length > max) {
    return refuseClaim(pointerTo(at, name), `a text of 1 to ${max} characters is expected`);
  }
  return value;
}

export function digestOf(claims: JsonObject, name: string, at = ""): string {
  const value = textOf(claims, name, 64, at);
  return decodeBase64url(value)?.length === 32
    ? value
    : refuseClaim(pointerTo(at, name), "a SHA-256 in base64url is expected");
}

export function integerOf(claims: JsonObject, name: string, at = ""): number {
  const value = claims[name];
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) {
    return refuseClaim(pointerTo(at, name), "a non-negative integer is expected");
  }
  return value;
}

/** An agent's name, as a token can have it. */
export function agentNameOf(claims: JsonObject, name: string, at = ""): string {
  const agent = textOf(claims, name, 128, at);
  return AGENT_NAME.test(agent)
    ? agent
    : refuseClaim(pointerTo(at, name), "an agent's name is letters, digits and . _ - /");
}

/** The random name of a token or a statement. */
export function jtiOf(claims: JsonObject): string {
  const jti = textOf(claims, "jti", 64);
  return decodeBase64url(jti)?.length === 16 ? jti : refuseClaim("/jti", "16 bytes of base64url are expected");
}

export function refuseClaim(pointer: string, rule: string): never {
  throw new HopwiseError("token_malformed", `the token is broken at "${pointer}": ${rule}`, { pointer, rule });
}
