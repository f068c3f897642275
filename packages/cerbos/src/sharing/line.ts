import { HopwiseError } from "@hopwise/core";
import { inOwnWords } from "@hopwise/core/adapter";
import { callerLeft } from "../attempt.ts";
import { askAlone, askTogether } from "./ask-together.ts";
import { type Asker, createAsker } from "./asker.ts";
import { type Check, type CheckOptions, type CheckRequest, type CheckResponse, commonOf, formOf } from "./form.ts";

export interface LineSettings {
  readonly requestsUnderWay: number;
  readonly questionsInOne: number;
  readonly mostWaiting: number;
}

/** The questions about one principal. */
interface Group {
  readonly key: string;
  underWay: number;
  /** Oldest first. */
  readonly waiting: Set<Asker>;
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
export function createLine(ask: Check, { requestsUnderWay, questionsInOne, mostWaiting }: LineSettings): Check {
  const groups = new Map<string, Group>();
  let underWay = 0;
  let unanswered = 0;

  const mayGo = (group: Group): boolean => group.underWay === 0 || underWay < requestsUnderWay;

  async function run<Result>(group: Group | undefined, request: () => Promise<Result>): Promise<Result> {
    underWay++;
    if (group !== undefined) group.underWay++;
    try {
      return await request();
    } finally {
      underWay--;
      if (group !== undefined) {
        group.underWay--;
        send(group);
        if (group.underWay === 0) groups.delete(group.key);
      }
      // Whoever waits has a request under way, so these are few.
      if (underWay < requestsUnderWay) for (const other of groups.values()) send(other);
    }
  }

  const alone: Check = (request, options) => run(undefined, () => untilLeft(ask(request, options), options));

  function send(group: Group): void {
    while (group.waiting.size > 0 && mayGo(group)) {
      const askers = take(group);
      void run(group, async () => {
        const common = commonOf(group.key);
        const [first] = askers as [Asker, ...Asker[]];
        if (askers.length === 1) await askAlone(first, first.request(common), ask);
        else await askTogether(askers, common, { together: ask, alone });
      });
    }
  }

  /** As many as one request holds. */
  function take({ waiting }: Group): readonly Asker[] {
    const taken: Asker[] = [];
    let entries = 0;
    let bytes = 0;
    for (const asker of waiting) {
      const { form } = asker;
      entries += form.entries;
      bytes += form.size + (taken.length === 0 ? form.commonSize : 0);
      const tooMany = taken.length === questionsInOne || entries > MOST_ENTRIES || bytes > MOST_BYTES;
      if (tooMany && taken.length > 0) break;
      waiting.delete(asker);
      taken.push(asker);
    }
    return taken;
  }

  async function check(request: CheckRequest, options?: CheckOptions): Promise<CheckResponse> {
    const form = formOf(request, options);
    if (form === undefined) return alone(request, options);
    const group = groups.get(form.key) ?? { key: form.key, underWay: 0, waiting: new Set<Asker>() };
    groups.set(form.key, group);
    if (mayGo(group)) return run(group, () => untilLeft(ask(request, options), options));
    return new Promise((resolve, reject) => {
      const asker = createAsker({ request, options, form }, { resolve, reject });
      asker.onLeave = () => void group.waiting.delete(asker);
      group.waiting.add(asker);
    });
  }

  return async (request, options) => {
    const caller = options?.signal;
    if (caller?.aborted) throw callerLeft(caller);
    if (unanswered >= mostWaiting) throw tooManyWait(mostWaiting);
    unanswered++;
    try {
      return await check(request, options);
    } finally {
      unanswered--;
    }
  };
}

/** A client may not listen to its signal, and would then seem to be asked for ever. */
function untilLeft(answer: Promise<CheckResponse>, { signal }: CheckOptions = {}): Promise<CheckResponse> {
  if (!signal) return answer;
  return new Promise((resolve, reject) => {
    const leave = (): void => reject(callerLeft(signal));
    const end = (): void => signal.removeEventListener("abort", leave);
    signal.addEventListener("abort", leave, { once: true });
    answer.then(resolve, reject).finally(end);
  });
}

function tooManyWait(many: number): HopwiseError {
  const message = `${many} questions wait for the policy decision point already: it is slower than they come`;
  return inOwnWords(new HopwiseError("policy_unavailable", message));
}
