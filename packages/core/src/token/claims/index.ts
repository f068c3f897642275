/** What may a token say? */

export type { Budget, BudgetBounds } from "./budget.ts";
export type { Chain, Link, Provenance, Subject } from "./chain.ts";
export { agentNameOf, digestOf, grantOf, integerOf, jtiOf, refuseClaim, textOf } from "./claim-values.ts";
export {
  DETAIL_TYPE,
  type DerivedClaims,
  LOGIN_KINDS,
  PROFILE_VERSION,
  parseDerivedClaims,
  parseRootClaims,
  type RootClaims,
  type SourceClaim,
  TOOLS_POINTER,
  type TokenClaims,
} from "./claims.ts";
export { everyTool } from "./every-tool.ts";
export {
  AGENT_NAMED,
  AUDIENCE,
  AUDIENCES,
  BUDGET_ID,
  BUDGET_ROWS,
  bounding,
  CLASS_NAME,
  checkSigner,
  GRANT,
  INTEROP,
  ISSUER,
  isKeptJwk,
  isNameOfUser,
  isSha256,
  isSigner,
  isWrittenHash,
  KEY_ID,
  KEY_SOURCE,
  LIFETIME,
  LONGEST_NAME,
  listedTool,
  MAX_DEPTH,
  PUBLIC_JWK,
  SIGNER,
  SUBJECT,
  THUMBPRINT,
  TRUSTED_KEY,
} from "./shapes.ts";
