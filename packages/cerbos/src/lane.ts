import { attempt, type Bounds, type Outcome } from "./attempt.ts";
import { type Breaker, createBreaker } from "./breaker.ts";
import type { PolicyClient, ResilienceOptions } from "./resilient.ts";
import { tell } from "./tell.ts";
import { countRequests } from "./under-way.ts";

/** What a target is asked: one request, or all of one decision. */
export type Question<Answer> = (client: PolicyClient, signal: AbortSignal) => Promise<Answer>;

/** A question under way at one target. */
export interface Asking<Answer> {
  readonly ended: Promise<Outcome<Answer>>;
  /** When the target last gave a sign: at the beginning, and with each answer to one of its requests. */
  readonly lastSign: number;
}

/** One client, and whether it is worth asking. */
export interface Lane {
  readonly breaker: Breaker;
  /** Its last fault was to be slower than another one. */
  readonly onlySlow: boolean;
  /** How many requests are under way at it. */
  readonly underWay: number;
  ask<Answer>(question: Question<Answer>, bounds: Omit<Bounds, "isLong">): Asking<Answer>;
}

/** All options of `resilient`. */
export type Settings = Required<Omit<ResilienceOptions, "onChange">> & {
  readonly onChange: ResilienceOptions["onChange"] | undefined;
};

/** @param othersUp whether another one is up: the last one is not left alone for being slow */
export function createLane(
  client: PolicyClient,
  index: number,
  settings: Settings,
  othersUp: (lane: Lane) => boolean,
): Lane {
  const breaker = createBreaker({
    ...settings,
    onChange: (up) => void tell(settings.onChange, { index, up }),
  });
  let onlySlow = false;
  let underWay = 0;
  const lane: Lane = {
    breaker,
    get onlySlow() {
      return onlySlow;
    },
    get underWay() {
      return underWay;
    },
    ask<Answer>(question: Question<Answer>, bounds: Omit<Bounds, "isLong">) {
      const requests = countRequests(client, (change) => {
        underWay += change;
      });
      // The call that tries a target must end as a success or a failure, even where its caller leaves at once.
      const trying = !breaker.up;
      const isLong = (): boolean => trying || performance.now() - requests.lastSign >= settings.patienceMs;
      const run = async (): Promise<Outcome<Answer>> => {
        const outcome = await attempt(async (signal) => question(requests.client, signal), { ...bounds, isLong });
        requests.end();
        return outcome;
      };
      const counts = ({ verdict }: Outcome<Answer>) => {
        if (verdict !== "left") onlySlow = verdict === "slow";
        if (verdict === "slow") return trying || othersUp(lane) ? "failure" : "neither";
        return COUNTS_AS[verdict];
      };
      return {
        ended: breaker.admits ? breaker.run(run, counts) : run(), // else as a last resort
        get lastSign() {
          return requests.lastSign;
        },
      };
    },
  };
  return lane;
}

const COUNTS_AS = { answer: "success", refused: "success", fault: "failure", left: "neither" } as const;
