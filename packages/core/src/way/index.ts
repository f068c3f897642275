/** May this call happen, for whom, and what is written down of it? The one door to what puts the stages in order. */
export type { Admission, PointRefusal } from "./admission.ts";
export { AUTHORIZER, type Authorizer, createAuthorizer } from "./authorizer.ts";
export type { Call, Listed, Listing, ParsedCall } from "./call.ts";
export {
  type AuthorizerOptions,
  CONTEXT_ROWS,
  DEFAULT_DELEGATION,
  HANDING_OVER,
  type PrincipalSources,
} from "./options.ts";
export type { Session } from "./session.ts";
export { saidNothingHappened } from "./taken.ts";
export { behavedTools } from "./well-behaved.ts";
