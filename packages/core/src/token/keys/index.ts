/** Which key signed this text, and what is a key, a name, a limit? */

export type { RemoteJwksOptions } from "./fetched-set.ts";
export { httpsAddress, isHttps, isHttpsAddress, isThisMachine, JWKS_URL } from "./https-address.ts";
export {
  isKeySource,
  type KeySource,
  type KeysHealth,
  localJwks,
  remoteJwks,
  type TrustedKey,
} from "./jwks.ts";
export {
  type CompactJws,
  DERIVED_HEADER,
  FOREIGN_ED25519,
  KID,
  payloadOf,
  ROOT_HEADER,
  signJws,
  splitJws,
} from "./jws.ts";
export {
  algorithmOf,
  importKnownKey,
  type KnownKey,
  keyAmong,
  kidOf,
  parseKeptJwk,
  parsePublicJwk,
  parsePublishedJwk,
  thumbprintOf,
  thumbprintUri,
} from "./key.ts";
export { DEFAULT_LIMITS, LIMITS, type Limits, YEAR_SECONDS } from "./limits.ts";
export {
  AGENT_NAME,
  type ChainId,
  grantedProblem,
  isAudience,
  isIssuer,
  isListing,
  isOperation,
  type LongForm,
  MCP_OPERATIONS,
  operationProblem,
  type Thumbprint,
  type TokenHash,
  toolIdOf,
  toolNameProblem,
  toolOf,
} from "./names.ts";
export { generateSigner, type Signer, signatureIn, signerFromJwk } from "./signer.ts";
