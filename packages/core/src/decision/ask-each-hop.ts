import { withDeadline } from "../lib/index.ts";
import type { Hop } from "../principal/index.ts";
import { asWhole, type HopAsk } from "./as-whole.ts";
import type { HopVerdict, HopWatch } from "./check-hops.ts";
import type { ChainQuestion } from "./hop-request.ts";
import type { PolicyDecisionPoint } from "./pdp.ts";
import { faultAt, policyFaultOf } from "./read-answer.ts";

/** The part of a verdict that an answer says. Who was asked is known before. */
export type Said = Omit<HopVerdict, "hop" | "kind" | "id" | "roles">;

/** One hop, and what came of its question. */
export interface AskedHop<Told> {
  readonly verdict: HopVerdict;
  /** What else the answer told; undefined where there was none. */
  readonly told?: Told | undefined;
}

/**
 * Asks about every hop at once, all within one deadline, and all at one decision point (see {@link asWhole}). A hop without
 * an answer has a verdict, too, which says why.
 *
 * @param ask gives what the answer says, and what else it told
 */
export function askEachHop<Told = undefined>(
  pdp: PolicyDecisionPoint,
  { hops, principals }: ChainQuestion,
  { deadlineMs, watch = (_, ask) => ask() }: { readonly deadlineMs: number; readonly watch?: HopWatch | undefined },
  ask: HopAsk<{ readonly said: Said; readonly told?: Told | undefined }>,
): Promise<readonly AskedHop<Told>[]> {
  return withDeadline(deadlineMs, (signal, expired) => {
    const askHop = asWhole(pdp, hops.length, ask, { signal, expired });
    return Promise.all(
      hops.map(async (own: Hop, hop): Promise<AskedHop<Told>> => {
        const asked = { hop, ...own, roles: principals[hop]?.roles ?? [] };
        let told: Told | undefined;
        const verdict = await watch(asked, async (headers): Promise<HopVerdict> => {
          try {
            const answer = await askHop(hop, headers);
            told = answer.told;
            return { ...answer.said, ...asked };
          } catch (cause) {
            return { ...asked, effect: "error", reasons: [], ...policyFaultOf(cause) };
          }
        });
        return { verdict, told };
      }),
    );
  });
}

/**
 * The same of a question about what may be shown, where nothing is as long as one hop has no answer.
 *
 * @throws {HopwiseError} for the first hop without one, once all were waited for: {@link faultAt}
 */
export async function askAllHops<T>(
  pdp: PolicyDecisionPoint,
  { hops }: Pick<ChainQuestion, "hops">,
  deadlineMs: number,
  ask: HopAsk<T>,
): Promise<readonly T[]> {
  const answers = await withDeadline(deadlineMs, (signal, expired) => {
    const askHop = asWhole(pdp, hops.length, ask, { signal, expired });
    return Promise.allSettled(hops.map((_, hop) => askHop(hop)));
  });
  return answers.map((answer, hop) => {
    if (answer.status === "rejected") throw faultAt(hop, answer.reason);
    return answer.value;
  });
}
