import type { JsonValue } from "./value.ts";

/**
 * The canonical text of a JSON value (JCS, RFC 8785). Members are sorted by UTF-16 code units; numbers and strings are
 * written as ECMAScript writes them, as the RFC requires.
 *
 * Takes only values that {@link parseJson} or {@link freezeJson} accepted.
 */
export function canonicalJson(value: JsonValue): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  const object = value as { readonly [key: string]: JsonValue };
  const members = Object.keys(object)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(object[key] as JsonValue)}`);
  return `{${members.join(",")}}`;
}
