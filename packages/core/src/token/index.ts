/** Is this chain genuine, alive, meant for us, and presented by its holder? And how is a chain made? */

export { type ApprovalRequest, hashOfRequest, REQUEST, type RequestHash } from "./approval-request.ts";
export { type ApprovalAnswer, type ApprovalOrder, signApproval } from "./approve.ts";
export type { Budget, BudgetBounds } from "./budget.ts";
export type { Chain, Link, Provenance, Subject } from "./chain.ts";
export {
  type AnchorsNow,
  anchorsOf,
  type Check,
  createTrust,
  isChanging,
  standOn,
  TRUST,
  type Trust,
} from "./changing-trust.ts";
export { type DelegateOrder, delegate } from "./delegate.ts";
export {
  type Delegation,
  type HeldDelegation,
  hold,
  isToolGranted,
  parseDelegation,
  serialize,
  serializeCompact,
} from "./delegation.ts";
export { everyTool } from "./every-tool.ts";
export { type GrantsByAudience, grantFor } from "./grant-for.ts";
export { type InspectedChain, type InspectedToken, inspectDelegation } from "./inspect-delegation.ts";
export { createIssuer, type Issuer, type IssuerOptions, type RootOrder } from "./issue.ts";
export { isKeySource, type KeySource, localJwks, type RemoteJwksOptions, remoteJwks, type TrustedKey } from "./jwks.ts";
export { thumbprintOf } from "./key.ts";
export { DEFAULT_LIMITS, LIMITS, type Limits } from "./limits.ts";
export {
  AGENT_NAME,
  type ChainId,
  isListing,
  MCP_OPERATIONS,
  type Thumbprint,
  type TokenHash,
  toolIdOf,
  toolNameProblem,
  toolOf,
} from "./names.ts";
export { createNonces, type Nonces, type NoncesOptions, type NonceTimes } from "./nonce.ts";
export { type Credential, type Invocation, prove } from "./prove.ts";
export { currentDelegation, DELEGATION_SOURCE, type DelegationSource, type RenewOptions, renewing } from "./renew.ts";
export { createChallenge, type Holder, type RemoteHolder, requestDelegation } from "./request.ts";
export {
  type FeedEntry,
  type FeedTarget,
  readFeedPage,
  signFeedPage,
} from "./revocation-feed.ts";
export { type RevocationOf, type RevocationOrder, type SignedRevocation, signRevocation } from "./revoke.ts";
export { AUDIENCE, AUDIENCES, httpsAddress, isKeptJwk, isThumbprint, JWKS_URL, PUBLIC_JWK, SIGNER } from "./shapes.ts";
export { generateSigner, type Signer, signerFromJwk } from "./signer.ts";
export type { IssuerName } from "./statement.ts";
export type { ReadingOptions } from "./statement-options.ts";
export type { TrustAnchor } from "./trust.ts";
export {
  APPROVER,
  type ApprovalReading,
  type Approver,
  type VerifiedApproval,
  verifyApproval,
} from "./verify-approval.ts";
export { type ChainVerifier, createChainVerifier } from "./verify-chain.ts";
export { type Proof, verifyProof } from "./verify-proof.ts";
export {
  type RevocationReading,
  type RevokedTarget,
  type VerifiedRevocation,
  verifyRevocation,
} from "./verify-revocation.ts";
export { whyUnknown } from "./why-unknown.ts";
