import type * as z from "zod/mini";
import { HopwiseError } from "../errors.ts";
import { pointerTo } from "../json/index.ts";
import { hasSpaceAround, hasUnset, isOfAnotherCopy, OF_ANOTHER_COPY, plainName, strayMember } from "../lib/index.ts";
import { keyWords, pemWords, signerWords } from "./key-words.ts";
import { hasSymbols, inherits, isPlainObject, isPromise } from "./plain-object.ts";
import { isAsynchronous, members, type Rows, type Shape } from "./shapes.ts";
import { unknownName } from "./unknown-name.ts";

/**
 * Makes the reader of the options of one function. It gives them complete and checked, as a copy that a later change of
 * the passed object does not reach.
 *
 * @param called the function as its callers type it; errors begin with it
 * @returns a function that throws {@link HopwiseError} `config_invalid` with the path, what is expected there with an
 *   example, and the type of what came: never the value of a text, which may be a secret
 */
export function optionsOf<T extends object>(called: string, rows: Rows<T>): (given: unknown) => T {
  return readerOf(called, members(rows, optionWords(rows)));
}

/** Where something else came, such as the one thing that a function seems to want: the members that it cannot do without. */
function optionWords(rows: { readonly [name: string]: Shape }): string {
  const required = Object.keys(rows).filter((name) => rows[name]?._zod.optin !== "optional");
  return `an object of options${required.length > 0 ? `, such as { ${required.join(", ")} }` : ""}`;
}

/** The same for a function that takes something else than an object of options. */
export function readerOf<T>(called: string, shape: Shape): (given: unknown) => T {
  return reader(called, shape, []);
}

/** The same for one plain argument of a function, which errors call by its name: `hold: signer must be …`. */
export function argumentOf<T>(called: string, name: string, shape: Shape): (given: unknown) => T {
  return reader(called, shape, [name]);
}

function reader<T>(called: string, shape: Shape, place: Path): (given: unknown) => T {
  return (given) => {
    const { data, error } = parsed(called, shape, place, given);
    if (error === undefined) return data as T;
    throw faultOf(called, error.issues, given, place);
  };
}

/** A getter or a proxy may fail while it is read: then it is as wrong as anything else. */
function parsed(called: string, shape: Shape, place: Path, given: unknown): z.core.util.SafeParseResult<unknown> {
  try {
    return shape.safeParse(given);
  } catch {
    const expected = shape.safeParse(null).error?.issues[0]?.message ?? "what can be read";
    throw fault(called, place, `must be ${expected}; got ${UNREADABLE}`);
  }
}

/**
 * Refuses a plain argument that was checked by hand: for what is called at each request.
 *
 * @param what is expected, with an example
 * @throws {HopwiseError} `config_invalid`
 */
export function mustBe(called: string, name: string | Path, what: string, given: unknown): never {
  const problem = given === undefined ? `is missing; give ${what}` : `must be ${what}; got ${typeWords(given)}`;
  throw fault(called, [name].flat(), problem);
}

/**
 * Reads data of many members, such as a record, which a function only tells of: whatever of it cannot be told makes it
 * another thing than was expected.
 *
 * @throws {HopwiseError} `config_invalid`, or its own
 */
export function reading<G, T>(called: string, name: string | Path, what: string, given: G, read: (given: G) => T): T {
  if (!isObject(given)) return mustBe(called, name, what, given);
  try {
    return read(given);
  } catch (cause) {
    if (cause instanceof HopwiseError) throw cause;
    throw fault(called, [name].flat(), `must be ${what}; got ${typeWords(given)} that is none`, cause);
  }
}

/**
 * Refuses members that a function does not know, where its other members are checked by hand: for what is called at
 * each request.
 *
 * @returns its members, each read once
 * @throws {HopwiseError} `config_invalid` with the nearest known name
 */
export function checkNames<T>(called: string, given: T, known: { readonly [Name in keyof T]-?: true }): T {
  if (!isPlainObject(given)) {
    throw fault(called, [], `must be an object of ${Object.keys(known).join(", ")}; got ${typeWords(given)}`);
  }
  const read: Partial<T> = {};
  try {
    for (const name in given as object) {
      if (!Object.hasOwn(known, name)) throw fault(called, [name], unknownName(name, Object.keys(known)));
    }
    for (const name in known) read[name] = given[name];
  } catch (cause) {
    if (cause instanceof HopwiseError) throw cause;
    throw fault(called, [], `must be an object; got ${UNREADABLE}`);
  }
  return read as T;
}

/** What to add to the words on what is wanted, where somebody forgot to await it, or took it from another copy of this package. */
export function unlessAwaited(given: unknown): string {
  if (isOfAnotherCopy(given)) return `; got ${OF_ANOTHER_COPY}`;
  return isPromise(given) ? "; got a promise; await it first" : "";
}

/** An object that is no list, and no promise of one. A proxy may fail even at this question. */
export function isObject(value: unknown): value is { readonly [name: PropertyKey]: unknown } {
  try {
    return typeof value === "object" && value !== null && !Array.isArray(value) && !isPromise(value);
  } catch {
    return false;
  }
}

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

/** What failed while it was read. */
const UNREADABLE = "something that fails when it is read";

function faultOf(called: string, issues: readonly Issue[], given: unknown, place: Path): HopwiseError {
  const { issue, path } = nearestOf(issues, []);
  const where = [...place, ...path];
  if (issue.code === "unrecognized_keys") return fault(called, [...where, issue.keys[0] ?? ""], issue.message);
  const came = wordsAt(given, path);
  const problem =
    where.length > 0 && came === NOTHING
      ? `is missing; give ${issue.message}${isUndefinedAt(given, path) ? UNSET : ""}`
      : `must be ${issue.message}; got ${came}`;
  return fault(called, where, problem);
}

function fault(called: string, path: Path, problem: string, cause?: unknown): HopwiseError {
  const where = path.length === 0 ? "what it takes" : wordsOf(path);
  // Its name comes from a program, too, where that reads arguments by these functions.
  const by = typeof called === "string" ? called : "a function of Hopwise";
  const pointer = path.reduce<string>((above, step) => pointerTo(above, String(step)), "");
  return new HopwiseError("config_invalid", `${by}: ${where} ${problem}`, { pointer, cause });
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

/** The kind of what stands at a place of what came, in words. */
export function wordsAt(given: unknown, path: Path): string {
  try {
    return typeWords(path.reduce<unknown>((value, step) => Object(value)[step], given));
  } catch {
    return UNREADABLE;
  }
}

const UNSET = ". It is there, and undefined: an environment variable that is not set?";

/** Whether somebody wrote a member down that has no value. */
function isUndefinedAt(given: unknown, path: Path): boolean {
  const last = path.at(-1);
  if (last === undefined) return false;
  try {
    return Object.hasOwn(
      path.slice(0, -1).reduce<object>((value, step) => Object(Reflect.get(value, step)), Object(given)),
      last,
    );
  } catch {
    return false;
  }
}

/** `trust[0].keys[1].kid` */
function wordsOf(path: Path): string {
  return path
    .map((step, i) => (typeof step === "number" ? `[${step}]` : `${i === 0 ? "" : "."}${plainName(String(step))}`))
    .join("");
}

const NOTHING = "nothing";

/** The kind of a value, in words. */
function typeWords(value: unknown): string {
  if (value === undefined) return NOTHING;
  if (value === null || typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value === "string") return textWords(value);
  if (typeof value !== "object" && typeof value !== "function") return `a ${typeof value}`;
  try {
    return objectWords(value);
  } catch {
    return UNREADABLE;
  }
}

function textWords(value: string): string {
  if (value === "") return "an empty text";
  const pem = pemWords(value);
  if (pem !== undefined) return pem;
  if (value.length > 500) return `a text of ${value.length} characters`;
  if (hasSpaceAround(value)) return "a text with a space, or an end of line, at an end";
  return hasUnset(value) ? 'a text with "undefined" in it: is an environment variable not set?' : "a text";
}

function objectWords(value: object): string {
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (typeof value === "function") return isAsynchronous(value) ? "an asynchronous function" : "a function";
  if (isPromise(value)) return "a promise; await it first";
  if (isOfAnotherCopy(value)) return OF_ANOTHER_COPY;
  if ("publicJwk" in value && "sign" in value) return signerWords(value);
  if ("kty" in value) return keyWords(value);
  return plainWords(value);
}

/** What keeps an object from being a plain one, where something does. */
function plainWords(value: object): string {
  const kind = /^\[object (\w{1,40})\]$/.exec(Object.prototype.toString.call(value))?.[1] ?? "Object";
  if (kind !== "Object") return `${/^[AEIO]/.test(kind) ? "an" : "a"} ${kind}`;
  const stray = strayMember();
  if (stray !== undefined) return `an object, and ${stray}`;
  if (inherits(value)) return "an object with a prototype of its own";
  return hasSymbols(value) ? "an object with a symbol for a name" : "an object";
}
