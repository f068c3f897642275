import { HopwiseError, isOwn } from "../errors.ts";
import type { Row } from "../filter/index.ts";
import { freezeJson, type JsonObject, whyBeyond } from "../json/index.ts";
import { isObject, unlessAwaited } from "../options/index.ts";
import { ATTRIBUTE_LIMITS } from "../source/index.ts";
import { listOf } from "./passed-in.ts";

/** Rows that a program gave, each as it can be asked about. */
export interface ReadRows {
  /** In the same order; undefined for one that is left out. */
  readonly rows: readonly (Row | undefined)[];
  /** How many of those that are left out are more than a question holds. */
  readonly tooLarge: number;
  /** How many are none that could be asked about, since they do not fit their table. */
  readonly unfit: number;
}

const ROWS = 'rows, such as [{ id: "inv-1", attributes: { region: "EMEA" } }]';
const ROW = 'a row, such as { id: "inv-1", attributes: { region: "EMEA" } }';

/** Stands for a row that is more than a question about one resource holds. */
const TOO_LARGE = Symbol("too large");

/**
 * Reads rows before they are asked about. One that cannot be asked about is left out: else whoever can write such a row ends
 * every search. Where that leaves none, and one of them is no row at all, it is a mistake of the program.
 *
 * @param argumentsAs the attribute that the call's arguments are
 * @throws {HopwiseError} `config_invalid` for what are no rows, `attributes_invalid` for what are no attributes
 */
export function readRows(given: unknown, argumentsAs: string): ReadRows {
  const read = listOf("check", "rows", ROWS, given).map((row, i) =>
    row === undefined ? undefined : readRow(row, i, argumentsAs),
  );
  const rows = read.map((row) => (row === TOO_LARGE || row instanceof HopwiseError ? undefined : row));
  const mistake = read.find((row) => row instanceof HopwiseError);
  if (mistake !== undefined && rows.every((row) => row === undefined)) throw mistake;
  const tooLarge = read.filter((row) => row === TOO_LARGE).length;
  return { rows, tooLarge, unfit: rows.filter((row) => row === undefined).length - tooLarge };
}

function readRow(given: unknown, i: number, argumentsAs: string): Row | typeof TOO_LARGE | HopwiseError {
  try {
    return rowIn(given, i, argumentsAs);
  } catch (cause) {
    if (whyBeyond(cause) !== undefined) return TOO_LARGE;
    // A getter or a proxy of the program's may throw anything.
    return isOwn(cause) ? asMistake(cause, i) : new HopwiseError("config_invalid", `check: reading row ${i} failed`);
  }
}

function rowIn(given: unknown, i: number, argumentsAs: string): Row {
  if (!isObject(given)) {
    throw new HopwiseError("config_invalid", `check: rows[${i}] must be ${ROW}${unlessAwaited(given)}`);
  }
  const { id, attributes } = given;
  // Unlike a misspelt option, what came is data.
  if (typeof id !== "string" || id === "") {
    throw new HopwiseError("config_invalid", `check: rows[${i}].id must be the row's id, a text`);
  }
  freezeJson(id, ATTRIBUTE_LIMITS);
  if (!isObject(attributes)) throw noAttributes(i, attributes === undefined ? "there are none" : "they are no object");
  const plain = freezeJson(attributes, ATTRIBUTE_LIMITS) as JsonObject;
  if (!Object.hasOwn(plain, argumentsAs)) return { id, attributes: plain };
  throw noAttributes(i, `"${argumentsAs}" is the name of the arguments; set argumentsAs in the tool map`);
}

/** What cannot be frozen is told in the words of arguments. */
function asMistake(cause: HopwiseError, i: number): HopwiseError {
  if (cause.code !== "arguments_malformed") return cause;
  const where = cause.pointer ? ` at "${cause.pointer}"` : "";
  return noAttributes(i, `they are not plain JSON${where}`);
}

function noAttributes(i: number, why: string): HopwiseError {
  const expected = 'such as { region: "EMEA" }, or what resourceOf(row) of a table gives';
  return new HopwiseError("attributes_invalid", `check: the attributes of row ${i} must be data, ${expected}: ${why}`);
}
