import { base64url } from "jose";
import type { CryptoProvider } from "./types.ts";

type KeyHandle = Parameters<typeof crypto.subtle.verify>[1];

const encoder = new TextEncoder();
const parameters = {
  Ed25519: { import: { name: "Ed25519" }, verify: { name: "Ed25519" } },
  ES256: { import: { name: "ECDSA", namedCurve: "P-256" }, verify: { name: "ECDSA", hash: "SHA-256" } },
} as const;

const bytesOf = (data: string | Uint8Array): Uint8Array<ArrayBuffer> =>
  typeof data === "string" ? encoder.encode(data) : new Uint8Array(data);

/** WebCrypto: runs wherever there is one. */
export const provider: CryptoProvider = {
  sha256: async (data) => base64url.encode(new Uint8Array(await crypto.subtle.digest("SHA-256", bytesOf(data)))),
  importKey: async (jwk) => {
    const algorithm = jwk.kty === "OKP" ? "Ed25519" : "ES256";
    const handle = await crypto.subtle.importKey("jwk", { ...jwk }, parameters[algorithm].import, false, ["verify"]);
    return { algorithm, handle };
  },
  verify: (key, data, signature) =>
    crypto.subtle.verify(parameters[key.algorithm].verify, key.handle as KeyHandle, bytesOf(signature), bytesOf(data)),
  decodeBase64url: (text) => {
    try {
      const bytes = base64url.decode(text);
      return base64url.encode(bytes) === text ? bytes : undefined;
    } catch {
      return undefined;
    }
  },
  encodeBase64url: (bytes) => base64url.encode(bytes),
};
