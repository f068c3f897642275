/**
 * What does an adapter need to turn a framework's calls into decisions, and to change results as policies oblige to?
 *
 * @packageDocumentation
 */
export type { CodesOf, Stage } from "../codes.ts";
export {
  type CallerView,
  type ClientErrorKind,
  clientErrorKind,
  clientWords,
  type Decided,
  type ExpressionFailure,
  type PolicyDecisionPoint,
  type RunningPdp,
} from "../decision/index.ts";
export { type ErrorDetail, faultOf, inOwnWords, isOwn, isRefusal, type Refusal, type WouldPass } from "../errors.ts";
export type { JsonObject, JsonScalar, JsonValue } from "../json/index.ts";
export {
  isoOf,
  onceAborted,
  onceInProcess,
  plainText,
  quietly,
  settleInTime,
  warner,
  whenTimeIsUp,
  wholeText,
  withoutTokens,
} from "../lib/index.ts";
export { canonicalJsonOf as canonicalJson } from "../options/index.ts";
export { type InputSchema, isNormalUri, isSameReading, type MatchedUri, type ReadUri } from "../resource/index.ts";
export {
  type Fulfilled,
  fulfil,
  loosen,
  type MayChange,
  misfitOf,
  type Obligations,
  type OutputSchema,
} from "../result/index.ts";
export type { Telemetry } from "../telemetry/index.ts";
export { currentDelegation, isToolGranted } from "../token/index.ts";
export { type ModelView, modelView, type WireView, waitingView, wireView } from "../views/index.ts";
export {
  type Admission,
  didNothing,
  type Listed,
  type Listing,
  type ParsedCall,
  type PointRefusal,
  saidNothingHappened,
} from "../way/index.ts";
