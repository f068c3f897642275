import { HopwiseError } from "../errors.ts";
import { secondsBy } from "../options/index.ts";
import type { ApprovalStore } from "./approvals.ts";
import { checkClocks } from "./clocks.ts";
import { readStep } from "./read-step.ts";

interface Kept {
  readonly text: string;
  readonly until: number;
  readonly answers: Map<string, string>;
}

const MOST_REQUESTS = 100_000;
const MOST_ANSWERS = 64;

/** An {@link ApprovalStore} in memory, for one process: what waits is lost with it. */
export function memoryApprovals(clock: () => number, notBefore: number): ApprovalStore {
  const kept = new Map<string, Kept>();

  const living = (id: string): Kept | undefined => {
    const now = secondsBy(clock);
    const found = kept.get(id);
    return found !== undefined && found.until > now ? found : undefined;
  };
  const forget = (now: number): void => {
    for (const [id, { until }] of kept) if (until <= now) kept.delete(id);
    if (kept.size >= MOST_REQUESTS)
      throw new HopwiseError("state_unavailable", `more than ${MOST_REQUESTS} requests wait`);
  };

  return {
    notBefore,
    keep: (...given) => {
      const [{ id, text, untilSeconds, nowSeconds }] = readStep.keep(...given);
      const now = secondsBy(clock);
      checkClocks(now, nowSeconds);
      if (living(id) !== undefined) return;
      forget(now);
      kept.set(id, { text, until: untilSeconds, answers: new Map() });
    },
    find: (...given) => {
      const [id] = readStep.find(...given);
      const found = living(id);
      return found && { id, text: found.text, answers: [...found.answers.values()] };
    },
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
      return all.map(([id, { text, answers }]) => ({ id, text, answers: [...answers.values()] }));
    },
  };
}
