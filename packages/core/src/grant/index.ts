/** Does what was handed over cover this call, and is one grant narrower than another? Pure functions on plain data. */
export {
  absent,
  all,
  any,
  contains,
  each,
  exact,
  grant,
  int,
  length,
  notOneOf,
  object,
  oneOf,
  optional,
  path,
  prefix,
  range,
  subset,
  suffix,
  type ToolGrantInput,
  url,
  wildcard,
} from "./build.ts";
export { newWork, passes } from "./check.ts";
export type { Constraint, ConstraintOf, ConstraintType, Grant, ToolGrant } from "./constraint.ts";
export { findDenyList } from "./deny-list.ts";
export { describe, describeArguments, words } from "./describe.ts";
export { diff, type GrantDiff } from "./diff.ts";
export { findExtension } from "./interop.ts";
export { anyArguments, noArguments } from "./markers.ts";
export { findWidening, isNarrower, type Widening } from "./narrow.ts";
export { type GrantLimits, parseGrant } from "./parse.ts";
export { couldPermit, permits, refusal } from "./permits.ts";
export type { CheckedGrant, ConstraintFor, SchemaLike, Schemas } from "./typed.ts";
