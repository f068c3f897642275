import { HopwiseError } from "../errors.ts";
import { freezeJson, type JsonScalar, type JsonValue, pointerTo } from "../json/index.ts";
import type { Constraint, ConstraintOf, Grant, ToolGrant } from "./constraint.ts";
import { anyArguments, noArguments } from "./markers.ts";
import { type GrantLimits, parseGrant } from "./parse.ts";
import type { CheckedGrant, Schemas } from "./typed.ts";

/** What an author may write for one tool: a constraint for each argument, or one of the two markers. */
export type ToolGrantInput = { readonly [argument: string]: Constraint } | typeof anyArguments | typeof noArguments;

/**
 * Builds a grant: what is handed over, tool by tool, argument by argument.
 *
 * ```ts
 * grant({
 *   read_invoice: { id: oneOf("INV-7", "INV-9") },
 *   send_payment: { to: wildcard(), amount: range({ max: 1000 }), currency: exact("EUR") },
 * })
 * ```
 *
 * For a root with several audiences take `grantFor`.
 *
 * @param schemas the tools' own schemas (zod or any Standard Schema), by name: then a wrong argument name, a missing
 *   one, or a constraint that does not fit the argument's type is a compile error
 * @throws {HopwiseError} `config_invalid` with the JSON pointer of the first mistake
 */
export function grant<
  const G extends { readonly [tool: string]: ToolGrantInput },
  S extends Schemas = Record<never, never>,
>(tools: G & CheckedGrant<G, S>, _schemas?: S): Grant {
  const written = Object.entries<ToolGrantInput>(tools).map(([tool, input]) => [
    tool,
    input === anyArguments ? {} : constraintsOf(tool, input),
  ]);
  const qualified = written.filter(([tool]) => String(tool).includes("#")).length;
  if (qualified !== 0 && qualified !== written.length) {
    throw new HopwiseError(
      "config_invalid",
      "the grant has bare tools beside some of an audience (<audience>#<tool>); a chain has the ones or the others, see grantFor",
    );
  }
  return parseGrant(plainOf(Object.fromEntries(written)), BUILDER_LIMITS, "config_invalid");
}

function constraintsOf(tool: string, input: Exclude<ToolGrantInput, typeof anyArguments>): ToolGrant {
  if (input === noArguments) return { "": { constraint_type: "absent" } };
  if (Object.keys(input).length === 0) {
    throw new HopwiseError(
      "config_invalid",
      `the grant of "${tool}" names no argument; say anyArguments or noArguments, whichever is meant`,
      { pointer: pointerTo("", tool) },
    );
  }
  const bare = Object.entries(input).find(([, constraint]) => typeof constraint !== "object");
  if (bare !== undefined) {
    const pointer = pointerTo(pointerTo("", tool), bare[0]);
    throw new HopwiseError(
      "config_invalid",
      `the grant is broken at "${pointer}": a constraint is expected, such as exact(…) or wildcard()`,
      { pointer },
    );
  }
  return input;
}

/** A copy that nobody else holds. What a token cannot say is here a mistake of the author, not of a caller. */
function plainOf(tools: object): JsonValue {
  try {
    return freezeJson(tools, { maxDepth: 34, maxSize: 1_000_000 });
  } catch (cause) {
    const pointer = cause instanceof HopwiseError ? cause.pointer : undefined;
    throw new HopwiseError(
      "config_invalid",
      `the grant has something that a token cannot say at "${pointer ?? ""}"; give finite numbers, well-formed texts, plain objects`,
      { pointer, cause },
    );
  }
}

/** The builder's bounds are those of a token's default limits; a verifier may set tighter ones. */
const BUILDER_LIMITS: GrantLimits = {
  tools: 256,
  argumentsPerTool: 64,
  constraintDepth: 8,
  nameLength: 256,
  valueLength: 4096,
};

/** Exactly this value. */
export function exact<const V extends JsonScalar>(value: V): ConstraintOf<"exact"> & { readonly value: V } {
  return { constraint_type: "exact", value };
}

/** One of these values. */
export function oneOf<const V extends readonly JsonScalar[]>(
  ...values: V
): ConstraintOf<"one_of"> & { readonly values: V } {
  return { constraint_type: "one_of", values };
}

/**
 * Any value but these. Deny-lists leak by spelling, so one is signed only with `allowDenyLists`; prefer {@link oneOf}
 * wherever the good values can be named.
 */
export function notOneOf(...excluded: readonly JsonScalar[]): ConstraintOf<"not_one_of"> {
  return { constraint_type: "not_one_of", excluded };
}

/**
 * A number between the bounds, which are inclusive; `above` and `below` are the exclusive ones.
 *
 * @throws {HopwiseError} `config_invalid` for two bounds at one end
 */
export function range(bounds: { min?: number; max?: number; above?: number; below?: number }): ConstraintOf<"range"> {
  const { min, max, above, below } = bounds;
  if ((min !== undefined && above !== undefined) || (max !== undefined && below !== undefined)) {
    throw new HopwiseError("config_invalid", "range: give min or above, and max or below, not both of a pair");
  }
  const low = min ?? above;
  const high = max ?? below;
  return {
    constraint_type: "range",
    ...(low !== undefined && { min: low }),
    ...(high !== undefined && { max: high }),
    ...(above !== undefined && { min_inclusive: false }),
    ...(below !== undefined && { max_inclusive: false }),
  };
}

/** A safe integer between the bounds, both inclusive. */
export function int(bounds: { min?: number; max?: number } = {}): ConstraintOf<"int"> {
  return { constraint_type: "int", ...bounds };
}

/** An array of scalars that has all of these elements. */
export function contains(...required: readonly JsonScalar[]): ConstraintOf<"contains"> {
  return { constraint_type: "contains", required };
}

/** An array of scalars that has no other elements than these. */
export function subset(...allowed: readonly JsonScalar[]): ConstraintOf<"subset"> {
  return { constraint_type: "subset", allowed };
}

/** Every one of these. */
export function all(...constraints: readonly Constraint[]): ConstraintOf<"all"> {
  return { constraint_type: "all", constraints };
}

/** At least one of these. */
export function any(...constraints: readonly Constraint[]): ConstraintOf<"any"> {
  return { constraint_type: "any", constraints };
}

/** Any value, but there must be one. */
export function wildcard(): ConstraintOf<"wildcard"> {
  return { constraint_type: "wildcard" };
}

/** A text that starts with this. For paths and URLs use {@link path} and {@link url}: a prefix knows no segments. */
export function prefix(value: string): ConstraintOf<"prefix"> {
  return { constraint_type: "prefix", value };
}

/** A text that ends with this. */
export function suffix(value: string): ConstraintOf<"suffix"> {
  return { constraint_type: "suffix", value };
}

/** An absolute path at or below a root. Paths that would have to be resolved or decoded first are refused. */
export function path(root: string): ConstraintOf<"path"> {
  return { constraint_type: "path", root };
}

/** A URL of one of these origins, at or below a path; in its one canonical spelling. */
export function url(where: { origins: readonly string[]; under?: string }): ConstraintOf<"url"> {
  return { constraint_type: "url", ...where };
}

/** A text or an array that is not longer; a text is measured in UTF-16 code units. */
export function length(max: number): ConstraintOf<"length"> {
  return { constraint_type: "length", max };
}

/** An array of which every element passes. */
export function each(constraint: Constraint): ConstraintOf<"each"> {
  return { constraint_type: "each", constraint };
}

/** An object of exactly these properties. */
export function object(properties: { readonly [name: string]: Constraint }): ConstraintOf<"object"> {
  return { constraint_type: "object", properties };
}

/** The argument may be missing; if it is there, it must pass. */
export function optional(constraint: Constraint): ConstraintOf<"optional"> {
  return { constraint_type: "optional", constraint };
}

/** The argument must not be there. */
export function absent(): ConstraintOf<"absent"> {
  return { constraint_type: "absent" };
}
