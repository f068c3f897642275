import { isScalar, type JsonScalar, type JsonValue } from "../../json/index.ts";

export function isScalarArray(value: JsonValue): value is readonly JsonScalar[] {
  return Array.isArray(value) && value.every(isScalar);
}

/** The first of the wanted values that is missing; in an object, since the value itself may be null. */
export function missing(wanted: readonly JsonScalar[], from: readonly JsonScalar[]): { value: JsonScalar } | undefined {
  const index = wanted.findIndex((value) => !from.includes(value));
  return index === -1 ? undefined : { value: wanted[index] as JsonScalar };
}

/** Values in words, texts in quotation marks, so that `"1"` is not taken for `1`. */
export function quoted(values: readonly JsonScalar[]): string {
  return values.map((value) => JSON.stringify(value)).join(", ");
}
