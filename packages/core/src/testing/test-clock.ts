import { isKind } from "../lib/index.ts";
import { argumentOf, millisecondsOf, mustBe, such } from "../options/index.ts";

/** A clock that a test sets. It gives milliseconds since the epoch, as every option `clock` wants them. */
export interface TestClock {
  (): number;
  /** Stops the clock at this time. */
  set(time: Date | number | string): void;
  /** Stops the clock so many seconds after what it shows now. */
  advance(seconds: number): void;
  /** Lets the clock show the real time again. */
  reset(): void;
}

const A_TIME = 'a time, such as "2026-03-01T09:00:00Z"';
const readTime = argumentOf<Date | number | string>(
  "set",
  "time",
  such(A_TIME, (time) => typeof time === "number" || typeof time === "string" || isKind(time, "Date")),
);

/**
 * Makes a clock that shows the real time until a test sets it. Then it stands still, so that a slow machine changes no
 * result.
 *
 * @example
 * ```ts
 * const clock = testClock();
 * clock.set("2026-03-01T09:00:00Z");
 * clock.advance(3600); // an hour later
 * ```
 */
export function testClock(): TestClock {
  let stopped: number | undefined;
  const now = (): number => stopped ?? Date.now();
  const stopAt = (time: number): void => {
    // A clock that shows no time denies every call, and the test would look for the reason elsewhere.
    if (Number.isNaN(new Date(time).getTime()))
      mustBe("testClock", "time", "a time that a Date can have, as a text with its zone", time);
    stopped = time;
  };
  return Object.assign(now, {
    set: (time: Date | number | string) => stopAt(millisecondsOf(readTime(time))),
    advance: (seconds: number) => {
      if (typeof seconds !== "number") mustBe("advance", "seconds", "a number of seconds, such as 3600", seconds);
      stopAt(now() + seconds * 1000);
    },
    reset: () => {
      stopped = undefined;
    },
  });
}
