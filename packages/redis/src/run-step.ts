import { performance } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { HopwiseError } from "@hopwise/core";
import type { Connected } from "./connect.ts";
import { isBroken, isClosed, isOffline, offlineWordsOf, unavailable, wordsOf } from "./faults.ts";
import type { Tag } from "./keys.ts";
import { runScript, type Script } from "./script.ts";
import { Missed, type Trips } from "./trips.ts";
import { Misconfigured, type Watch } from "./watch.ts";

/** One script on one server. */
export interface Step {
  readonly tag: Tag;
  readonly script: Script;
  readonly keys: readonly string[];
  readonly args: readonly string[];
  /** Whether it counts once, so that it may be asked again where the connection broke. */
  readonly once?: true;
}

/** What a step stands on. */
export interface Ground {
  /** Whether what is known of the server suffices; else it is looked at first. */
  isKnown(): boolean;
  /** The arguments of now: what is known changes with each look. */
  args(): readonly string[];
}

/** How often a step is asked again after a look. Lives change one after the other, but not all the time. */
const MOST_LOOKS = 4;
const PAUSE_MS = 20;
/** So long nobody looks again at servers that are set up wrongly. */
const WRONG_MS = 1000;

/** Makes the one function that runs steps: at once where all is known, and within the deadline. It throws whatever came. */
export function runnerOf({ line }: Connected, trips: Trips, watch: Watch, deadlineMs: number) {
  const makeReady = async (tag: Tag, endsAt: number): Promise<void> => {
    const { problem } = watch;
    if (problem !== undefined && performance.now() - problem.at < WRONG_MS) throw new Misconfigured(problem.words);
    const wrong = await trips.wait(endsAt, watch.look());
    if (watch.problem !== undefined) throw new Misconfigured(watch.problem.words);
    if (wrong.has(tag)) throw wrong.get(tag);
  };

  return async ({ tag, script, keys, once }: Step, { isKnown, args }: Ground): Promise<unknown> => {
    const endsAt = performance.now() + deadlineMs;
    let broke = false;
    for (let looks = 0; looks < MOST_LOOKS; ) {
      try {
        if (looks > 0 || watch.problem !== undefined || !isKnown()) await makeReady(tag, endsAt);
        const send = (): Promise<unknown> => runScript(line, tag, script, keys, args());
        const answer = await trips.go(line.connectionOf(tag), endsAt, send);
        if (!Array.isArray(answer) || answer[0] !== "life") return answer;
        looks++;
      } catch (error) {
        broke ||= isBroken(error);
        const isGone = broke && (isBroken(error) || isOffline(error));
        if (!(once && isGone && performance.now() + PAUSE_MS < endsAt)) throw error;
        await delay(PAUSE_MS);
      }
    }
    throw new Misconfigured("changes its life again and again: is it one server?");
  };
}

/** What was thrown, as an error of `state_unavailable` that says what is wrong. */
export function faultOf({ line, lastError }: Connected, error: unknown): HopwiseError {
  if (error instanceof HopwiseError) return error;
  const isOurs = error instanceof Missed || error instanceof Misconfigured;
  const isAway = isOffline(error) || (isClosed(error) && lastError() !== undefined);
  const words = isOurs ? error.message : isAway ? offlineWordsOf(lastError()) : wordsOf(error);
  return unavailable(`${line.name} ${words}`, error);
}
