import { isKind, isObject } from "@hopwise/core/options";
import { asWritten } from "./as-written.ts";
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
    const shown = asWritten(given);
    if (!isObject(shown)) return noRow;
    const columns = Object.keys(shown).map((column): readonly [string, unknown] => {
      try {
        return [column, copied(shown[column])];
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

const UNREADABLE =
  "cannot be copied: it fails when it is read, has a function within, or refers to itself; give plain values";

/**
 * A copy has no class any more, and so no `toJSON` of one. What that keeps back (the hash of a password, in a model) would be
 * shown, and what it makes (the text of a decimal or of a time) would not.
 */
function copied(value: unknown): unknown {
  const written = asWritten(value);
  if (Array.isArray(written)) return written.map(copied);
  if (isKind(written, "Map")) return new Map(Array.from(written, ([key, it]) => [copied(key), copied(it)]));
  if (isKind(written, "Set")) return new Set(Array.from(written, copied));
  if (typeof written === "function") throw new TypeError("a function");
  // A class may call itself what it likes: of one that a clone makes a plain object of, the values within are copied as of others.
  const cloned = isTaggedObject(written) ? written : structuredClone(written);
  if (!isTaggedObject(cloned)) return cloned;
  return Object.fromEntries(Object.entries(written as object).map(([name, it]) => [name, copied(it)]));
}

function isTaggedObject(value: unknown): boolean {
  return Object.prototype.toString.call(value) === "[object Object]";
}
