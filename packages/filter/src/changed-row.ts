import { fulfil, type Obligations } from "@hopwise/core/adapter";
import { isKind, isOfLiterals } from "@hopwise/core/options";
import { listIn } from "./cell.ts";
import { pointerOf } from "./misfit.ts";
import type { Plain } from "./own-row.ts";
import type { Table } from "./table.ts";

/**
 * A row changed as policies oblige to. Their pointers begin with an attribute, as policies call it, and the row has columns.
 * Columns that no pointer leads to stay as they came, but for times and large numbers.
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
  const led = new Set([...own.redact, ...Object.keys(own.limit)].map(firstOf));
  const lists = new Set(Object.values(table.columns).flatMap(({ type, name }) => (type === "list" ? [name] : [])));
  const opened = Object.entries(row).map(([name, value]) => {
    const isLed = led.has(name) || led.has("*");
    return { name, isLed, ...(isLed ? open(value, lists.has(name)) : asItCame(value)) };
  });
  const parts = Object.fromEntries(opened.flatMap(({ name, isLed, value }) => (isLed ? [[name, value]] : [])));
  const { result } = fulfil(own, parts);
  // Where the whole row is taken out, a word stands in its place.
  if (typeof result !== "object" || result === null) return result as never;
  const changed = result as Plain;
  return Object.fromEntries(
    opened.map(({ name, isLed, value, close }) => [name, isLed ? close(changed[name]) : value]),
  );
}

/** A pointer that begins with an attribute, as one that begins with its column; and as it stands, for columns without one. */
function inColumns({ id, columns }: Table, pointer: string): readonly string[] {
  const [, , ...rest] = pointer.split("/");
  const attribute = firstOf(pointer);
  const column = Object.hasOwn(columns, attribute) ? columns[attribute] : attribute === "id" ? id : undefined;
  if (column === undefined || column.name === attribute) return [pointer];
  return [[pointerOf(column.name), ...rest].join("/"), pointer];
}

/** Where a pointer leads first. */
function firstOf(pointer: string): string {
  return (pointer.split("/")[1] ?? "").replaceAll("~1", "/").replaceAll("~0", "~");
}

/** A column as obligations can be done to it, and as it came again. */
interface Opened {
  readonly value: unknown;
  readonly close: (changed: unknown) => unknown;
}

function asItCame(value: unknown): Opened {
  return { value: writable(value), close: (changed) => changed };
}

/** Stands for what JSON does not have: a pointer that leads into it fails, as into any text. */
const SEALED = "";

function open(value: unknown, isList: boolean): Opened {
  const elements = isList && typeof value === "string" ? listIn(value) : undefined;
  if (elements !== undefined) {
    const before = JSON.stringify(elements);
    return {
      value: elements,
      // Its own text again where nothing was changed: another has other spaces.
      close: (changed) => {
        const text = JSON.stringify(changed);
        return text === before ? value : Array.isArray(changed) ? text : changed;
      },
    };
  }
  const written = writable(value);
  if (isJson(written)) return { value: written, close: (changed) => changed };
  return { value: SEALED, close: (changed) => (changed === SEALED ? value : changed) };
}

/** As JSON writes them, since obligations are about JSON. */
function writable(value: unknown): unknown {
  if (typeof value === "bigint") return String(value);
  return isKind(value, "Date") ? value.toJSON() : value;
}

/** As deep as {@link fulfil} goes; what refers to itself is deeper. */
const DEEPEST = 64;

/** Bytes are none, nor is a number that JSON does not have, or half a character. */
function isJson(value: unknown, depth = 0): boolean {
  switch (typeof value) {
    case "number":
      return Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value));
    case "string":
      return value.isWellFormed();
    case "boolean":
      return true;
    case "object": {
      if (value === null) return true;
      const isPlain = Array.isArray(value) || isOfLiterals(value);
      if (!isPlain || depth === DEEPEST || Object.hasOwn(value, "__proto__")) return false;
      return Object.entries(value).every(([name, it]) => name.isWellFormed() && isJson(it, depth + 1));
    }
    default:
      return false;
  }
}
