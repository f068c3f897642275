import { createPublicKey, hash, type KeyObject, verify } from "node:crypto";
import type { CryptoProvider } from "./types.ts";

/** Node's own OpenSSL, synchronous: a verification costs less than handing it to another thread and back. */
export const provider: CryptoProvider = {
  sha256: (data) => hash("sha256", data, "base64url"),
  importKey: (jwk) => ({
    algorithm: jwk.kty === "OKP" ? "Ed25519" : "ES256",
    handle: createPublicKey({ key: { ...jwk }, format: "jwk" }),
  }),
  verify: ({ algorithm, handle }, data, signature) => {
    const key = handle as KeyObject;
    const bytes = Buffer.from(data, "latin1");
    // A bare KeyObject: Node tells an options object from a key by exceptions of its own, a tenth of a verification.
    return algorithm === "Ed25519"
      ? verify(null, bytes, key, signature)
      : verify("sha256", bytes, { key, dsaEncoding: "ieee-p1363" }, signature);
  },
  decodeBase64url: (text) => {
    const bytes = Buffer.from(text, "base64url");
    return bytes.toString("base64url") === text ? bytes : undefined;
  },
  encodeBase64url: (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64url"),
};
