import type { JsonValue } from "../json/index.ts";

/**
 * The most bytes that a value takes in a message of Cerbos. A list of numbers takes five times as many as its text has
 * characters, and a text up to three times.
 */
export function mostBytes(value: JsonValue): number {
  if (typeof value === "string") return textBytes(value);
  if (typeof value !== "object" || value === null) return AROUND;
  if (Array.isArray(value))
    return (value as readonly JsonValue[]).reduce<number>((sum, it) => sum + mostBytes(it), AROUND);
  return Object.entries(value).reduce((sum, [name, it]) => sum + textBytes(name) + mostBytes(it as JsonValue), AROUND);
}

/** What stands around each value; a number is no longer than this. */
const AROUND = 16;

/** A unit of a string is at most three bytes in UTF-8. */
function textBytes(text: string): number {
  return text.length * 3 + AROUND;
}
