/** Did this key sign these bytes, and is it a key at all? */
import { provider } from "#crypto";
import type { CryptoProvider } from "./types.ts";

export { isUsableEd25519Point } from "./ed25519-point.ts";
export { isP256Point } from "./p256-point.ts";
export { isRandomId, randomId } from "./random-id.ts";
export type { PublicJwk, SignatureAlgorithm, VerificationKey } from "./types.ts";

export const sha256: CryptoProvider["sha256"] = provider.sha256;
export const importKey: CryptoProvider["importKey"] = provider.importKey;
export const verify: CryptoProvider["verify"] = provider.verify;
export const decodeBase64url: CryptoProvider["decodeBase64url"] = provider.decodeBase64url;
export const encodeBase64url: CryptoProvider["encodeBase64url"] = provider.encodeBase64url;
