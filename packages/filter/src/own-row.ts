import { fulfil, isOwn, type Obligations } from "@hopwise/core/adapter";
import type { Row } from "@hopwise/core/filter";
import type { Table } from "./table.ts";

type Plain = Record<string, unknown>;

/**
 * A copy of a row, read once: what is checked is what is shown, whatever getters it has and whoever changes it meanwhile.
 */
export function ownRow(row: object): Plain {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, copied(value)]));
}

function copied(value: unknown): unknown {
  return typeof value === "object" && value !== null ? structuredClone(value) : value;
}

/**
 * What policies see of a row. One that does not fit its table is left out, as the condition leaves it out: else whoever can
 * write such a row ends every search.
 */
export function fittingIn(table: Table, row: object): Row | undefined {
  try {
    const read = table.resourceOf(row);
    // A double says no such integer exactly, so nothing that is checked may have one.
    return read.id === "" || Object.values(read.attributes).some(hasInexact) ? undefined : read;
  } catch (cause) {
    if (isOwn(cause) && cause.code === "attributes_invalid") return undefined;
    throw cause;
  }
}

function hasInexact(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(hasInexact);
  return typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value);
}

/**
 * A row changed as policies oblige to. Their pointers begin with an attribute, as policies call it, and the row has columns.
 *
 * @throws {HopwiseError} `result_withheld` where it cannot be changed so
 */
export function changedRow(table: Table, row: Plain, { redact, limit, ...more }: Obligations): Plain {
  const own: Obligations = {
    ...more,
    redact: redact.flatMap((pointer) => inColumns(table, pointer)),
    limit: Object.fromEntries(
      Object.entries(limit).flatMap(([pointer, most]) => inColumns(table, pointer).map((it) => [it, most])),
    ),
  };
  return fulfil(own, Object.fromEntries(Object.entries(row).map(([name, value]) => [name, writable(value)])))
    .result as Plain;
}

/** A pointer that begins with an attribute, as one that begins with its column; and as it stands, for columns without one. */
function inColumns({ id, columns }: Table, pointer: string): readonly string[] {
  const [empty = "", first = "", ...rest] = pointer.split("/");
  const attribute = first.replaceAll("~1", "/").replaceAll("~0", "~");
  const column = Object.hasOwn(columns, attribute) ? columns[attribute] : attribute === "id" ? id : undefined;
  if (column === undefined || column.name === attribute) return [pointer];
  return [[empty, column.name.replaceAll("~", "~0").replaceAll("/", "~1"), ...rest].join("/"), pointer];
}

/** As JSON writes them, since obligations are about JSON. */
function writable(value: unknown): unknown {
  if (typeof value === "bigint") return String(value);
  return value instanceof Date ? value.toJSON() : value;
}
