import { HopwiseError } from "../errors.ts";
import { secondsBy } from "../options/index.ts";
import type { ApprovalStore, KeptRequest } from "./approvals.ts";
import { checkClocks } from "./clocks.ts";
import { createLapsing } from "./lapsing.ts";
import { readStep } from "./read-step.ts";
import { STORE_LIMITS } from "./store-limits.ts";

interface Kept {
  readonly text: string;
  readonly call: string;
  readonly until: number;
  readonly answers: Map<string, string>;
}

/** An {@link ApprovalStore} in memory, for one process: what waits is lost with it. */
export function memoryApprovals(clock: () => number, notBefore: number): ApprovalStore {
  const waiting = createWaiting(clock);
  const find = (id: string | undefined): KeptRequest | undefined => {
    const found = waiting.find(id);
    return found && shown(id as string, found);
  };
  const latest = (call: string): KeptRequest | undefined => find(waiting.newestOf(call));

  return {
    notBefore,
    keep: (...given) => {
      const [{ id, call, after, text, untilSeconds, nowSeconds }] = readStep.keep(...given);
      checkClocks(waiting.now(), nowSeconds);
      const there = latest(call)?.id;
      if (there !== undefined && there !== after) return there;
      if (waiting.find(id) === undefined) waiting.add(id, { text, call, until: untilSeconds, answers: new Map() });
      return id;
    },
    find: (...given) => find(...readStep.find(...given)),
    latest: (...given) => latest(...readStep.latest(...given)),
    answer: (...given) => {
      const [{ id, key, text, nowSeconds }] = readStep.answer(...given);
      checkClocks(waiting.now(), nowSeconds);
      const found = waiting.find(id);
      if (found === undefined) return "gone";
      if (found.answers.has(key)) return "known";
      if (found.answers.size >= STORE_LIMITS.answers) {
        throw new HopwiseError("state_unavailable", `more than ${STORE_LIMITS.answers} people answered one request`);
      }
      found.answers.set(key, text);
      return "kept";
    },
    list: (...given) => {
      return waiting.list(...readStep.list(...given)).map((one) => shown(...one));
    },
  };
}

/** Requests until they lapse, and which is the newest of a call. */
interface Waiting {
  /** The time, for each step: what has lapsed by then is gone for good, also where the clock goes back. */
  now(): number;
  find(id: string | undefined): Kept | undefined;
  newestOf(call: string): string | undefined;
  /** @throws {HopwiseError} `state_unavailable` where there are too many */
  add(id: string, request: Kept): void;
  /** The oldest first, of those after one. */
  list(most: number, after: string | undefined): readonly (readonly [id: string, request: Kept])[];
}

function createWaiting(clock: () => number): Waiting {
  const kept = new Map<string, Kept>();
  const newest = new Map<string, string>();
  const lapsing = createLapsing((id, second) => {
    const found = kept.get(id);
    // One of that id may have been kept anew.
    if (found === undefined || found.until > second) return;
    kept.delete(id);
    if (newest.get(found.call) === id) newest.delete(found.call);
  });
  const now = (): number => {
    const seconds = secondsBy(clock);
    lapsing.forget(seconds);
    return seconds;
  };
  return {
    now,
    find(id) {
      const at = now();
      const found = id === undefined ? undefined : kept.get(id);
      return found !== undefined && found.until > at ? found : undefined;
    },
    newestOf: (call) => newest.get(call),
    add(id, request) {
      if (kept.size >= STORE_LIMITS.requests)
        throw new HopwiseError("state_unavailable", `more than ${STORE_LIMITS.requests} requests wait`);
      kept.set(id, request);
      newest.set(request.call, id);
      lapsing.add(id, request.until);
    },
    list(most, after) {
      const at = now();
      const living = [...kept].filter(([, { until }]) => until > at);
      const from = living.findIndex(([id]) => id === after) + 1;
      return living.slice(from, from + most);
    },
  };
}

function shown(id: string, { text, answers }: Kept): KeptRequest {
  return { id, text, answers: [...answers.values()] };
}
