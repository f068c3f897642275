import { createPublicKey, hash, type KeyObject, verify } from "node:crypto";
import type { CryptoProvider } from "./types.ts";

/** Node's own OpenSSL, synchronous: a verification costs less than handing it to another thread and back. */
export const provider: CryptoProvider = {
  sha256: (data) => hash("sha256", data, "base64url"),
  importKey: (jwk) => ({
    algorithm: jwk.kty === "OKP" ? "Ed25519" : "ES256",
    handle: createPublicKey({ key: { ...jwk }, format: "jwk" }),
  }),
  verify: (key, data, signature) =>
    verify(
      key.algorithm === "Ed25519" ? null : "sha256",
      Buffer.from(data, "latin1"),
      { key: key.handle as KeyObject, dsaEncoding: "ieee-p1363" },
      signature,
    ),
  decodeBase64url: (text) => {
    const bytes = Buffer.from(text, "base64url");
    return bytes.toString("base64url") === text ? bytes : undefined;
  },
  encodeBase64url: (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64url"),
};
