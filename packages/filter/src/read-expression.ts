import type { JsonValue } from "@hopwise/core/adapter";
import { unsupported } from "./unsupported.ts";

/** A node of a condition, read once, with its place. */
export type Node =
  | { readonly operator: string; readonly operands: readonly Node[]; readonly pointer: string }
  | { readonly name: string; readonly pointer: string }
  | { readonly value: JsonValue; readonly pointer: string };

/*
 * SQLite takes expressions 1000 levels deep. A level of a condition becomes one or two, and a joint of n parts log2(n): with
 * these bounds they stay below 600. There are at most a few parameters a node, of which SQLite takes 32,766.
 */
const DEEPEST = 64;
const MOST_NODES = 4000;
/** Of all lists together; each is one parameter. */
const MOST_VALUES = 250_000;

/**
 * Reads a condition that came from elsewhere into data of our own, before anything is made of it.
 *
 * @throws {HopwiseError} `filter_unsupported` for one that is too large, or is none
 */
export function readExpression(expression: unknown): Node {
  const left = { nodes: MOST_NODES, values: MOST_VALUES };
  try {
    return nodeIn(expression, "", 0, left);
  } catch (fault) {
    if (fault instanceof Unfit) throw unsupported(fault.message, fault.pointer);
    throw unsupported("a part that fails when it is read", "");
  }
}

class Unfit extends Error {
  readonly pointer: string;
  constructor(message: string, pointer: string) {
    super(message);
    this.pointer = pointer;
  }
}

interface Left {
  nodes: number;
  values: number;
}

function nodeIn(given: unknown, pointer: string, depth: number, left: Left): Node {
  if (depth > DEEPEST) throw new Unfit(`more than ${DEEPEST} levels`, "");
  if (--left.nodes < 0) throw new Unfit(`more than ${MOST_NODES} parts`, "");
  const { operator, operands, name, value } = Object(given) as { readonly [member: string]: unknown };
  if (typeof operator === "string" && Array.isArray(operands)) {
    if (operands.length > left.nodes) throw new Unfit(`more than ${MOST_NODES} parts`, "");
    const read = Array.from(operands, (it, i) => nodeIn(it, `${pointer}/operands/${i}`, depth + 1, left));
    return { operator, operands: read, pointer };
  }
  if (typeof name === "string") return { name, pointer };
  if (value !== undefined) return { value: valueIn(value, pointer, left), pointer };
  throw new Unfit("a part that is neither an operator, a variable nor a value", pointer);
}

/** A scalar, or a list of scalars. */
function valueIn(value: unknown, pointer: string, left: Left): JsonValue {
  if (!Array.isArray(value)) return scalarIn(value, pointer);
  left.values -= value.length;
  if (left.values < 0) throw new Unfit(`lists of more than ${MOST_VALUES} values`, "");
  return Array.from(value, (it) => scalarIn(it, pointer));
}

function scalarIn(value: unknown, pointer: string): JsonValue {
  if (value === null || typeof value === "boolean") return value;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  // PostgreSQL has no NUL, and a lone surrogate would become another text on its way.
  if (typeof value === "string" && value.isWellFormed() && !value.includes("\0")) return value;
  throw new Unfit(
    "a value that no database can take: half a character, a NUL, a number that is not finite, or no scalar",
    pointer,
  );
}
