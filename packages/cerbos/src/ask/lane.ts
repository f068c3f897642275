import { quietly } from "@hopwise/core/adapter";
import { attempt, type Bounds, type Outcome } from "./attempt.ts";
import { type Breaker, createBreaker } from "./breaker.ts";
import type { PolicyClient, ResilienceOptions } from "./resilient.ts";
import { manyRequests, oneRequest, type Requests } from "./under-way.ts";

/** What a target is asked. */
export interface Question<Answer> {
  readonly put: (client: PolicyClient, signal: AbortSignal) => Promise<Answer>;
  /** One request, or all of a decision. */
  readonly requests: "one" | "many";
}

/** A question under way at one target. */
export interface Asking<Answer> {
  readonly ended: Promise<Outcome<Answer>>;
  readonly requests: Pick<Requests, "lastSign">;
}

/** One client, and whether it is worth asking. */
export interface Lane {
  readonly breaker: Breaker;
  /** Its last fault was to be slower than another one. */
  readonly onlySlow: boolean;
  /** How many requests are under way at it. */
  readonly underWay: number;
  ask<Answer>(question: Question<Answer>, bounds: CallerBounds): Asking<Answer>;
}

type CallerBounds = Omit<Bounds, "isLong" | "isSilent" | "onEnd">;

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
  const breaker = createBreaker({ ...settings, onChange: (up) => quietly(() => settings.onChange?.({ index, up })) });
  let onlySlow = false;
  let lastAnswer = Number.NEGATIVE_INFINITY;
  let underWay = 0;
  const count = (change: number): void => {
    underWay += change;
  };
  const answered = (): void => {
    lastAnswer = performance.now();
  };
  const lane: Lane = {
    breaker,
    get onlySlow() {
      return onlySlow;
    },
    get underWay() {
      return underWay;
    },
    ask<Answer>({ put, requests: howMany }: Question<Answer>, bounds: CallerBounds) {
      const requests = (howMany === "one" ? oneRequest : manyRequests)(client, count, answered);
      // The call that tries a target must end as a success or a failure, even where its caller leaves at once.
      const trying = !breaker.up;
      const isLong = (): boolean => trying || performance.now() - requests.lastSign >= settings.patienceMs;
      const began = performance.now();
      // One that answered others meanwhile is there: who asks more than it can answer must not keep everybody's calls from it.
      const isSilent = (): boolean => trying || lastAnswer < began;
      const run = (): Promise<Outcome<Answer>> =>
        attempt(async (signal) => put(requests.client, signal), { ...bounds, isLong, isSilent, onEnd: requests.end });
      const shows = ({ verdict }: Outcome<Answer>) => {
        if (verdict === "answer" || verdict === "refused") answered();
        if (verdict !== "left" && verdict !== "full") onlySlow = verdict === "slow";
        if (verdict === "slow") return trying || othersUp(lane) ? "failure" : "neither";
        // Whoever tries a target and finds no room has not seen that it is there.
        if (verdict === "full") return trying ? "failure" : "neither";
        return COUNTS_AS[verdict];
      };
      return { ended: breaker.admits ? breaker.run(run, shows) : run(), requests }; // else as a last resort
    },
  };
  return lane;
}

const COUNTS_AS = {
  answer: "success",
  refused: "success",
  fault: "failure",
  left: "neither",
} as const;
