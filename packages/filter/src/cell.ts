import { readWritten } from "./as-written.ts";
import type { Column } from "./column.ts";
import { ELEMENT_FORMS, FORMS, type Scalar } from "./forms.ts";

/** What a row holds: `null` where it is null as policies see it, `undefined` where it is absent or cannot be known. */
export type Cell = Scalar | null | undefined | readonly Cell[];

/** A cell that does not fit its column, told from an absent one. */
export const MISFIT: unique symbol = Symbol("misfit");

/**
 * Reads one cell, as the database's driver gives it. A column that the row does not have is a misfit, and no absent
 * attribute: it may only have been left out of the query.
 */
export function cellOf(row: object, name: string, column: Column): Cell | typeof MISFIT {
  const given = Object.hasOwn(row, name) ? readWritten((row as { readonly [name: string]: unknown })[name]) : undefined;
  if (given === null) return column.null === "absent" ? undefined : column.null === "null" ? null : MISFIT;
  if (column.type === "list") return listIn(given)?.map((element) => elementIn(element, column)) ?? MISFIT;
  return FORMS[column.type].column.memory(given, column) ?? MISFIT;
}

/** An element of a list; `undefined` where it does not fit. */
export function elementIn(given: unknown, { of = "text" }: Column): Cell {
  return given === null ? null : ELEMENT_FORMS[of].memory(readWritten(given));
}

/** SQLite has lists as JSON in a text; drivers of PostgreSQL give lists. */
export function listIn(given: unknown): readonly unknown[] | undefined {
  if (Array.isArray(given)) return given;
  if (typeof given !== "string") return undefined;
  try {
    const parsed: unknown = JSON.parse(given);
    return Array.isArray(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}
