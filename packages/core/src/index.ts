/**
 * Delegation chains, grants and one policy decision per hop: authority that only narrows. This door has the names that
 * most programs use; the other doors are `/grant`, `/filter`, `/sources`, `/describe`, `/tokens`, `/state`, `/audit`, `/adapter`, `/options`,
 * `/opentelemetry`, `/state-contract`, `/testing`.
 *
 * @packageDocumentation
 */
export { jsonLinesAudit, memoryAudit } from "./audit/index.ts";
export type { DenialCode, ErrorCode } from "./codes.ts";
export type { PublicJwk } from "./crypto/index.ts";
export type { Allowed, Decision, Denied, Pending, WaitingApproval } from "./decision/index.ts";
export { HopwiseError } from "./host-error.ts";
export { inMemoryAgents, inMemoryUsers } from "./principal/index.ts";
export { type FilterRule, mapTool, type ToolEntry, type ToolMap } from "./resource/index.ts";
export { memoryState } from "./state/index.ts";
export {
  createIssuer,
  createTrust,
  type Delegation,
  type DelegationSource,
  delegate,
  generateSigner,
  type HeldDelegation,
  hold,
  type Issuer,
  parseDelegation,
  remoteJwks,
  renewing,
  type Signer,
  type Subject,
  serialize,
  signerFromJwk,
  type Trust,
  type TrustAnchor,
} from "./token/index.ts";
export { explain, operatorView } from "./views/index.ts";
export { type Authorizer, type AuthorizerOptions, type Call, createAuthorizer, type Session } from "./way/index.ts";
