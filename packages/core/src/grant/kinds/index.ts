/**
 * Which kinds of constraint exist? A new kind begins with a file beside this one, and a line here; ARCHITECTURE.md
 * says what then asks for the rest. This file exports kinds only:
 * `../constraint.ts` makes the type `Constraint` and the table of kinds from all its exports.
 */
export { absentKind } from "./absent.ts";
export { allKind } from "./all.ts";
export { anyKind } from "./any.ts";
export { cidrKind } from "./cidr.ts";
export { containsKind } from "./contains.ts";
export { eachKind } from "./each.ts";
export { exactKind } from "./exact.ts";
export { intKind } from "./int.ts";
export { lengthKind } from "./length.ts";
export { notOneOfKind } from "./not-one-of.ts";
export { objectKind } from "./object.ts";
export { oneOfKind } from "./one-of.ts";
export { optionalKind } from "./optional.ts";
export { pathKind } from "./path.ts";
export { prefixKind } from "./prefix.ts";
export { rangeKind } from "./range.ts";
export { subsetKind } from "./subset.ts";
export { suffixKind } from "./suffix.ts";
export { urlKind } from "./url.ts";
export { wildcardKind } from "./wildcard.ts";
