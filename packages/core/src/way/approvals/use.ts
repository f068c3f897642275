import type { Charge } from "../../state/index.ts";
import type { AskedApproval } from "./kept-request.ts";

/** An account is kept so long after its request's end, in seconds: clocks differ. */
const KEPT_AFTER = 120;

/** The counters of a request, in the account of its user: so its use is one step with what the call spends. */
function counterOf({ id, request }: AskedApproval, counter: "used" | "no" | "told"): Omit<Charge, "amount" | "most"> {
  return { account: `approval ${id}`, counter, untilSeconds: request.untilSeconds + KEPT_AFTER };
}

/** What one use of an approval costs: nobody used it before, and nobody said no. */
export function approvalUse(asked: AskedApproval): readonly Charge[] {
  return [
    { ...counterOf(asked, "no"), amount: 0, most: 0 },
    { ...counterOf(asked, "used"), amount: 1, most: 1 },
  ];
}

/** What a no costs: whoever uses the approval from then on finds it. */
export function refusalCharge(asked: AskedApproval): Charge {
  return { ...counterOf(asked, "no"), amount: 1, most: Number.MAX_SAFE_INTEGER };
}

/** What it costs to tell somebody of a request: of all instances one tells. */
export function tellingCharge(asked: AskedApproval): Charge {
  return { ...counterOf(asked, "told"), amount: 1, most: 1 };
}

/** The counters that tell whether it was used, and whether somebody said no. */
export function endCounters(asked: AskedApproval): readonly Pick<Charge, "account" | "counter">[] {
  return (["used", "no"] as const).map((name) => {
    const { account, counter } = counterOf(asked, name);
    return { account, counter };
  });
}
