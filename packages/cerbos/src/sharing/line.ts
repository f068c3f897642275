import { callerLeft, noRoom } from "../ask/index.ts";
import { askTogether } from "./ask-together.ts";
import { type Asker, createAsker } from "./asker.ts";
import { type Check, type CheckOptions, type CheckResponse, commonOf, type Form, formOf } from "./form.ts";
import { createGroups, type Group } from "./groups.ts";
import { createLeaving, type Leaving } from "./leaving.ts";

export interface LineSettings {
  readonly requestsUnderWay: number;
  readonly questionsInOne: number;
  readonly mostWaiting: number;
}

/** Cerbos' limit of resources in a request. */
const MOST_ENTRIES = 50;
/** A quarter of the largest message that Cerbos takes. */
const MOST_BYTES = 1024 * 1024;

/**
 * Lets questions wait for each other. A question goes at once while few requests are under way, or none about its
 * principal: waiting would not let it share. Otherwise it goes with the next request about its principal, oldest first.
 *
 * @param client puts one request to the policy decision point
 */
export function createLine(client: Check, settings: LineSettings): Check {
  const groups = createGroups(settings.requestsUnderWay);
  let unanswered = 0;
  const leaving = createLeaving();
  /** The only way to ask: each request ends with its callers, and with it what it takes of the line. */
  const put: Check = (request, options) => untilLeft(client(request, options), options, leaving);
  const alone: Check = (request, options) => groups.run(undefined, () => put(request, options));

  function send(group: Group): void {
    while (groups.mayGo(group) && group.waiting.size > 0) {
      const askers = take(group, settings.questionsInOne);
      void groups.run(group, () => askTogether(askers, commonOf(group.key), { together: put, alone }));
    }
  }
  groups.onEnd = send;

  async function ask(form: Form, group: Group, ...[request, options]: Parameters<Check>): Promise<CheckResponse> {
    if (groups.mayGo(group)) return groups.run(group, () => put(request, options));
    return new Promise((resolve, reject) => {
      const asker = createAsker({ request, options, form }, leaving, { resolve, reject });
      asker.onLeave = () => void group.waiting.delete(asker);
      group.waiting.add(asker);
    });
  }

  return async (request, options) => {
    const caller = options?.signal;
    if (caller?.aborted) throw callerLeft(caller);
    const free = settings.mostWaiting - unanswered;
    if (free <= 0) throw tooManyWait(settings.mostWaiting);
    const form = formOf(request, options);
    const group = form && groups.of(form.key);
    // So one principal takes half of the room, two of them two thirds: however many ask too much, some is left for the others.
    if (group && group.waiting.size >= free) throw tooManyOfOne(group.waiting.size);
    unanswered++;
    try {
      return await (group ? ask(form, group, request, options) : alone(request, options));
    } finally {
      unanswered--;
    }
  };
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
function untilLeft(
  answer: Promise<CheckResponse>,
  { signal }: CheckOptions = {},
  leaving: Leaving,
): Promise<CheckResponse> {
  if (!signal) return answer;
  return new Promise((resolve, reject) => {
    const end = leaving(signal, () => reject(callerLeft(signal)));
    answer.then(resolve, reject).finally(end);
  });
}

function tooManyWait(many: number): Error {
  return noRoom(`${many} questions wait for the policy decision point already: it is slower than they come`);
}

function tooManyOfOne(many: number): Error {
  return noRoom(
    `${many} questions about this principal wait for the policy decision point already, and what room is left is for others`,
  );
}
