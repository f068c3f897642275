import { PlanKind, type PlanResourcesResponse, type Principal } from "@cerbos/core";
import { withDeadline } from "../deadline.ts";
import { HopwiseError } from "../errors.ts";
import type { PolicyDecisionPoint } from "./pdp.ts";

/** What is asked about an item of a list. */
export interface PlanQuestion {
  readonly kind: string;
  readonly action: string;
  readonly scope?: string;
  readonly policyVersion?: string;
}

/**
 * For each entry: could some call of it be allowed to every one of the principals? False only where the policies always
 * deny, whatever the arguments; a rule that needs arguments hides nothing.
 *
 * @throws {HopwiseError} `policy_unavailable`, `policy_inconclusive`: an outage is never an empty list
 */
export async function couldBeAllowed(
  pdp: PolicyDecisionPoint,
  principals: readonly Principal[],
  entries: readonly PlanQuestion[],
  deadlineMs: number,
): Promise<readonly boolean[]> {
  const questions = new Map(entries.map((entry) => [questionKey(entry), entry]));
  const answers = new Map<string, boolean>();
  try {
    await withDeadline(deadlineMs, (signal, expired) =>
      Promise.all(
        [...questions].map(async ([key, { kind, action, scope, policyVersion }]) => {
          const resource = {
            kind,
            ...(scope !== undefined && { scope }),
            ...(policyVersion !== undefined && { policyVersion }),
          };
          const plans = await Promise.race([
            Promise.all(
              principals.map((principal) => pdp.planResources({ principal, resource, actions: [action] }, { signal })),
            ),
            expired,
          ]);
          answers.set(key, plans.map(mayBeAllowed).every(Boolean));
        }),
      ),
    );
  } catch (cause) {
    if (cause instanceof HopwiseError) throw cause;
    throw new HopwiseError("policy_unavailable", "the policies could not be asked what may be shown", { cause });
  }
  return entries.map((entry) => answers.get(questionKey(entry)) === true);
}

function mayBeAllowed({ kind, validationErrors }: Partial<PlanResourcesResponse>, hop: number): boolean {
  const valid = validationErrors === undefined || validationErrors.length === 0;
  if (valid && kind === PlanKind.ALWAYS_DENIED) return false;
  if (valid && (kind === PlanKind.ALWAYS_ALLOWED || kind === PlanKind.CONDITIONAL)) return true;
  throw new HopwiseError("policy_inconclusive", "the policies' answer about what may be shown cannot be relied on", {
    hop,
  });
}

function questionKey({ kind, action, scope, policyVersion }: PlanQuestion): string {
  return JSON.stringify([kind, action, scope, policyVersion]);
}
