import { provider } from "#crypto";

/** 16 random bytes as base64url: names a token, a proof, a call. */
export function randomId(): string {
  return provider.encodeBase64url(crypto.getRandomValues(new Uint8Array(16)));
}
