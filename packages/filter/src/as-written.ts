import { isKind } from "@hopwise/core/options";

/**
 * What JSON would be made of a row or a value: models and decimals of an ORM say it by their `toJSON`. Times and bytes are kept as
 * they are, for columns hold them.
 */
export function asWritten(value: unknown): unknown {
  const toJSON = writerOf(value);
  return toJSON === undefined ? value : toJSON();
}

/** The same, where what cannot be written is nothing that is known. */
export function readWritten(value: unknown): unknown {
  const toJSON = writerOf(value);
  if (toJSON === undefined) return value;
  try {
    return toJSON();
  } catch {
    return undefined;
  }
}

function writerOf(value: unknown): (() => unknown) | undefined {
  if (typeof value !== "object" || value === null || isKind(value, "Date") || ArrayBuffer.isView(value)) return;
  const { toJSON } = value as { readonly toJSON?: unknown };
  return typeof toJSON === "function" ? () => Reflect.apply(toJSON, value, []) : undefined;
}
