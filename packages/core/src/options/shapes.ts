import * as z from "zod/mini";
import { isForbiddenKey } from "../json/index.ts";
import { defined, hasSpaceAround, hasUnset, hiddenInName } from "../lib/index.ts";
import { answeringAtOnce, behavedClock, behavedRule } from "./at-once.ts";
import { nearest } from "./nearest.ts";
import { isPlainObject, isPromise } from "./plain-object.ts";
import { unknownName } from "./unknown-name.ts";

/**
 * What one option must look like. Each shape says in words what it expects, with an example: the words stand in the
 * error. Objects of a known form come out as a copy, so that a later change of what was passed in changes nothing;
 * what has methods stays the object it is.
 */
export type Shape = z.ZodMiniType;

/** The rows of an object: a shape for each member of its type, so that a new member without a row does not compile. */
export type Rows<T> = { readonly [Name in keyof T]-?: Shape };

/** An option that may be left out. */
export function maybe(shape: Shape): Shape {
  return z.optional(shape);
}

/**
 * An option that may be left out, but not be there and undefined: what it comes from, such as an environment variable, is not
 * set. For what instances share, and for whom they trust. One instance that takes the default in silence would be alone with it.
 */
export function setOrLeftOut(shape: Shape): Shape {
  return z.exactOptional(shape);
}

/** A value that passes a test of its own. What is expected may be said in the light of what came. */
export function such(what: string | ((given: unknown) => string), test: (value: unknown) => boolean): Shape {
  return z.custom(test, { error: typeof what === "string" ? what : ({ input }) => what(input) });
}

/** A text that is not empty, and passes a test where there is one. */
export function text(what: string, test: (value: string) => boolean = () => true): Shape {
  return such(what, (value) => typeof value === "string" && value !== "" && test(value));
}

/** A text that programs put together, such as an address or a path: no variable in it is unset, no space stands around it. */
export function composed(what: string, test: (value: string) => boolean = () => true): Shape {
  return text(what, (value) => !hasUnset(value) && !hasSpaceAround(value) && test(value));
}

/** A name that policies go by, and that people read in records: none that looks like another one, or is longer than is shown. */
export function named(what: string): Shape {
  return text(`${what}, without hidden characters or a space at an end`, (name) => hiddenInName(name) === undefined);
}

export function flag(): Shape {
  return z.boolean({ error: "true or false" });
}

/** Bounds of a number, both inclusive, and a number that many would choose. The unit stands in the option's name. */
interface Bounds {
  readonly min: number;
  readonly max: number;
  readonly example: number;
}

/** A finite number within bounds. */
export function number({ min, max, example }: Bounds): Shape {
  const what = `a number from ${min} to ${max}, such as ${example}`;
  return such(what, (value) => typeof value === "number" && value >= min && value <= max);
}

/** A whole number within bounds. */
export function whole({ min, max, example, of }: Bounds & { readonly of?: string }): Shape {
  const what = `a whole number${of === undefined ? "" : ` of ${of},`} from ${min} to ${max}, such as ${example}`;
  return such(what, (value) => Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max);
}

/** One of some texts. */
export function choice(...known: readonly string[]): Shape {
  return such(`one of ${known.map((one) => JSON.stringify(one)).join(", ")}`, (value) =>
    known.some((one) => one === value),
  );
}

/** One of many names, too many to tell them all: the error has the nearest. */
export function nameOf(what: string, known: readonly string[]): Shape {
  return such(
    (given) => {
      const near = typeof given === "string" ? nearest(given, known) : undefined;
      return near === undefined ? what : `${what} (did you mean "${near}"?)`;
    },
    (value) => known.some((one) => one === value),
  );
}

/** A function, which may answer by a promise. */
export function func(what: string): Shape {
  return such(what, (value) => typeof value === "function");
}

/** A function that must answer at once. It comes out as one that throws where it gives a promise. */
export function atOnce(what: string): Shape {
  return made(what, (run) => answeringAtOnce(run, what));
}

/** A function that gives the time. It comes out as one that never throws: it gives `NaN` where it has none. */
export const CLOCK: Shape = made("a function that gives milliseconds since the epoch, such as Date.now", (run) =>
  behavedClock(run as () => number),
);

/** A function that says yes or no. It comes out as one that says yes by nothing but true. */
export function ruleOf(what: string): Shape {
  return made(what, (run) => behavedRule(run, what));
}

type HostFunction = (...args: readonly unknown[]) => unknown;

/** A function that is not asynchronous, and comes out as one that behaves. */
function made(what: string, behave: (run: HostFunction) => HostFunction): Shape {
  const given = such(
    `${what}, that is not asynchronous`,
    (value) => typeof value === "function" && !isAsynchronous(value),
  );
  return madeOf(given, behave);
}

/** A value of a shape, which comes out as what is made of it. */
export function madeOf<T>(shape: Shape, make: (value: T) => unknown): Shape {
  return z.pipe(
    shape,
    z.transform((value) => make(value as T)),
  );
}

export function isAsynchronous(run: object): boolean {
  return /^Async/.test(Object.prototype.toString.call(run).slice("[object ".length));
}

/** What else a member is called by people who know another library: letters alone would lead them astray. */
export type OtherNames<T> = { readonly [other: string]: keyof T & string };

/**
 * An object with these members and no other. One that is undefined is left out, such as of a variable of the environment that is
 * not set: it would take the place of a usual value, and a bound that is undefined bounds nothing.
 */
export function members<T>(rows: Rows<T>, what: string, otherNames: OtherNames<T> = {}): Shape {
  const known = Object.keys(rows);
  const object = z.strictObject(
    { ...rows },
    {
      error: (issue) =>
        issue.code === "unrecognized_keys" ? unknownName(issue.keys[0] ?? "", known, otherNames, rows) : what,
    },
  );
  return madeOf(z.pipe(such(what, isPlainObject), object), defined<object>);
}

/**
 * An object with these members and any others: an object of another library, or an entry of which only a part is read. A
 * promise is told of in its own place, and not of the first member that it lacks.
 */
export function atLeast<T>(rows: Rows<T>, what: string): Shape {
  return unless(what, isPromise, z.looseObject({ ...rows }, { error: what }));
}

/** The same shape, where a value is not what is often confused with it. Words of their own say what to give in its place. */
export function unless(what: string, isConfused: (value: unknown) => boolean, shape: Shape): Shape {
  return z.pipe(
    such(what, (value) => !isConfused(value)),
    shape,
  );
}

/** A list; by default it may be empty, and as long as it likes. */
export function list(
  item: Shape,
  what: string,
  { min = 0, max = Number.POSITIVE_INFINITY }: { readonly min?: number; readonly max?: number } = {},
): Shape {
  return z.array(item, { error: what }).check(z.minLength(min, { error: what }), z.maxLength(max, { error: what }));
}

/** Where in a value something is wrong, and what is wanted there, if not what is wanted of the whole. */
export interface Wrong {
  readonly path: readonly (string | number)[];
  readonly what?: string;
}

/** A value of a shape that passes a test which knows the place where it fails. */
export function suchAt<T>(what: string, wrongIn: (value: T) => Wrong | undefined, shape: Shape = z.unknown()): Shape {
  const tested = z.unknown().check((payload) => {
    const wrong = wrongIn(payload.value as T);
    if (wrong === undefined) return;
    const path = [...wrong.path];
    payload.issues.push({ code: "custom", input: payload.value, path, message: wrong.what ?? what });
  });
  return z.pipe(shape, tested);
}

/**
 * An object whose members' names its author chose. Their own members only: an inherited one is nobody's. Names are looked at
 * first: where a level was forgotten, what stands under a name is wrong as well.
 *
 * @param names what each of the names must be; by default any that looks like no other one
 */
export function mapOf(item: Shape, what: string, names: Shape = named("a name")): Shape {
  const checked = z.unknown().check((payload) => {
    const input = payload.value as Record<string, unknown>;
    for (const key of Object.keys(input)) {
      // It would be left out without a word: a required source that nobody asks.
      const message = isForbiddenKey(key) ? "another one" : names.safeParse(key).error?.issues[0]?.message;
      if (message === undefined) continue;
      payload.issues.push({
        code: "unrecognized_keys",
        keys: [key],
        input,
        message: `as a name must be ${message}`,
      });
    }
  });
  // No z.record: it takes an object with a function under the name "constructor" for one of a class.
  return z.pipe(z.pipe(such(what, isPlainObject), checked), z.catchall(z.object({}, { error: what }), item));
}

/** One of several shapes. Where none fits, the error is that of the one which came nearest. */
export function either(what: string, ...shapes: readonly Shape[]): Shape {
  return z.union(shapes, { error: what });
}

/** Plain data, of which the copy is used: what its author changes later changes nothing. */
export function copied(shape: Shape): Shape {
  return madeOf(shape, copyOf);
}

function copyOf(value: unknown): unknown {
  try {
    return structuredClone(value);
  } catch {
    // It has what no data has. Where it is used, that is refused.
    return value;
  }
}
