import { inspect } from "node:util";
import { type Authorizer, HopwiseError } from "@hopwise/core";
import type { MayChangeByTool } from "@hopwise/mcp";
import { expect, it } from "vitest";
import { ODD, placesIn, withAt } from "../support/each-place.ts";

/** The functions that a door exports. */
type FunctionsOf<Door> = {
  [Name in keyof Door as Door[Name] extends (...args: never) => unknown ? Name : never]: Door[Name];
};

/** A row for each function of a door: what it reads of what a programmer passes in. A new function without a row does not compile. */
export type DoorRows<Door> = { readonly [Name in keyof FunctionsOf<Door>]: Row | string };

/** How one function is asked, and what it must refuse. A text in its place says why there is nothing to refuse. */
export interface Row {
  /** What is right; a function of it makes each call anew. */
  readonly right: unknown;
  readonly call: (given: never) => unknown;
  /** Wrong values for each member of what it takes. */
  readonly wrong: { readonly [option: string]: readonly unknown[] };
  /** What is no object of options at all is refused, too. Not for a map, whose names its author chose. */
  readonly closed: boolean;
  /** Places of what is right that nobody looks at: of an entry of which only a part is read. */
  readonly unread?: readonly string[];
}

/** The row of a function that takes options of a type: wrong values for each of them, so that a new option needs its own. */
export function optionsRow<T extends object>(
  right: NoInfer<T>,
  wrong: { readonly [Name in keyof Required<T>]: readonly unknown[] },
  call: (given: T) => unknown,
): Row {
  return { right, wrong, call: call as Row["call"], closed: true };
}

/** The row of a function that takes something else: what is wrong in its place. */
export function valueRow<T>(right: T, wrong: readonly unknown[], call: (given: T) => unknown): Row {
  return { right, wrong: { "": wrong }, call: call as Row["call"], closed: false };
}

/** The wrong values of each member of what is itself one member: `NO_RESTART = within<RestartOptions>({}, { … })`. */
export function within<T extends object>(
  right: Partial<T>,
  wrong: { readonly [Name in keyof Required<T>]: readonly unknown[] },
): readonly object[] {
  const each = Object.entries<readonly unknown[]>(wrong).flatMap(([name, values]) =>
    values.map((value) => ({ ...right, [name]: value })),
  );
  return [...each, ...Object.keys(wrong).map((name) => ({ ...right, [`${name}s_`]: 1 }))];
}

export const NO_OBJECT: readonly unknown[] = [null, 5, "text", true, ["a list"], () => {}, Symbol("x")];
export const NO_NUMBER: readonly unknown[] = [Number.NaN, Number.POSITIVE_INFINITY, -1, "30", null, [], {}, 1e300];
export const NO_COUNT: readonly unknown[] = [...NO_NUMBER, 1.5];
export const NO_TEXT: readonly unknown[] = ["", 5, null, [], {}, () => "text"];
export const NO_FLAG: readonly unknown[] = ["true", 1, null, {}];
export const NO_FUNCTION: readonly unknown[] = [null, "text", 5, {}, [], true];
export const NOT_AT_ONCE: readonly unknown[] = [...NO_FUNCTION, async () => {}];
export const NO_LIST: readonly unknown[] = [null, 5, {}, { 0: "a", length: 1 }, new Set(["a"]), () => []];
/** What has none of the methods that are looked for; a list has some, such as `find`. */
export const NO_METHODS: readonly unknown[] = [null, "text", 5, {}, [], () => {}, Promise.resolve({})];

/** What a program makes of an authorizer that leaves out what is no method. */
export const wrappedInPart = (authorizer: Authorizer): readonly unknown[] => [
  { ...authorizer, audience: undefined },
  { ...authorizer, audience: "https://pay.example" },
  { ...authorizer, deadlineMs: undefined },
  { ...authorizer, hasEntry: undefined },
];

const NO_POINTERS: readonly unknown[] = [null, 5, "/iban", {}, ["iban"], [""], [5], ["/a~2"], { "/lines": 1 }];
/** What cannot be what policies may do to results, by tool. */
export const NO_CHANGE: readonly unknown[] = [
  ...NO_OBJECT,
  new Map(),
  ...[...NO_OBJECT, ...within<MayChangeByTool[string]>({}, { redact: NO_POINTERS, limit: NO_POINTERS })].map(
    (change) => ({ pay: change }),
  ),
];

/** What came of a call: "taken", or the refusal. Anything else that it throws is a fault of ours. */
async function outcome(run: () => unknown): Promise<string> {
  try {
    await run();
    return "taken";
  } catch (error) {
    if (!(error instanceof HopwiseError)) return `${String(error)}, which is no error of Hopwise`;
    return `${error.code}: ${error.message}`;
  }
}

/** A secret that must not be quoted where it came in the wrong place. */
const SECRET = "hunter2-hunter2";

/** What somebody forgot to await. */
const PROMISE: unknown = Promise.resolve({});

const PUBLIC = { kty: "OKP", crv: "Ed25519", x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" };
/** One half of a pair in the place of the other. */
const KEYS: { readonly [kind: string]: object } = {
  "a public key": PUBLIC,
  "a private key": { ...PUBLIC, d: "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A" },
};

/** The same members in what is no plain object: read as one, it would be one without any, or lose some without a word. */
const DISGUISED: { readonly [kind: string]: (plain: object) => object } = {
  "a Map": (plain) => new Map(Object.entries(plain)),
  "a Set": (plain) => new Set(Object.values(plain)),
  "a Date": (plain) => Object.assign(new Date(0), plain),
  "a URL": (plain) => Object.assign(new URL("https://a.example"), plain),
  "an object with a prototype of its own": (plain) => Object.create(plain),
  "an object with a symbol for a name": (plain) => ({ ...plain, [Symbol("pay")]: 1 }),
};

/** What has the members of a plain object, and is none. */
export function disguised(plain: object): readonly object[] {
  return Object.values(DISGUISED).map((disguise) => disguise(plain));
}

/** Whether something is an object of members alone: what has methods, such as a source, may be of a class. */
function isOfMembers(value: unknown): value is object {
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) return false;
  return !Object.values(value).some((member) => typeof member === "function");
}

const NO_ERROR_OF_OURS = /which is no error of Hopwise$/;

/** Right nowhere; the others are refused in words of their own by the members that they are wrong for. */
const NEVER_RIGHT = [
  "a bigint",
  "a promise",
  "an object within itself",
  "a getter that fails",
  "what fails when it is read",
  "a list that was revoked",
] as const;

/** Whether a place is one of members alone: of an object with methods only those are read that it may have. */
function isDataAt(right: unknown, path: readonly (string | number)[]): boolean {
  const above = path.slice(1).map((_, i) => path.slice(0, i + 1));
  return above.every((steps) => isPlaceOfMembers(steps.reduce((value, step) => Object(value)[step] as unknown, right)));
}

function isPlaceOfMembers(value: unknown): boolean {
  return Array.isArray(value) || isOfMembers(value);
}

/** Walks over everything that one function takes. */
export function walk(name: string, { right, call, wrong, closed, unread = [] }: Row): void {
  const ask = (given: unknown): Promise<string> => outcome(() => call(given as never));

  it(`${name} takes what is right`, async () => {
    expect(await ask(right)).not.toMatch(/^config_invalid|no error of Hopwise/);
  });

  it.each(Object.keys(wrong))(`${name} refuses what cannot be right as its "%s", and says where`, async (option) => {
    for (const value of wrong[option] ?? []) {
      const given = option === "" ? value : { ...(right as object), [option]: value };
      const refusal = await ask(given);
      const what = inspect(value, { depth: 1 });
      expect(refusal, what).toMatch(/^config_invalid/);
      expect(refusal, what).toContain(option);
      expect(refusal.length, what).toBeGreaterThan(30);
    }
  });

  it(`${name} says of what was not awaited that it is a promise, in its own place`, async () => {
    for (const option of Object.keys(wrong)) {
      // A name that stands elsewhere is made a text.
      if (option === "" && typeof right !== "object") continue;
      const given = option === "" ? PROMISE : { ...(right as object), [option]: PROMISE };
      const refusal = await ask(given);
      if (refusal === "taken" || !refusal.startsWith("config_invalid")) continue;
      expect(refusal).toMatch(/(got|is) a promise; await it first$/);
      if (option !== "") expect(refusal).toContain(`${option} must be `);
    }
  });

  it(`${name} says of a key that it is one, and which`, async () => {
    for (const [option, kind] of Object.keys(wrong).flatMap((at) => Object.keys(KEYS).map((of) => [at, of] as const))) {
      const key = KEYS[kind];
      expect(await ask(option === "" ? key : { ...(right as object), [option]: key })).not.toMatch(/got an object$/);
    }
  });

  it(`${name} reads members of plain objects alone, and says what came in place of one`, async () => {
    const places = Object.keys(wrong).filter((option) => option !== "");
    const given: [place: string, value: object, whole: (value: object) => object][] = places.flatMap((option) => {
      const value = (right as { readonly [name: string]: unknown })[option];
      return isOfMembers(value) ? [[option, value, (own) => ({ ...(right as object), [option]: own })]] : [];
    });
    if (closed) given.push(["", right as object, (own) => own]);
    for (const [place, value, whole] of given) {
      for (const [kind, disguise] of Object.entries(DISGUISED)) {
        const refusal = await ask(whole(disguise(value)));
        expect(refusal, `${kind} as "${place}"`).toMatch(/^(config_invalid|arguments_malformed)/);
        if (refusal.startsWith("config_invalid")) expect(refusal, `"${place}"`).toContain(`got ${kind}`);
      }
    }
  });

  it(`${name} refuses what is wrong at any place of what is right, and no promise is taken for data`, async () => {
    // What takes no options is asked about itself in test/arguments.
    const places = placesIn(right).filter((path) => closed || path.length > 0);
    const trials = places.flatMap((path) => NEVER_RIGHT.map((what) => ({ path, what })));
    const wrong = await Promise.all(
      trials.map(async ({ path, what }) => {
        const at = `/${path.join("/")}`;
        const came = await ask(withAt(right, path, ODD[what]?.()));
        const mayBeTaken = what !== "a promise" || !closed || unread.includes(at) || !isDataAt(right, path);
        const isWrong = NO_ERROR_OF_OURS.test(came) || (came === "taken" && !mayBeTaken);
        return isWrong ? [`${what} at ${at}: ${came}`] : [];
      }),
    );
    expect(wrong.flat()).toEqual([]);
  });

  if (!closed) return;
  it(`${name} refuses what is no object of options`, async () => {
    for (const value of NO_OBJECT) expect(await ask(value)).toMatch(/^config_invalid/);
  });

  it(`${name} refuses a name that it does not know, with the nearest one, and quotes no value`, async () => {
    const askWith = async (option: string): Promise<void> => {
      const slip = `${option.slice(0, -1)}${option.at(-1)}${option.at(-1)}`;
      const refusal = await ask({ ...(right as object), [slip]: SECRET });
      expect(refusal).toContain(`${slip} is not an option; did you mean "${option}"?`);
      expect(refusal).not.toContain(SECRET);
      if (wrong[option]?.length) expect(await ask({ ...(right as object), [option]: undefined })).not.toContain(SECRET);
    };
    // Together: where the rest is right, some doors wait for who does not answer.
    await Promise.all(Object.keys(wrong).map(askWith));
    expect(await ask({ ...(right as object), qqqq: SECRET })).toContain("qqqq is not an option");
  });
}
