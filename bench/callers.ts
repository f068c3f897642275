/** Many callers at once, each with a chain of its own. */
import { delegate, type HeldDelegation } from "@hopwise/core";
import { NARROW, type Team, WIDE } from "./world.ts";

/** Chains of the same people and agents, each with tokens of its own, which end at other times. */
export async function makeChains(
  { issuer, planner, researcher }: Team,
  count: number,
): Promise<readonly HeldDelegation[]> {
  const made = Array.from({ length: count }, async (_, i) => {
    const first = await issuer.issue({
      subject: "alice",
      agent: "planner",
      holder: planner,
      grant: WIDE,
      lifetimeSeconds: 7_200 + i,
    });
    return delegate(first, { to: "researcher", holder: researcher, grant: NARROW, lifetimeSeconds: 3_600 + i });
  });
  return Promise.all(made);
}

/** Each caller does one operation after the other, until all are done. */
export function byCallers<Caller>(
  callers: readonly Caller[],
  operation: (caller: Caller) => Promise<unknown>,
): (count: number) => () => Promise<void> {
  return (count) => async () => {
    let left = count;
    await Promise.all(
      callers.map(async (caller) => {
        while (left-- > 0) await operation(caller);
      }),
    );
  };
}
