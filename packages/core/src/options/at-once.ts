import { HopwiseError } from "../errors.ts";
import { isThenable, quietly } from "../lib/index.ts";

/*
 * Functions of a host that are asked where nobody waits. An ordinary function may give a promise, too: that is no answer,
 * whatever becomes of it. Taken for one it would be true; and where it rejects, Node ends a process in which nobody looks.
 * Each is made to behave where it is read, so that nothing behind has to ask.
 */

/**
 * The same function, which gives its answer at once.
 *
 * @param what it is, in words
 * @returns a function that throws `attributes_invalid` in place of a promise, and whatever the host's own throws
 */
export function answeringAtOnce<Args extends readonly unknown[], Answer>(
  run: (...args: Args) => Answer,
  what: string,
): (...args: Args) => Answer {
  return function (this: unknown, ...args: Args): Answer {
    const answer: Answer = Reflect.apply(run, this, args);
    if (!isThenable(answer)) return answer;
    quietly(() => answer);
    throw new HopwiseError("attributes_invalid", `${what}, must answer at once, and gave a promise`);
  };
}

/**
 * Whether a time that should be in milliseconds is one of our days in seconds (2001 to 2286). In milliseconds these are some
 * weeks of 1970: by such a clock no chain would ever be over.
 */
export function isInSeconds(milliseconds: number): boolean {
  return milliseconds >= 1e9 && milliseconds < 1e10;
}

/** As milliseconds this lies in the year 5138; as microseconds, in 1973. */
const NO_MILLISECONDS = 1e14;

function isTime(given: unknown): given is number {
  return typeof given === "number" && given >= 0 && given < NO_MILLISECONDS && !isInSeconds(given);
}

/** A host's clock: no time (`NaN`) where it gives none, or gives seconds or microseconds. */
export function behavedClock(clock: () => number): () => number {
  const tell = answeringAtOnce<[], unknown>(clock, "a clock");
  return () => {
    try {
      const now = tell();
      return isTime(now) ? now : Number.NaN;
    } catch {
      return Number.NaN;
    }
  };
}

/**
 * What a clock says, in seconds since the epoch, with their fraction. Without a time every comparison with it would be
 * false, also those that refuse.
 *
 * @param clock a host's, made to behave
 * @param called the function whose option it is, where its caller gets the error
 * @throws {HopwiseError} `state_unavailable`; `config_invalid` of a function that was called with it
 */
export function secondsBy(clock: () => number, called?: string): number {
  return timeBy(clock, called) / 1000;
}

/** The same in whole milliseconds. */
export function millisecondsBy(clock: () => number, called?: string): number {
  return Math.floor(timeBy(clock, called));
}

/** A clock in seconds, of one in milliseconds; each time as {@link secondsBy} says it. */
export function inSeconds(clock: () => number): () => number {
  return () => secondsBy(clock);
}

function timeBy(clock: () => number, called: string | undefined): number {
  const milliseconds = clock();
  if (Number.isFinite(milliseconds)) return milliseconds;
  if (called === undefined)
    throw new HopwiseError("state_unavailable", "the clock gave no time in milliseconds since the epoch");
  const message = `${called}: the clock gave no time; give one that gives milliseconds, not seconds, since the epoch, such as Date.now`;
  throw new HopwiseError("config_invalid", message, { pointer: "/clock" });
}

/** A host's rule: it says yes by nothing but true. @throws {HopwiseError} `guard_failed` where it fails */
export function behavedRule<Args extends readonly unknown[]>(
  rule: (...args: Args) => unknown,
  what: string,
): (...args: Args) => boolean {
  return (...args) => {
    let answer: unknown;
    try {
      answer = rule(...args);
    } catch (cause) {
      throw new HopwiseError("guard_failed", `${what} failed`, { cause });
    }
    if (answer === true) return true;
    quietly(() => answer);
    return false;
  };
}
