/** Does what was handed over cover this call, and is one grant narrower than another? Pure functions on plain data. */
export {
  absent,
  all,
  any,
  anyArguments,
  contains,
  exact,
  grant,
  int,
  noArguments,
  notOneOf,
  oneOf,
  optional,
  range,
  subset,
  type ToolGrantInput,
  wildcard,
} from "./build.ts";
export type { Constraint, ConstraintOf, ConstraintType, Grant, ToolGrant } from "./constraint.ts";
export { findWidening, isNarrower, type Widening } from "./narrow.ts";
export { type GrantLimits, parseGrant } from "./parse.ts";
export { couldPermit, permits, refusal } from "./permits.ts";
