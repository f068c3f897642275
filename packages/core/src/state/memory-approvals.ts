import { HopwiseError } from "../errors.ts";
import { secondsBy } from "../options/index.ts";
import type { ApprovalStore, KeptRequest } from "./approvals.ts";
import { checkClocks } from "./clocks.ts";
import { createLapsing } from "./lapsing.ts";
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
  const { kept, newest, lapsing } = requestsUntilTheyEnd();
  /** The time, at each step: what has lapsed by then is gone for good, also where the clock goes back. */
  const nowFor = (): number => {
    const now = secondsBy(clock);
    lapsing.forget(now);
    return now;
  };

  const living = (id: string | undefined): Kept | undefined => {
    const now = nowFor();
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
      checkClocks(nowFor(), nowSeconds);
      const there = latest(call)?.id;
      if (there !== undefined && there !== after) return there;
      if (living(id) !== undefined) return id;
      if (kept.size >= MOST_REQUESTS)
        throw new HopwiseError("state_unavailable", `more than ${MOST_REQUESTS} requests wait`);
      kept.set(id, { text, call, until: untilSeconds, answers: new Map() });
      newest.set(call, id);
      lapsing.add(id, untilSeconds);
      return id;
    },
    find: (...given) => find(...readStep.find(...given)),
    latest: (...given) => latest(...readStep.latest(...given)),
    answer: (...given) => {
      const [{ id, key, text, nowSeconds }] = readStep.answer(...given);
      checkClocks(nowFor(), nowSeconds);
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
      const now = nowFor();
      const all = [...kept].filter(([, { until }]) => until > now).slice(0, most);
      return all.map((one) => shown(...one));
    },
  };
}

function requestsUntilTheyEnd() {
  const kept = new Map<string, Kept>();
  /** The newest request of each call. */
  const newest = new Map<string, string>();
  const lapsing = createLapsing((id, second) => {
    const found = kept.get(id);
    // One of that id may have been kept anew.
    if (found === undefined || found.until > second) return;
    kept.delete(id);
    if (newest.get(found.call) === id) newest.delete(found.call);
  });
  return { kept, newest, lapsing };
}

function shown(id: string, { text, answers }: Kept): KeptRequest {
  return { id, text, answers: [...answers.values()] };
}
