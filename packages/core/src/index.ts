/**
 * Delegation chains, grants and one policy decision per hop: authority that only narrows.
 *
 * @packageDocumentation
 */

export type { Admission, Listed, Listing } from "./admission.ts";
export {
  type AuditSink,
  type DecisionRecord,
  jsonLinesAudit,
  type LineWriter,
  type MemoryAudit,
  memoryAudit,
  type UnverifiedAttempt,
} from "./audit/index.ts";
export { type Authorizer, type AuthorizerOptions, type Call, createAuthorizer, type Session } from "./authorizer.ts";
export type { PublicJwk, SignatureAlgorithm } from "./crypto/index.ts";
export {
  type Allowed,
  type ChainView,
  chainLine,
  type Decision,
  type DenialCode,
  type Denied,
  explain,
  type HopVerdict,
  type ModelView,
  modelView,
  type Pending,
  type PolicyDecisionPoint,
  type Stage,
  type Timings,
} from "./decision/index.ts";
export * from "./errors.ts";
export {
  absent,
  all,
  any,
  anyArguments,
  type Constraint,
  type ConstraintOf,
  type ConstraintType,
  contains,
  each,
  exact,
  findWidening,
  type Grant,
  grant,
  int,
  isNarrower,
  length,
  noArguments,
  notOneOf,
  object,
  oneOf,
  optional,
  path,
  permits,
  prefix,
  range,
  subset,
  suffix,
  type ToolGrant,
  type ToolGrantInput,
  url,
  type Widening,
  wildcard,
} from "./grant/index.ts";
export type { JsonObject, JsonScalar, JsonValue } from "./json/index.ts";
export {
  type Agent,
  type AgentRegistry,
  type Hop,
  inMemoryAgents,
  inMemoryUsers,
  type User,
  type UserDirectory,
} from "./principal/index.ts";
export type { ToolEntry, ToolMap } from "./resource/index.ts";
export { type MemoryStateOptions, memoryState, type ReplayStore, type State } from "./state/index.ts";
export {
  type ChainId,
  type Credential,
  createChallenge,
  createIssuer,
  type DelegateOrder,
  type Delegation,
  delegate,
  generateSigner,
  type HeldDelegation,
  type Holder,
  hold,
  type Invocation,
  type Issuer,
  type IssuerOptions,
  isToolGranted,
  type Limits,
  parseDelegation,
  prove,
  type RemoteHolder,
  type RootOrder,
  requestDelegation,
  type Signer,
  type Subject,
  serialize,
  signerFromJwk,
  type Thumbprint,
  type TokenHash,
  type TrustAnchor,
  type TrustedKey,
  thumbprintOf,
} from "./token/index.ts";
