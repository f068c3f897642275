import { isObject } from "@hopwise/core/options";
import { asInherited, type Misfit, typeWords } from "./misfit.ts";
import { type Resource, readResource } from "./resource-of.ts";
import type { Table } from "./table.ts";

/** A row's columns by their names. */
export interface Plain {
  readonly [column: string]: unknown;
}

/** A row, read once. */
export interface OwnRow {
  /** A copy: what is checked is what is shown, whatever getters the row has and whoever changes it meanwhile. */
  readonly row: Plain;
  /** What policies see of it; undefined where it does not fit its table. */
  readonly resource: Resource | undefined;
  readonly misfits: readonly Misfit[];
}

/**
 * Reads a row as the query gave it. One that does not fit its table is left out, as the condition leaves it out: else whoever
 * can write such a row ends every search.
 */
export function ownRow(table: Table, given: unknown): OwnRow {
  const { row, misfits } = copyOf(given);
  if (misfits.length > 0) return { row, resource: undefined, misfits };
  const read = readResource(table, row);
  const isFit = read.misfits.length === 0 && read.resource.id !== "";
  const resource = isFit ? read.resource : undefined;
  return { row, resource, misfits: read.misfits.map((it) => asInherited(it, Object(given))) };
}

function copyOf(given: unknown): { readonly row: Plain; readonly misfits: readonly Misfit[] } {
  const noRow = {
    row: {},
    misfits: [{ problem: `must be an object of columns; got ${typeWords(given)}`, remedy: "" }],
  };
  if (!isObject(given)) return noRow;
  const misfits: Misfit[] = [];
  try {
    const columns = Object.keys(given).map((column): readonly [string, unknown] => {
      try {
        return [column, copied(given[column])];
      } catch {
        // What was thrown may quote the row, or the source of a function.
        misfits.push({ column, problem: UNREADABLE, remedy: "" });
        return [column, undefined];
      }
    });
    return { row: Object.fromEntries(columns), misfits };
  } catch {
    return noRow;
  }
}

const UNREADABLE = "cannot be copied: it fails when it is read, or has a function or a proxy within; give plain values";

function copied(value: unknown): unknown {
  return typeof value === "object" && value !== null ? structuredClone(value) : value;
}
