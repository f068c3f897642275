import { setTimeout as delay } from "node:timers/promises";
import type { PolicyClient } from "./resilient.ts";

/** When a PDP goes over from one set of policies to the next. */
export interface Changeover {
  /** How many began. */
  readonly begun: number;
  /** Whether the PDP may be in the middle of one. */
  readonly isUnderWay: boolean;
  /** Does what makes the PDP go over. */
  through<T>(load: () => Promise<T>): Promise<T>;
}

/**
 * Cerbos says that it has loaded policies once it has read them, and goes over to them a moment later. From then on until it
 * did, it answers nothing, so all that has to pass is the time until it begins.
 */
const BEGINS_WITHIN_MS = 500;

export function createChangeover(beginsWithinMs: number = BEGINS_WITHIN_MS): Changeover {
  let [begun, loading, until] = [0, 0, Number.NEGATIVE_INFINITY];
  return {
    get begun() {
      return begun;
    },
    get isUnderWay() {
      return loading > 0 || performance.now() < until;
    },
    async through(load) {
      begun++;
      loading++;
      try {
        return await load();
      } finally {
        loading--;
        until = performance.now() + beginsWithinMs;
      }
    },
  };
}

/**
 * Puts all questions of a decision to one set of policies: the answers of two together could allow what neither allows. Each
 * question is answered by one set, but several requests, and several questions in one, may be answered on both sides of the
 * moment in which a PDP goes over to the next.
 *
 * So a decision that may have met that moment is asked again until two times in a row gave the same: there is one such
 * moment, and at least one of the two was wholly on one side of it.
 *
 * @returns the same client, which can ask so
 */
export function onePolicySet<Client extends PolicyClient>(client: Client, changeover: Changeover): Client & Whole {
  const whole: Whole["whole"] = async (ask, { signal = new AbortController().signal } = {}) => {
    let before: string | undefined;
    for (let times = 1; ; times++) {
      const { begun, isUnderWay } = changeover;
      const heard: Heard[] = [];
      const answers = await ask(isUnderWay ? hearing(client, heard) : client, signal);
      if (!isUnderWay && changeover.begun === begun) return answers;
      const now = isUnderWay ? textOf(heard) : undefined;
      if (now !== undefined && now === before) return answers;
      before = now;
      // An output can be another one each time, such as the time of day. Then this waits until the moment has passed.
      if (times > 3) await delay(50, undefined, { signal });
    }
  };
  // Not copied by `{ ...client, checkResources: own }`: decisions would pass by what was put in its place.
  return Object.defineProperty(client, "whole", { value: whole }) as Client & Whole;
}

type Whole = Required<Pick<PolicyClient, "whole">>;

type Heard = readonly [question: object, answer: object | undefined];

/** The same client, of which is noted what it is asked and answers. */
function hearing(client: PolicyClient, heard: Heard[]): PolicyClient {
  const noting = async <Answer extends object>(question: object, asked: Promise<Answer>): Promise<Answer> => {
    const [answered] = await Promise.allSettled([asked]);
    heard.push([question, answered.status === "fulfilled" ? answered.value : undefined]);
    return asked;
  };
  return {
    checkResources: (request, options) => noting(request, client.checkResources(request, options)),
    planResources: (request, options) => noting(request, client.planResources(request, options)),
  };
}

/** The same for the same questions with the same answers, in whatever order they came. */
function textOf(heard: readonly Heard[]): string {
  const ofAnswer = (name: string, value: unknown): unknown => (OF_ONE_REQUEST.has(name) ? undefined : value);
  return JSON.stringify(
    heard.map(([question, answer]) => `${JSON.stringify(question)} ${JSON.stringify(answer, ofAnswer)}`).sort(),
  );
}

/** What an answer says of its request alone. */
const OF_ONE_REQUEST: ReadonlySet<string> = new Set(["cerbosCallId", "cerbosPositions"]);
