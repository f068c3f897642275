import { HopwiseError } from "../errors.ts";
import { secondsBy } from "../options/index.ts";
import type { ApprovalStore, KeptRequest } from "./approvals.ts";
import { checkClocks } from "./clocks.ts";
import { readStep } from "./read-step.ts";

interface Kept {
  readonly text: string;
  readonly call: string;
  readonly until: number;
  readonly answers: Map<string, string>;
}

const MOST_REQUESTS = 100_000;
const MOST_ANSWERS = 64;

/** An {@link ApprovalStore} in memory, for one process: what waits is lost with it. */
export function memoryApprovals(clock: () => number, notBefore: number): ApprovalStore {
  const kept = new Map<string, Kept>();
  /** The newest request of each call. */
  const newest = new Map<string, string>();

  const living = (id: string | undefined): Kept | undefined => {
    const now = secondsBy(clock);
    const found = id === undefined ? undefined : kept.get(id);
    return found !== undefined && found.until > now ? found : undefined;
  };
  const find = (id: string | undefined): KeptRequest | undefined => {
    const found = living(id);
    return found && shown(id as string, found);
  };
  const latest = (call: string): KeptRequest | undefined => find(newest.get(call));

  return {
    notBefore,
    keep: (...given) => {
      const [{ id, call, after, text, untilSeconds, nowSeconds }] = readStep.keep(...given);
      const now = secondsBy(clock);
      checkClocks(now, nowSeconds);
      const there = latest(call)?.id;
      if (there !== undefined && there !== after) return there;
      if (living(id) !== undefined) return id;
      forgetEnded(kept, newest, now);
      if (kept.size >= MOST_REQUESTS)
        throw new HopwiseError("state_unavailable", `more than ${MOST_REQUESTS} requests wait`);
      kept.set(id, { text, call, until: untilSeconds, answers: new Map() });
      newest.set(call, id);
      return id;
    },
    find: (...given) => find(...readStep.find(...given)),
    latest: (...given) => latest(...readStep.latest(...given)),
    answer: (...given) => {
      const [{ id, key, text, nowSeconds }] = readStep.answer(...given);
      checkClocks(secondsBy(clock), nowSeconds);
      const found = living(id);
      if (found === undefined) return "gone";
      if (found.answers.has(key)) return "known";
      if (found.answers.size >= MOST_ANSWERS) {
        throw new HopwiseError("state_unavailable", `more than ${MOST_ANSWERS} people answered one request`);
      }
      found.answers.set(key, text);
      return "kept";
    },
    list: (...given) => {
      const [most] = readStep.list(...given);
      const now = secondsBy(clock);
      const all = [...kept].filter(([, { until }]) => until > now).slice(0, most);
      return all.map((one) => shown(...one));
    },
  };
}

function forgetEnded(kept: Map<string, Kept>, newest: Map<string, string>, now: number): void {
  for (const [id, { until, call }] of kept) {
    if (until > now) continue;
    kept.delete(id);
    if (newest.get(call) === id) newest.delete(call);
  }
}

function shown(id: string, { text, answers }: Kept): KeptRequest {
  return { id, text, answers: [...answers.values()] };
}
