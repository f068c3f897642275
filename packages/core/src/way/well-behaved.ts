import type { ErrorCode } from "../codes.ts";
import { HopwiseError } from "../errors.ts";
import { isThenable, quietly, settleInTime } from "../lib/index.ts";
import type { ToolEntry, ToolMap } from "../resource/index.ts";
import type { RevocationTarget, State } from "../state/index.ts";
import {
  isKeySource,
  type KeySource,
  type Nonces,
  type NonceTimes,
  type TrustAnchor,
  type TrustedKey,
} from "../token/index.ts";
import { unanswered } from "./in-time.ts";

/*
 * What a host program provides may throw, hang or talk nonsense. Here it is made to behave, once, when an authorizer is
 * made: it answers what its type says, in time, or it throws a HopwiseError with a code. Nothing behind this line has to
 * ask again. Directories, registries, sources, loaders, sinks and decision points are asked in one place each, which
 * sees to the same.
 */

/** A host's clock, in milliseconds: no time where it gives none. */
export function behavedClock(clock: () => number): () => number {
  return () => {
    try {
      const now: unknown = clock();
      if (typeof now === "number") return now;
      quietly(() => now);
    } catch {
      // It has no time.
    }
    return Number.NaN;
  };
}

/** Trust anchors whose key sources and rules for subjects behave. */
export function behavedTrust(trust: readonly TrustAnchor[], deadlineMs: number): readonly TrustAnchor[] {
  return trust.map((anchor) => {
    const { keys, subjects } = anchor;
    return {
      ...anchor,
      ...(isKeySource(keys) && { keys: behavedKeys(keys, deadlineMs) }),
      ...(typeof subjects === "function" && { subjects: behavedSubjects(subjects) }),
    };
  });
}

function behavedKeys(source: KeySource, deadlineMs: number): KeySource {
  return {
    find: async (kid) => {
      const found = await answerOf(deadlineMs, "issuer_keys_unavailable", "the issuer's source of keys", () =>
        source.find(kid),
      );
      if (isListOfKeys(found)) return found;
      throw new HopwiseError("issuer_keys_unavailable", "the issuer's source of keys gave no list of { kid, jwk }");
    },
  };
}

function isListOfKeys(found: unknown): found is readonly TrustedKey[] {
  return Array.isArray(found) && found.every((key) => typeof key?.kid === "string" && typeof key.jwk === "object");
}

function behavedSubjects(rule: (subject: string) => boolean): (subject: string) => boolean {
  return (subject) => {
    let answer: unknown;
    try {
      answer = rule(subject);
    } catch (cause) {
      throw new HopwiseError("guard_failed", "the rule of a trust anchor for subjects failed", { cause });
    }
    quietly(() => answer);
    // Nothing but true: a promise would count as an answer.
    return answer === true;
  };
}

/** Nonces that answer in time. */
export function behavedNonces(nonces: Nonces, deadlineMs: number): Nonces {
  const ask = <T>(run: () => Promise<T>): Promise<T> =>
    answerOf(deadlineMs, "state_unavailable", "the maker of nonces", run);
  return {
    issue: async (now) => {
      const nonce: unknown = await ask(() => nonces.issue(now));
      if (typeof nonce === "string" && nonce !== "") return nonce;
      throw new HopwiseError("state_unavailable", "the maker of nonces gave no text");
    },
    timesOf: async (nonce, now) => {
      const times: unknown = await ask(() => nonces.timesOf(nonce, now));
      if (times === undefined) return undefined;
      const { issuedAt, expiresAt } = Object(times) as NonceTimes;
      if (Number.isFinite(issuedAt) && Number.isFinite(expiresAt)) return { issuedAt, expiresAt };
      throw new HopwiseError("state_unavailable", "the maker of nonces gave no times of one");
    },
  };
}

/** Stores that answer what they were asked, in time. One in memory answers at once, without a promise or a timer. */
export function behavedState({ replay, revocations }: State, deadlineMs: number): State {
  const ask = <T>(what: string, run: () => unknown, read: (answer: unknown) => T): T | Promise<T> => {
    const inTimeThen = (given: () => unknown): Promise<T> =>
      answerOf(deadlineMs, "state_unavailable", `the store of ${what}`, given).then(read);
    let answer: unknown;
    try {
      answer = run();
    } catch (cause) {
      return inTimeThen(() => {
        throw cause;
      });
    }
    return isThenable(answer) ? inTimeThen(() => answer) : read(answer);
  };
  return {
    replay: {
      // Read anew each time: a store may learn it when it connects.
      get notBefore() {
        return replay.notBefore as never;
      },
      claim: (...claim) =>
        ask(
          "proofs",
          () => replay.claim(...claim),
          (first) => {
            if (typeof first === "boolean") return first;
            throw new HopwiseError("state_unavailable", "the store of proofs said neither true nor false");
          },
        ),
    },
    revocations: {
      find: (query) =>
        ask(
          "revocations",
          () => revocations.find(query),
          (target) => {
            if (target === undefined || target === null) return undefined;
            if (isTarget(target)) return target;
            throw new HopwiseError("state_unavailable", "the store of revocations gave something else than a target");
          },
        ),
    },
  };
}

const TARGETS = ["token", "key", "agent", "user"] as const;

function isTarget(value: unknown): value is RevocationTarget {
  return typeof value === "object" && value !== null && TARGETS.some((name) => Object.hasOwn(value, name));
}

/** A tool map whose functions give what their types say. */
export function behavedTools(tools: ToolMap): ToolMap {
  return Object.fromEntries(Object.entries(tools).map(([tool, entry]) => [tool, behavedEntry(entry)]));
}

function behavedEntry(entry: ToolEntry): ToolEntry {
  const { action, id } = entry;
  return {
    ...entry,
    ...(typeof action === "function" && { action: textBy(action, "action") }),
    ...(typeof id === "function" && { id: textBy(id, "id") }),
  };
}

function textBy<Args extends readonly unknown[]>(
  make: (...args: Args) => string,
  what: string,
): (...args: Args) => string {
  return (...args) => {
    let made: unknown;
    try {
      made = make(...args);
    } catch (cause) {
      throw new HopwiseError("context_unavailable", `the function that gives the tool map's ${what} failed`, { cause });
    }
    // An id may be empty or missing by the caller's arguments: that is judged where it is used.
    if (what === "id" && (made === undefined || made === "")) return "";
    if (typeof made === "string" && made !== "") return made;
    quietly(() => made);
    throw new HopwiseError("attributes_invalid", `the function that gives the tool map's ${what} gave no text`);
  };
}

/** Of a host's own errors, only one of the code that its faults have stands as it is: it may throw ours, too. */
async function answerOf<T>(
  deadlineMs: number,
  code: ErrorCode,
  what: string,
  run: () => T | PromiseLike<T>,
): Promise<T> {
  try {
    return await settleInTime(deadlineMs, run());
  } catch (cause) {
    throw cause instanceof HopwiseError && cause.code === code ? cause : unanswered(deadlineMs, code, what, cause);
  }
}
