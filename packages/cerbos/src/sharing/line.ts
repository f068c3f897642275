import { onceAborted } from "@hopwise/core/adapter";
import { callerLeft, noRoom, type PolicyClient } from "../ask/index.ts";
import { askTogether } from "./ask-together.ts";
import { type Asker, createAsker } from "./asker.ts";
import {
  type Check,
  type CheckOptions,
  type CheckRequest,
  type CheckResponse,
  commonOf,
  type Form,
  formOf,
} from "./form.ts";
import { createGroups, type Group } from "./groups.ts";
import type { SharingOptions } from "./share-requests.ts";
import { createTurns } from "./turns.ts";

type Asked = Pick<PolicyClient, "checkResources" | "planResources">;

/** Cerbos' limit of resources in a request. */
const MOST_ENTRIES = 50;
/** A quarter of the largest message that Cerbos takes. */
const MOST_BYTES = 1024 * 1024;

/** How many requests that nothing can share are under way: as many as keep some twenty cores busy. */
const MOST_ALONE = 32;

/**
 * Lets questions wait for each other. A question goes at once while few requests are under way, or none about its
 * principal: waiting would not let it share. Otherwise it goes with the next request about its principal, oldest first.
 * What can share no request waits for its turn.
 *
 * @param client puts one request to the policy decision point
 */
export function createLine(client: Asked, settings: Required<SharingOptions>): Asked {
  const groups = createGroups(settings.requestsUnderWay);
  const turns = createTurns(MOST_ALONE);
  const enter = createRoom(settings.mostWaiting);
  /** The only way to ask: each request ends with its callers, and with it what it takes of the line. */
  const put: Check = (request, options) => untilLeft(client.checkResources(request, options), options);
  const single: Check = (request, options) => groups.run(undefined, () => put(request, options));
  const alone: Check = (request, options) => turns.go(userOf(request), options?.signal, () => single(request, options));

  function send(group: Group): void {
    while (groups.mayGo(group) && group.waiting.size > 0) {
      const askers = take(group, settings.questionsInOne);
      void groups.run(group, () => askTogether(askers, commonOf(group.form.key()), { together: put, alone }));
    }
  }
  groups.onEnd = send;

  function ask(user: string, form: Form, ...[request, options]: Parameters<Check>): Promise<CheckResponse> {
    const group = groups.of(`${request.principal.id} ${user}`, form);
    if (groups.mayGo(group)) return groups.run(group, () => put(request, options));
    return new Promise((resolve, reject) => {
      const asker = createAsker({ request, options, form }, { resolve, reject });
      asker.onLeave = () => void group.waiting.delete(asker);
      group.waiting.add(asker);
    });
  }

  return {
    checkResources: (request, options) => {
      const user = userOf(request);
      return enter(user, options?.signal, () => {
        const form = formOf(request, options);
        return form === undefined ? alone(request, options) : ask(user, form, request, options);
      });
    },
    planResources: async (request, options) => {
      const user = userOf(request);
      const plan = (): ReturnType<Asked["planResources"]> => untilLeft(client.planResources(request, options), options);
      return enter(user, options?.signal, () => turns.go(user, options?.signal, plan));
    },
  };
}

/**
 * How many may be without an answer: each further one is refused. So is one of a user of whose questions as many are without one as
 * there is room left. So one user takes half of it, two of them two thirds: however many ask too much, some is left for the others.
 */
function createRoom(most: number) {
  const unanswered = new Map<string, number>();
  let all = 0;
  const count = (user: string, change: 1 | -1): void => {
    const own = (unanswered.get(user) ?? 0) + change;
    if (own === 0) unanswered.delete(user);
    else unanswered.set(user, own);
    all += change;
  };
  return async <Answer>(user: string, caller: AbortSignal | undefined, ask: () => Promise<Answer>): Promise<Answer> => {
    if (caller?.aborted) throw callerLeft(caller);
    const own = unanswered.get(user) ?? 0;
    const free = most - all;
    if (free <= 0) throw noRoom(`${most} ${WAIT}: it is slower than they come`);
    if (own >= free) throw noRoom(`${own} ${WAIT}, all for one user: what room is left is for others`);
    count(user, 1);
    try {
      return await ask();
    } finally {
      count(user, -1);
    }
  };
}

const WAIT = "questions wait for the policy decision point already";

/**
 * For whom is asked. Whoever holds a chain makes principals as many as they like, by handing it to and fro; its user stays the same.
 * What cannot be written down is refused by the client.
 */
function userOf({ principal }: { readonly principal: unknown }): string {
  try {
    const { delegation } = Object((principal as CheckRequest["principal"]).attr);
    const { issuer, id } = Object(Object(delegation).user);
    return JSON.stringify(id === undefined ? [principal] : [issuer, id]);
  } catch {
    return "";
  }
}

/**
 * As many as one request holds. What is asked in it already takes no room, but for the asker's name; and as it is asked singly
 * but once where one of them is bad, so it counts once.
 */
function take({ waiting }: Group, questionsInOne: number): readonly [Asker, ...Asker[]] {
  const taken: Asker[] = [];
  const questions = new Set<string>();
  const entries = new Set<string>();
  let bytes = 0;
  for (const asker of waiting) {
    const { nameSize, entrySizes, commonSize } = asker.form;
    bytes += taken.length === 0 ? nameSize + commonSize : nameSize;
    asker.entries.forEach((entry, i) => {
      if (!entries.has(entry)) bytes += entrySizes[i] as number;
      entries.add(entry);
    });
    questions.add(asker.question);
    const tooMany = questions.size > questionsInOne || entries.size > MOST_ENTRIES || bytes > MOST_BYTES;
    if (tooMany && taken.length > 0) break;
    waiting.delete(asker);
    taken.push(asker);
  }
  return taken as [Asker, ...Asker[]];
}

/** A client may not listen to its signal, and would then seem to be asked for ever. */
function untilLeft<Answer>(answer: Promise<Answer>, { signal }: CheckOptions = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const end = onceAborted(signal, () => reject(callerLeft(signal)));
    const ended =
      <Given>(settle: (given: Given) => void) =>
      (given: Given): void => {
        end();
        settle(given);
      };
    answer.then(ended(resolve), ended(reject));
  });
}
