import type * as z from "zod/mini";
import { HopwiseError } from "../errors.ts";
import { isAsynchronous, members, type Rows, type Shape, unknownName } from "./shapes.ts";

const OPTIONS = "an object of options";

/**
 * Makes the reader of the options of one function. It gives them complete and checked, as a copy that a later change of
 * the passed object does not reach.
 *
 * @param called the function as its callers type it; errors begin with it
 * @returns a function that throws {@link HopwiseError} `config_invalid` with the path, what is expected there with an
 *   example, and the type of what came: never the value of a text, which may be a secret
 */
export function optionsOf<T extends object>(called: string, rows: Rows<T>): (given: unknown) => T {
  return readerOf(called, members(rows, OPTIONS));
}

/** The same for a function that takes something else than an object of options. */
export function readerOf<T>(called: string, shape: Shape): (given: unknown) => T {
  return (given) => {
    const { data, error } = shape.safeParse(given);
    if (error === undefined) return data as T;
    throw faultOf(called, error.issues, given);
  };
}

/**
 * Refuses members that a function does not know, where its other members are checked by hand: for what is called at
 * each request.
 *
 * @throws {HopwiseError} `config_invalid` with the nearest known name
 */
export function checkNames<T>(called: string, given: T, known: { readonly [Name in keyof T]-?: true }): void {
  checkObject(called, given);
  for (const name in given as object) {
    if (!Object.hasOwn(known, name)) throw fault(called, [name], unknownName(name, Object.keys(known)));
  }
}

/** @throws {HopwiseError} `config_invalid` for what is no object, or a list */
export function checkObject(called: string, given: unknown): void {
  if (typeof given === "object" && given !== null && !Array.isArray(given)) return;
  throw fault(called, [], `must be an object; got ${typeWords(given)}`);
}

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

function faultOf(called: string, issues: readonly Issue[], given: unknown): HopwiseError {
  const { issue, path } = nearestOf(issues, []);
  if (issue.code === "unrecognized_keys") return fault(called, [...path, issue.keys[0] ?? ""], issue.message);
  const came = at(given, path);
  const problem =
    path.length > 0 && came === undefined
      ? `is missing; give ${issue.message}`
      : `must be ${issue.message}; got ${typeWords(came)}`;
  return fault(called, path, problem);
}

function fault(called: string, path: Path, problem: string): HopwiseError {
  const where = path.length === 0 ? "what it takes" : wordsOf(path);
  return new HopwiseError("config_invalid", `${called}: ${where} ${problem}`, { pointer: pointerOf(path) });
}

/**
 * The issue to tell of: an unknown name first, for it may be the slip that makes another one missing. In a union, that
 * of the branch which got furthest.
 */
function nearestOf(issues: readonly Issue[], above: Path): { readonly issue: Issue; readonly path: Path } {
  const first = issues.find(({ code }) => code === "unrecognized_keys") ?? (issues[0] as Issue);
  const path = [...above, ...first.path];
  if (first.code !== "invalid_union") return { issue: first, path };
  const branches = first.errors.filter((errors) => errors.length > 0).map((errors) => nearestOf(errors, path));
  const furthest = branches.sort((a, b) => b.path.length - a.path.length)[0];
  return furthest !== undefined && furthest.path.length > path.length ? furthest : { issue: first, path };
}

function at(given: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, step) => Object(value)[step], given);
}

/** `trust[0].keys[1].kid` */
function wordsOf(path: Path): string {
  return path
    .map((step, i) => (typeof step === "number" ? `[${step}]` : `${i === 0 ? "" : "."}${String(step)}`))
    .join("");
}

function pointerOf(path: Path): string {
  return path.map((step) => `/${String(step).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

/** The kind of a value, in words. */
function typeWords(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null || typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value === "string") return value === "" ? "an empty text" : "a text";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (typeof value === "function") return isAsynchronous(value) ? "an asynchronous function" : "a function";
  if (typeof value !== "object") return `a ${typeof value}`;
  if (value instanceof Promise) return "a promise; await it first";
  return "publicJwk" in value && "sign" in value ? "a signer; its publicJwk is the public key" : "an object";
}
