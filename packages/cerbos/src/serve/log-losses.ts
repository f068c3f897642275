import type { Health } from "@hopwise/core/state";

/** What Cerbos says of records that it could not write to its decision log. */
export interface LogLosses {
  /** Takes a line that Cerbos printed. */
  read(line: string): void;
  /** Undefined while it is well. Cerbos does not say when it can write again, so until nothing was lost for a minute. */
  readonly health: Health | undefined;
}

/**
 * As Cerbos' own logger says it, in plain text and nowhere else. Its log of what it does cannot be meant: it is by a pipe, by
 * which this line came.
 */
const LOST = /^\S.* write error: (.+)/;
const LONGEST_CAUSE = 300;
const OVER_AFTER_MS = 60_000;

/**
 * Cerbos goes on deciding without its decision log: on a full disk it loses records, and nobody is told but by a line among
 * others.
 *
 * @param onLoss is told of the first record that is lost, each time that it begins
 */
export function watchLosses(onLoss: (problem: string) => void, now: () => number = () => performance.now()): LogLosses {
  let last: { readonly problem: string; readonly at: number } | undefined;
  const problem = (): string | undefined =>
    last !== undefined && now() - last.at < OVER_AFTER_MS ? last.problem : undefined;
  return {
    read(line) {
      // All else that it prints is JSON, and may quote a caller.
      const cause = line.startsWith("{") ? undefined : LOST.exec(line)?.[1]?.slice(0, LONGEST_CAUSE);
      if (cause === undefined) return;
      const text = `Cerbos' decision log loses records, and calls are decided on: ${cause}`;
      if (problem() === undefined) onLoss(text);
      last = { problem: text, at: now() };
    },
    get health() {
      const now = problem();
      return now === undefined ? undefined : { ok: false, problem: now };
    },
  };
}
