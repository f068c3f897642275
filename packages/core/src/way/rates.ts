import { choice, list, members, type Shape, whole } from "../options/index.ts";
import { type Charge, ownerOf } from "../state/index.ts";
import type { Caller } from "./call.ts";
import type { EnforcementPoint } from "./options.ts";

/** How many calls there may be within a window of time, whatever they do. Denied calls do not count. */
export interface Rate {
  /**
   * Of whom: each chain, by its root; each user, over all their chains; each agent, over all users. An agent's calls are of
   * many users, so that they are counted in a step of their own, after that of the user: for a moment both may count a call
   * that is then refused.
   */
  readonly of: "chain" | "user" | "agent";
  readonly calls: number;
  /** The windows lie side by side: a burst at the border of two may have twice as many. */
  readonly perSeconds: number;
}

/** Each is one counter more at every call; of agents, one step more. */
const MOST_RATES = 16;

export const RATES: Shape = list(
  members<Rate>(
    {
      of: choice("chain", "user", "agent"),
      calls: whole({ min: 1, max: 1_000_000_000, example: 60 }),
      perSeconds: whole({ min: 1, max: 86_400, example: 60 }),
    },
    'a rate, such as { of: "user", calls: 60, perSeconds: 60 }',
  ),
  `a list of rates, at most ${MOST_RATES}`,
  { max: MOST_RATES },
);

/** A rate in the window of which a call is counted. */
export interface CountedRate extends Rate {
  /** When the window ends, in seconds since the epoch: the next one has room again. */
  readonly endsAt: number;
}

type RateCharge = Charge & { readonly rate: CountedRate };

/** An account is kept so long after its window, in seconds: clocks differ. */
const KEPT_AFTER = 30;

/** What a call counts against by each rate: in its user's accounts, and in those of the agents of its chain. */
export function rateAccounts(
  rates: readonly Rate[],
  { chain, user }: Caller,
  { nowSeconds, audience: [audience] }: Pick<EnforcementPoint, "nowSeconds" | "audience">,
): { readonly own: readonly RateCharge[]; readonly ofAgents: readonly (RateCharge & { readonly agent: string })[] } {
  if (rates.length === 0) return { own: [], ofAgents: [] };
  const now = nowSeconds();
  const own: RateCharge[] = [];
  const ofAgents: (RateCharge & { readonly agent: string })[] = [];
  // What is given twice is one: its counter would count each call twice.
  const different = new Map(rates.map((rate) => [JSON.stringify([rate.of, rate.calls, rate.perSeconds]), rate]));
  for (const rate of different.values()) {
    const { of, calls, perSeconds } = rate;
    const begin = Math.floor(now / perSeconds) * perSeconds;
    const endsAt = begin + perSeconds;
    const charge = (whose: string): RateCharge => ({
      account: `rate ${JSON.stringify([audience, of, calls, perSeconds, begin, whose])}`,
      counter: "calls",
      amount: 1,
      most: calls,
      untilSeconds: endsAt + KEPT_AFTER,
      rate: { ...rate, endsAt },
    });
    if (of === "agent") {
      const names = new Set(chain?.links.map(({ agent }) => agent));
      for (const agent of names) ofAgents.push({ ...charge(agent), agent });
    } else own.push(charge(of === "chain" ? (chain?.id ?? "") : ownerOf(user)));
  }
  return { own, ofAgents };
}
