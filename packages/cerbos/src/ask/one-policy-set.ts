import { setTimeout as delay } from "node:timers/promises";
import type { PolicyClient } from "./resilient.ts";
import { type Whole, withWhole } from "./with-whole.ts";

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
  return withWhole(
    client,
    async function (this: PolicyClient | undefined, ask, { signal = new AbortController().signal } = {}) {
      // A proxy of the client, or an object made of it, has this function, too: decisions would pass by what it has in the client's place.
      const own = this ?? client;
      let before: string | undefined;
      for (let times = 1; ; times++) {
        const { begun, isUnderWay } = changeover;
        const heard: Heard[] = [];
        const answers = await ask(isUnderWay ? hearing(own, heard) : own, signal);
        if (!isUnderWay && changeover.begun === begun) return answers;
        const now = isUnderWay ? textOf(heard) : undefined;
        if (now !== undefined && now === before) return answers;
        before = now;
        // An output can be another one each time, such as the time of day. Then this waits until the moment has passed.
        if (times > 3) await delay(50, undefined, { signal });
      }
    },
  );
}

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
  return JSON.stringify(
    heard.map(([question, answer]) => `${JSON.stringify(question)} ${JSON.stringify(answer, inOneOrder)}`).sort(),
  );
}

/** Cerbos gives actions, derived roles, and the members and places of outputs in another order each time. */
function inOneOrder(name: string, value: unknown): unknown {
  if (OF_ONE_REQUEST.has(name)) return undefined;
  if (typeof value !== "object" || value === null) return value;
  if (!Array.isArray(value)) return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  return WITHOUT_ORDER.has(name) ? value.map((one) => JSON.stringify(one, inOneOrder)).sort() : value;
}

/** What an answer says of its request alone. */
const OF_ONE_REQUEST: ReadonlySet<string> = new Set(["cerbosCallId", "cerbosPositions"]);
const WITHOUT_ORDER: ReadonlySet<string> = new Set(["effectiveDerivedRoles", "outputs", "validationErrors"]);
