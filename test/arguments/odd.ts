import { HopwiseError } from "@hopwise/core";
import { expect, it } from "vitest";

type AnyFunction = (...args: never) => unknown;

/** The functions that a door exports, or an object has. */
type FunctionsOf<T> = {
  [Name in keyof T as NonNullable<T[Name]> extends AnyFunction ? Name : never]: NonNullable<T[Name]>;
};

/**
 * A row for each function of a door or an object: how it is called rightly, and what else it takes. A new function
 * without a row does not compile. A text in its place says why it takes nothing that could be wrong.
 */
export type ArgumentRows<T> = { readonly [Name in keyof FunctionsOf<T>]-?: ArgumentRow | string };

export interface ArgumentRow {
  readonly call: (...args: readonly unknown[]) => unknown;
  /** What is right; made anew for each call. */
  readonly right: () => readonly unknown[];
  /** For each argument what of the odd values it takes, too, as its documentation says. */
  readonly takes: readonly (readonly Odd[])[];
}

const fails = (): never => {
  throw new TypeError("read");
};
/** Fails however it is read. */
const HOSTILE: unknown = new Proxy(
  {},
  {
    get: fails,
    has: fails,
    ownKeys: fails,
    getPrototypeOf: fails,
    getOwnPropertyDescriptor: fails,
  },
);

/** What anybody may pass in the place of anything. */
const ODD = {
  nothing: undefined,
  null: null,
  5: 5,
  NaN: Number.NaN,
  "empty text": "",
  "empty list": [],
  "list of null": [null],
  "empty object": {},
  promise: Promise.resolve({}),
  hostile: HOSTILE,
} as const satisfies { readonly [name: string]: unknown };
/** `none`: no argument at all, where that is something else than `undefined`. */
export type Odd = keyof typeof ODD | "none";
const ODDS = Object.keys(ODD) as unknown as readonly (keyof typeof ODD)[];

/** All of them: for what tells of any value, or passes it on. */
export const ANYTHING: readonly Odd[] = ODDS.map((name) => (String(name) === "5" ? 5 : name));
export const NUMBERS: readonly Odd[] = [5];
export const OPTIONAL: readonly Odd[] = ["nothing"];
export const OPTIONS: readonly Odd[] = ["nothing", "empty object"];

/** A function that is called as its type says, but for what is wrong. */
export function argumentRow<F extends AnyFunction>(
  call: F,
  right: () => Readonly<Parameters<F>> | readonly unknown[],
  ...takes: readonly (readonly Odd[])[]
): ArgumentRow {
  return { call: call as unknown as ArgumentRow["call"], right, takes };
}

const PATIENCE_MS = 20_000;

/** `taken`, `denied: code`, or the error's code and message; anything else that it throws is a fault of ours. */
async function outcomeOf(run: () => unknown): Promise<string> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const hang = new Promise<string>((resolve) => {
    timer = setTimeout(resolve, PATIENCE_MS, "a hang, which is no answer");
  });
  try {
    return await Promise.race([hang, answerOf(run)]);
  } finally {
    clearTimeout(timer);
  }
}

async function answerOf(run: () => unknown): Promise<string> {
  try {
    const answer = await run();
    const { outcome, code } = Object(answer) as { readonly outcome?: unknown; readonly code?: unknown };
    return outcome === "denied" ? `denied: ${String(code)}` : "taken";
  } catch (error) {
    if (!(error instanceof HopwiseError)) return `${String(error)}, which is no error of Hopwise`;
    return `${error.code}: ${error.message}`;
  }
}

/** Who forgot an `await` is told so. */
const AWAIT = /(got|is) a promise; await it first$/;
const REFUSED = /^[a-z_]+: .{10,}|^denied: [a-z_]+$/;

/** Calls one function with what is right, then with each odd value in the place of each of its arguments, and with none. */
export function walkArguments(name: string, { call, right, takes }: ArgumentRow): void {
  it(`${name} takes what is right`, async () => {
    expect(await outcomeOf(() => call(...right()))).not.toMatch(/^config_invalid|no error of Hopwise|^a hang/);
  });

  it(`${name} answers whatever stands in the place of an argument`, async () => {
    const most = right().length;
    const wrong: string[] = [];
    const asUsual = await outcomeOf(() => call(...right()));
    const look = (where: string, answer: string, isTaken: boolean): void => {
      // What is right may be refused for another reason, and what is as right is refused for the same.
      const isRight = isTaken ? answer === asUsual || /^taken$|^denied: /.test(answer) : REFUSED.test(answer);
      const isUnclear = where.startsWith("promise") && answer.startsWith("config_invalid") && !AWAIT.test(answer);
      if (!isRight || isUnclear) wrong.push(`${where}: ${answer}`);
    };
    for (let i = 0; i < most; i++) {
      for (const odd of ODDS) {
        const args = right().map((arg, at) => (at === i ? ODD[odd] : arg));
        const answer = await outcomeOf(() => call(...args));
        const isTaken = (takes[i] ?? []).some((one) => String(one) === String(odd));
        look(`${odd} as argument ${i + 1}`, answer, isTaken);
      }
    }
    const mayBeNone = takes[0]?.includes("none") || right().every((_, i) => takes[i]?.includes("nothing"));
    look("no argument", await outcomeOf(() => call()), mayBeNone);
    expect(wrong).toEqual([]);
  });
}

/** Walks over all functions of a door or an object. */
export function walkRows<T>(rows: ArgumentRows<T>): void {
  for (const [name, row] of Object.entries<ArgumentRow | string>(rows)) {
    if (typeof row !== "string") walkArguments(name, row);
  }
}
