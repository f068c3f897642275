import { type PolicyDecisionPoint, type TraceHeaders, withHeaders } from "./pdp.ts";
import { policyFaultOf } from "./read-answer.ts";

/** What `withDeadline` gives. */
export interface Deadline {
  readonly signal: AbortSignal;
  readonly expired: Promise<never>;
}

/** The question of one hop, put to one decision point. */
export type HopAsk<T> = (one: PolicyDecisionPoint, hop: number, signal: AbortSignal) => Promise<T>;

/** What one hop was answered; a rejection is an answer, too, where another decision point would give the same. */
type Answered<T> = PromiseSettledResult<Awaited<T>>;

/** The answers of one decision point so far, by hop. */
type Attempt<T> = Map<number, Answered<T>>;

/**
 * Asks for all hops of one decision, so that all answers are of one decision point: two that serve different policies, in
 * the middle of a roll-out, could together allow what neither policy set allows.
 *
 * Where the client can ask as a whole, the questions leave when every hop has called, and a hop that got no answer fails
 * the attempt. Else each question leaves at once, by itself.
 *
 * @param hops how many there are; each calls once
 * @returns asks for one hop, with these headers
 */
export function asWhole<T>(
  pdp: PolicyDecisionPoint,
  hops: number,
  ask: HopAsk<T>,
  deadline: Deadline,
): (hop: number, headers?: TraceHeaders) => Promise<T> {
  if (pdp.whole === undefined) {
    const { signal, expired } = deadline;
    return (hop, headers) => Promise.race([ask(withHeaders(pdp, headers), hop, signal), expired]);
  }
  const called = new Map<number, TraceHeaders | undefined>();
  let allCalled = (): void => {};
  const ready = new Promise<void>((resolve) => {
    allCalled = resolve;
  });
  const withOwn: HopAsk<T> = (one, hop, signal) => ask(withHeaders(one, called.get(hop)), hop, signal);
  const answers = askTogether(pdp, hops, withOwn, ready, deadline);
  return async (hop, headers) => {
    called.set(hop, headers);
    if (called.size === hops) allCalled();
    const answer = (await answers)(hop);
    if (answer.status === "rejected") throw answer.reason;
    return answer.value;
  };
}

/** Never rejects: where no decision point answered for every hop, its answers are those that are known, and the fault. */
async function askTogether<T>(
  pdp: PolicyDecisionPoint,
  hops: number,
  ask: HopAsk<T>,
  ready: Promise<void>,
  { signal, expired }: Deadline,
): Promise<(hop: number) => Answered<T>> {
  const attempts: Attempt<T>[] = [];
  const attempt = async (one: PolicyDecisionPoint, own: AbortSignal): Promise<Attempt<T>> => {
    const answers: Attempt<T> = new Map();
    attempts.push(answers);
    await Promise.all(
      Array.from({ length: hops }, async (_, hop) => {
        const answered = await settle(() => ask(one, hop, own));
        // What comes after the attempt was given up says nothing.
        own.throwIfAborted();
        if (answered.status === "rejected" && isFault(answered.reason)) throw answered.reason;
        answers.set(hop, answered);
      }),
    );
    return answers;
  };
  const asked = ready.then(async () => pdp.whole?.(attempt, { signal }));
  try {
    const answers = await Promise.race([asked, expired]);
    // A client of the host's own may give anything.
    if (answers === undefined || !attempts.includes(answers)) throw new Error("it gave no answers");
    return (hop) => answers.get(hop) as Answered<T>;
  } catch (reason) {
    // Of one decision point, as far as it came; one that came to the end was not good enough.
    const [furthest] = attempts.filter(({ size }) => size < hops).sort((a, b) => b.size - a.size);
    const known = new Map(furthest);
    return (hop) => known.get(hop) ?? { status: "rejected", reason };
  }
}

async function settle<T>(ask: () => Promise<T>): Promise<Answered<T>> {
  const [answered] = await Promise.allSettled([(async () => ask())()]);
  return answered;
}

/** Whether another decision point may answer. */
function isFault(reason: unknown): boolean {
  return policyFaultOf(reason).unavailable === true;
}
