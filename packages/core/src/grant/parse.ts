import type { ErrorCode } from "../codes.ts";
import { HopwiseError } from "../errors.ts";
import { isJsonObject, isScalar, type JsonObject, type JsonScalar, type JsonValue, pointerTo } from "../json/index.ts";
import type { Constraint, Grant, ToolGrant } from "./constraint.ts";
import { isCleanPath, isOrigin } from "./location.ts";

/** Bounds of a grant; each is finite, so that no token can make a verifier work without end. */
export interface GrantLimits {
  readonly tools: number;
  readonly argumentsPerTool: number;
  /** Deepest nesting of constraints in constraints. */
  readonly constraintDepth: number;
  /** Longest tool id or argument name, in UTF-16 code units. */
  readonly nameLength: number;
  /** Longest text of one value in a constraint, in UTF-16 code units. */
  readonly valueLength: number;
}

const MAX_VALUES = 64;
const MAX_CLAUSES = 8;

/**
 * Turns unknown JSON into a {@link Grant}, or says where it is not one. An unknown constraint type or an unknown member
 * is refused: what a verifier does not understand it must not wave through (AAT draft, section 3.4).
 *
 * @param code under which a broken grant is refused: it depends on who sent it
 */
export function parseGrant(value: JsonValue | undefined, limits: GrantLimits, code: ErrorCode, at = ""): Grant {
  const refuse = (pointer: string, rule: string): never => {
    throw new HopwiseError(code, `the grant is broken at "${pointer}": ${rule}`, { pointer, rule });
  };

  const object = (item: JsonValue | undefined, pointer: string): JsonObject =>
    isJsonObject(item) ? item : refuse(pointer, "an object is expected");

  const entries = (item: JsonValue | undefined, pointer: string, max: number, what: string): [string, JsonValue][] => {
    const all = Object.entries(object(item, pointer));
    if (all.length > max) return refuse(pointer, `at most ${max} ${what}`);
    for (const [name] of all) {
      if (name.length > limits.nameLength)
        return refuse(pointer, `a name is longer than ${limits.nameLength} characters`);
    }
    return all;
  };

  const scalar = (item: JsonValue | undefined, pointer: string): JsonScalar => {
    if (item === undefined || !isScalar(item)) return refuse(pointer, "a string, number, boolean or null is expected");
    if (typeof item === "string" && item.length > limits.valueLength) {
      return refuse(pointer, `a value is longer than ${limits.valueLength} characters`);
    }
    return item;
  };

  const list = (item: JsonValue | undefined, pointer: string, min: number, max: number): readonly JsonValue[] => {
    if (!Array.isArray(item) || item.length < min || item.length > max) {
      return refuse(pointer, `an array of ${min} to ${max} items is expected`);
    }
    return item;
  };

  const scalars = (item: JsonValue | undefined, pointer: string, min: number): readonly JsonScalar[] =>
    list(item, pointer, min, MAX_VALUES).map((entry, i) => scalar(entry, pointerTo(pointer, i)));

  const bound = (item: JsonValue | undefined, pointer: string, integer: boolean): number | undefined => {
    if (item === undefined) return undefined;
    if (typeof item !== "number" || (integer && !Number.isSafeInteger(item))) {
      return refuse(pointer, integer ? "an integer is expected" : "a number is expected");
    }
    return item;
  };

  const bounds = (item: JsonObject, pointer: string, integer: boolean): { min?: number; max?: number } => {
    const min = bound(item["min"], pointerTo(pointer, "min"), integer);
    const max = bound(item["max"], pointerTo(pointer, "max"), integer);
    if (min !== undefined && max !== undefined && min > max) return refuse(pointer, "min is above max");
    return { ...(min !== undefined && { min }), ...(max !== undefined && { max }) };
  };

  const flag = (item: JsonObject, name: "min_inclusive" | "max_inclusive", pointer: string): object => {
    const own = item[name];
    if (own === undefined) return {};
    return typeof own === "boolean" ? { [name]: own } : refuse(pointerTo(pointer, name), "true or false is expected");
  };

  const text = (item: JsonValue | undefined, pointer: string): string => {
    const value = scalar(item, pointer);
    return typeof value === "string" && value !== "" ? value : refuse(pointer, "a text that is not empty is expected");
  };

  const cleanPath = (item: JsonValue | undefined, pointer: string): string => {
    const path = text(item, pointer);
    return isCleanPath(path)
      ? path
      : refuse(pointer, "an absolute path without . or .. or empty segments, % or \\ is expected");
  };

  const origins = (item: JsonValue | undefined, pointer: string): readonly string[] =>
    list(item, pointer, 1, MAX_VALUES).map((entry, i) => {
      const origin = text(entry, pointerTo(pointer, i));
      return isOrigin(origin)
        ? origin
        : refuse(pointerTo(pointer, i), "an origin such as https://docs.example is expected");
    });

  /** The argument `uri` of a tool, and whatever is nested in its constraint. */
  const isUriArgument = (pointer: string): boolean => pointer.slice(at.length).split("/")[2] === "uri";

  const clauses = (item: JsonObject, pointer: string, min: number, depth: number): readonly Constraint[] => {
    const inner = pointerTo(pointer, "constraints");
    return list(item["constraints"], inner, min, MAX_CLAUSES).map((c, i) =>
      constraint(c, pointerTo(inner, i), depth + 1),
    );
  };

  const constraint = (value: JsonValue | undefined, pointer: string, depth: number): Constraint => {
    if (depth > limits.constraintDepth)
      return refuse(pointer, `constraints nest deeper than ${limits.constraintDepth}`);
    const item = object(value, pointer);
    const type = item["constraint_type"];
    const known: readonly string[] | undefined =
      typeof type === "string" && Object.hasOwn(members, type) ? members[type as keyof typeof members] : undefined;
    if (known === undefined) return refuse(pointerTo(pointer, "constraint_type"), "an unknown constraint type");
    for (const name of Object.keys(item)) {
      if (name !== "constraint_type" && !known.includes(name))
        return refuse(pointerTo(pointer, name), "an unknown member");
    }
    switch (type as keyof typeof members) {
      case "exact":
        return { constraint_type: "exact", value: scalar(item["value"], pointerTo(pointer, "value")) };
      case "one_of":
        return { constraint_type: "one_of", values: scalars(item["values"], pointerTo(pointer, "values"), 1) };
      case "not_one_of":
        return {
          constraint_type: "not_one_of",
          excluded: scalars(item["excluded"], pointerTo(pointer, "excluded"), 1),
        };
      case "range":
        return {
          constraint_type: "range",
          ...bounds(item, pointer, false),
          ...flag(item, "min_inclusive", pointer),
          ...flag(item, "max_inclusive", pointer),
        };
      case "int":
        return { constraint_type: "int", ...bounds(item, pointer, true) };
      case "contains":
        return { constraint_type: "contains", required: scalars(item["required"], pointerTo(pointer, "required"), 1) };
      case "subset":
        return { constraint_type: "subset", allowed: scalars(item["allowed"], pointerTo(pointer, "allowed"), 0) };
      case "all":
        return { constraint_type: "all", constraints: clauses(item, pointer, 2, depth) };
      case "any":
        return { constraint_type: "any", constraints: clauses(item, pointer, 1, depth) };
      case "wildcard":
        return { constraint_type: "wildcard" };
      case "prefix":
      case "suffix":
        if (isUriArgument(pointer))
          return refuse(pointer, `${type} cannot tell one place of a uri from another; use url`);
        return {
          constraint_type: type as "prefix" | "suffix",
          value: text(item["value"], pointerTo(pointer, "value")),
        };
      case "path":
        return { constraint_type: "path", root: cleanPath(item["root"], pointerTo(pointer, "root")) };
      case "url":
        return {
          constraint_type: "url",
          origins: origins(item["origins"], pointerTo(pointer, "origins")),
          ...(item["under"] !== undefined && { under: cleanPath(item["under"], pointerTo(pointer, "under")) }),
        };
      case "length": {
        const max = bound(item["max"], pointerTo(pointer, "max"), true);
        if (max === undefined || max < 0)
          return refuse(pointerTo(pointer, "max"), "a non-negative integer is expected");
        return { constraint_type: "length", max };
      }
      case "each":
        return {
          constraint_type: "each",
          constraint: constraint(item["constraint"], pointerTo(pointer, "constraint"), depth + 1),
        };
      case "object": {
        const inner = pointerTo(pointer, "properties");
        const properties: Record<string, Constraint> = {};
        for (const [name, member] of entries(item["properties"], inner, limits.argumentsPerTool, "properties")) {
          properties[name] = constraint(member, pointerTo(inner, name), depth + 1);
        }
        return { constraint_type: "object", properties };
      }
      case "optional":
        if (depth > 0) return refuse(pointer, "optional stands only at the top of an argument");
        return {
          constraint_type: "optional",
          constraint: constraint(item["constraint"], pointerTo(pointer, "constraint"), 1),
        };
      case "absent":
        if (depth > 0) return refuse(pointer, "absent stands only at the top of an argument");
        return { constraint_type: "absent" };
    }
  };

  const grant: Record<string, ToolGrant> = {};
  for (const [tool, value_] of entries(value, at, limits.tools, "tools")) {
    const own: Record<string, Constraint> = {};
    const pointer = pointerTo(at, tool);
    if (tool === "") refuse(pointer, "a tool without a name");
    for (const [name, item] of entries(value_, pointer, limits.argumentsPerTool, "arguments")) {
      own[name] = constraint(item, pointerTo(pointer, name), 0);
    }
    grant[tool] = own;
  }
  return grant;
}

const members = {
  exact: ["value"],
  one_of: ["values"],
  not_one_of: ["excluded"],
  range: ["min", "max", "min_inclusive", "max_inclusive"],
  int: ["min", "max"],
  contains: ["required"],
  subset: ["allowed"],
  all: ["constraints"],
  any: ["constraints"],
  wildcard: [],
  prefix: ["value"],
  suffix: ["value"],
  path: ["root"],
  url: ["origins", "under"],
  length: ["max"],
  each: ["constraint"],
  object: ["properties"],
  optional: ["constraint"],
  absent: [],
} as const satisfies Record<Constraint["constraint_type"], readonly string[]>;
