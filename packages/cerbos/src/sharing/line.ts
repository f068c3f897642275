import { HopwiseError } from "@hopwise/core";
import { inOwnWords } from "@hopwise/core/adapter";
import { callerLeft } from "../ask/index.ts";
import { askAlone, askTogether } from "./ask-together.ts";
import { type Asker, createAsker } from "./asker.ts";
import { type Check, type CheckOptions, type CheckRequest, type CheckResponse, commonOf, formOf } from "./form.ts";
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
 * @param ask puts one request to the policy decision point
 */
export function createLine(ask: Check, settings: LineSettings): Check {
  const groups = createGroups(settings.requestsUnderWay);
  let unanswered = 0;
  const leaving = createLeaving();
  /** The only way to ask: each request ends with its callers, and with it what it takes of the line. */
  const put: Check = (request, options) => untilLeft(ask(request, options), options, leaving);
  const alone: Check = (request, options) => groups.run(undefined, () => put(request, options));

  function send(group: Group): void {
    while (groups.mayGo(group) && group.waiting.size > 0) {
      const askers = take(group, settings.questionsInOne);
      const common = commonOf(group.key);
      void groups.run(group, async () => {
        const [first] = askers as [Asker, ...Asker[]];
        if (askers.length === 1) await askAlone(first, first.request(common), put);
        else await askTogether(askers, common, { together: put, alone });
      });
    }
  }
  groups.onEnd = send;

  async function check(request: CheckRequest, options?: CheckOptions): Promise<CheckResponse> {
    const form = formOf(request, options);
    if (form === undefined) return alone(request, options);
    const group = groups.of(form.key);
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
    if (unanswered >= settings.mostWaiting) throw tooManyWait(settings.mostWaiting);
    unanswered++;
    try {
      return await check(request, options);
    } finally {
      unanswered--;
    }
  };
}

/** As many as one request holds. Who asks only what is asked in it already takes no room in it, but for its name. */
function take({ waiting }: Group, questionsInOne: number): readonly Asker[] {
  const taken: Asker[] = [];
  let questions = 0;
  const entries = new Set<string>();
  let bytes = 0;
  for (const asker of waiting) {
    const { form } = asker;
    const more = asker.entries.filter((entry) => !entries.has(entry));
    bytes += form.size + (taken.length === 0 ? form.commonSize : 0);
    const tooMany = entries.size + more.length > MOST_ENTRIES || bytes > MOST_BYTES;
    if (more.length > 0) questions++;
    if (taken.length > 0 && (tooMany || questions > questionsInOne)) break;
    for (const entry of more) entries.add(entry);
    waiting.delete(asker);
    taken.push(asker);
  }
  return taken;
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

function tooManyWait(many: number): HopwiseError {
  const message = `${many} questions wait for the policy decision point already: it is slower than they come`;
  return inOwnWords(new HopwiseError("policy_unavailable", message));
}
