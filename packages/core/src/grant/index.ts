/** Does a grant cover this call, and is one grant narrower than another? Pure functions on plain data. */
export { grant, type ToolGrantInput } from "./build.ts";
export { passes } from "./check.ts";
export type { Widening } from "./comparison.ts";
export type { Constraint, ConstraintOf, ConstraintType, Grant, ToolGrant } from "./constraint.ts";
export { describe, describeArguments, words } from "./describe.ts";
export { diff, type GrantDiff } from "./diff.ts";
export {
  EVERY_TOOL,
  handsEveryTool,
  isEveryTool,
  toolGrantOf,
  toolWords,
} from "./every-tool.ts";
export { findDenyList, findExtension } from "./find-argument.ts";
export { absent, isNoArguments } from "./kinds/absent.ts";
export { all } from "./kinds/all.ts";
export { any } from "./kinds/any.ts";
export { cidr } from "./kinds/cidr.ts";
export { contains } from "./kinds/contains.ts";
export { each } from "./kinds/each.ts";
export { exact } from "./kinds/exact.ts";
export { int } from "./kinds/int.ts";
export { length } from "./kinds/length.ts";
export { notOneOf } from "./kinds/not-one-of.ts";
export { object } from "./kinds/object.ts";
export { oneOf } from "./kinds/one-of.ts";
export { optional } from "./kinds/optional.ts";
export { type OrNull, orNull } from "./kinds/or-null.ts";
export { path } from "./kinds/path.ts";
export { prefix } from "./kinds/prefix.ts";
export { range } from "./kinds/range.ts";
export { subset } from "./kinds/subset.ts";
export { suffix } from "./kinds/suffix.ts";
export { url } from "./kinds/url.ts";
export { wildcard } from "./kinds/wildcard.ts";
export { isMade, MADE, makeGrant, readGrant } from "./made.ts";
export { anyArguments, noArguments } from "./markers.ts";
export { nameWords } from "./name-words.ts";
export { findWidening, isNarrower, wideningOf } from "./narrow.ts";
export { onlyThese } from "./only-these.ts";
export { parseGrant } from "./parse.ts";
export {
  couldPermit,
  MADE_OF_IT,
  MADE_UNREADABLE,
  NOT_HANDED_OVER,
  PUT_THERE,
  permits,
  type ReadArguments,
  refusal,
  refusalOfRead,
  refusalOfSent,
  TOO_MUCH,
  type Uncovered,
} from "./permits.ts";
export { pick, whatIsThere } from "./pick.ts";
export { type GrantLimits, levelsOf, MOST_OF_GRANT } from "./reading.ts";
export type { CheckedGrant, ConstraintFor, SchemaLike, Schemas } from "./typed.ts";
export { newWork, type Work } from "./work.ts";
