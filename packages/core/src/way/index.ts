/** May this call happen, for whom, and what is written down of it? The one door to what puts the stages in order. */
export type { Admission, PointRefusal } from "./admission.ts";
export { type ApprovalEndpointOptions, approvalEndpoint } from "./approvals/endpoint.ts";
export { type ApprovalInbox, NO_SUCH_REQUEST } from "./approvals/inbox.ts";
export type { CountedAnswer, ShownApproval } from "./approvals/kept-request.ts";
export type { ApprovalOptions } from "./approvals/options.ts";
export { type Authorizer, createAuthorizer } from "./authorizer.ts";
export { AUTHORIZER } from "./behaved-authorizer.ts";
export type { Call, Listed, Listing, ParsedCall } from "./call.ts";
export {
  type AuthorizerOptions,
  CONTEXT_ROWS,
  DEFAULT_DELEGATION,
  HANDING_OVER,
  type PrincipalSources,
} from "./options.ts";
export type { Session } from "./session.ts";
export { checkGiven, didNothing, saidNothingHappened } from "./taken.ts";
export { behavedTools } from "./well-behaved.ts";
