import { defined, isListOf } from "../lib/index.ts";
import type { RevocationTarget } from "./revocation.ts";
import type { LogEntry } from "./revocation-log.ts";
import { type Revocation, readRevocation } from "./revocation-rules.ts";
import { unreadable } from "./unreadable.ts";

/** Who said that something is revoked, or lifted: for the record. */
export type RevokedBy =
  /** Whoever runs the enforcement point, with a name where the program gave one. */
  | { readonly operator: string }
  | { readonly issuer: string }
  /** The agent that holds a token of the chain; `hop` is 1 for the first. */
  | { readonly agent: string; readonly hop: number };

/** One entry of the log, as the core reads it: something is revoked, or was lifted. */
export interface RevocationEntry {
  readonly id: string;
  /** Seconds since the epoch. */
  readonly atSeconds: number;
  readonly target: RevocationTarget;
  /** The ids of the entries that this one lifts: those of its target that its writer knew. Left out: it revokes. */
  readonly lifts?: readonly string[];
  readonly untilSeconds?: number;
  readonly by: RevokedBy;
  /** Why, for the record. */
  readonly reason?: string;
  /** What the entry takes a part of, so that nobody fills the log for all: see {@link acceptRevocations}. */
  readonly countsFor?: readonly string[];
}

/** The text of an entry as a store keeps it. */
export function entryText({ id: _, ...entry }: RevocationEntry): string {
  return JSON.stringify({ version: 1, ...entry });
}

/**
 * Reads an entry that a store kept. One that cannot be read may revoke anything, so nothing is told before it can be.
 *
 * @throws {HopwiseError} `state_unavailable`
 */
export function readEntry({ id, text, untilSeconds }: LogEntry): RevocationEntry {
  try {
    const kept = JSON.parse(text) as RevocationEntry & { version: number };
    const { version, atSeconds, target, lifts, untilSeconds: _, by, reason, countsFor, ...unknown } = kept;
    // What a later version says besides may change what the entry means: a lift of a part would be read as one of all.
    const isKnown = version === 1 && Number.isFinite(atSeconds) && Object.keys(unknown).length === 0;
    if (!isKnown) throw new Error("it is of another version");
    if (!areTexts(lifts) || !areTexts(countsFor)) throw new Error("it has no lists of texts");
    if (!isWriter(by) || !["string", "undefined"].includes(typeof reason)) throw new Error("it says nobody, or no why");
    const revocation: Revocation = readRevocation(target, untilSeconds, 0);
    return { id, atSeconds, ...revocation, by, ...defined({ lifts, reason, countsFor }) };
  } catch (cause) {
    throw unreadable("an entry of the log of revocations", cause);
  }
}

function isWriter(by: unknown): boolean {
  const { operator, issuer, agent, hop } = Object(by) as { readonly [name: string]: unknown };
  const [name, ...others] = [operator, issuer, agent].filter((it) => it !== undefined);
  return typeof name === "string" && others.length === 0 && (agent === undefined || Number.isSafeInteger(hop));
}

function areTexts(value: unknown): boolean {
  return value === undefined || isListOf(value, (text) => typeof text === "string");
}
