import { CLOCK, choice, composed, flag, maybe, type Rows, whole } from "@hopwise/core/options";
import { unavailable } from "./faults.ts";

/** Options of {@link openSqlite}; `file` is required. */
export interface SqliteOptions {
  /** The path of the database, such as ./state.db. Made where it is missing; its folder must be there. */
  readonly file: string;
  /**
   * What outlives a power cut. `full`: all that was answered; each step waits for the disk. `normal`: the last steps before it may
   * be lost, so that proofs, budgets and requests for approval from before the machine's start are refused after it.
   * Revocations wait for the disk in any case.
   *
   * @defaultValue "full"
   */
  readonly synchronous?: "full" | "normal";
  /**
   * How long a step may wait for other processes that write, in milliseconds: less than the authorizer's `deadlineMs`.
   *
   * @defaultValue 800
   */
  readonly deadlineMs?: number;
  /**
   * The longest `limits.proofWindowSeconds` and `limits.skewSeconds` together of all authorizers on this file: so long a proof is remembered, and
   * a minute more. The file keeps it: another value at a later start is refused.
   *
   * @defaultValue 60
   */
  readonly longestWindowSeconds?: number;
  /**
   * Opens only a file that holds a state, for programs beside the servers: a wrong path is refused, and makes nothing. Where
   * `longestWindowSeconds` is left out, the file's own holds.
   *
   * @defaultValue false
   */
  readonly mustExist?: boolean;
  /** Most proofs remembered at once; beyond, calls are denied with `state_unavailable`. Default one million. */
  readonly maxProofs?: number;
  /** Most proofs of one root that are remembered at once, so that no agent fills the store for all. Default: a tenth of `maxProofs`. */
  readonly maxProofsOfRoot?: number;
  /** The same of one user. Default: a quarter of `maxProofs`. */
  readonly maxProofsOfUser?: number;
  /** The clock, in milliseconds since the epoch. */
  readonly clock?: () => number;
}

export const SQLITE_ROWS: Rows<SqliteOptions> = {
  file: composed("the path of a file, such as ./state.db", isPath),
  synchronous: maybe(choice("full", "normal")),
  deadlineMs: maybe(whole({ min: 1, max: 60_000, example: 800 })),
  longestWindowSeconds: maybe(whole({ min: 1, max: 7200, example: 60 })),
  mustExist: maybe(flag()),
  maxProofs: maybe(whole({ min: 1, max: 10_000_000, example: 1_000_000 })),
  maxProofsOfRoot: maybe(whole({ min: 1, max: 10_000_000, example: 100_000 })),
  maxProofsOfUser: maybe(whole({ min: 1, max: 10_000_000, example: 250_000 })),
  clock: maybe(CLOCK),
};

/** SQLite would keep the first in memory, and read the second as a URL with options of its own. */
function isPath(file: string): boolean {
  return file !== ":memory:" && !/^file:/i.test(file) && !file.includes("\0");
}

/** The options, whole. */
export interface Settings extends Omit<Required<SqliteOptions>, "longestWindowSeconds"> {
  /** Undefined is whatever the file has. */
  readonly longestWindowSeconds: number | undefined;
  /** The function as its callers type it. */
  readonly called: string;
}

export function settingsOf(called: string, options: SqliteOptions, absolute: string): Settings {
  const { maxProofs = 1_000_000, mustExist = false } = options;
  return {
    called,
    file: absolute,
    synchronous: options.synchronous ?? "full",
    deadlineMs: options.deadlineMs ?? 800,
    longestWindowSeconds: options.longestWindowSeconds ?? (mustExist ? undefined : 60),
    mustExist,
    maxProofs,
    maxProofsOfRoot: options.maxProofsOfRoot ?? Math.ceil(maxProofs / 10),
    maxProofsOfUser: options.maxProofsOfUser ?? Math.ceil(maxProofs / 4),
    clock: options.clock ?? Date.now,
  };
}

/** What its clock says, in seconds since the epoch. @throws {HopwiseError} `state_unavailable` */
export function secondsOf({ clock }: Settings): number {
  const milliseconds = clock();
  if (Number.isFinite(milliseconds)) return milliseconds / 1000;
  throw unavailable("the clock gave no time");
}
