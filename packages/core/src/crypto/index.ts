/** Did this key sign these bytes, and is it a key at all? */
import { provider } from "#crypto";
import type { CryptoProvider } from "./types.ts";

export { isUsableEd25519Point } from "./ed25519-point.ts";
export type { CryptoProvider, PublicJwk, SignatureAlgorithm, VerificationKey } from "./types.ts";

export const { sha256, importKey, verify, decodeBase64url, encodeBase64url }: CryptoProvider = provider;
