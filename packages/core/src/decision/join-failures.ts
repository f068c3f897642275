import { plainText, settleInTime } from "../lib/index.ts";
import type { HopVerdict } from "./check-hops.ts";
import type { ExpressionFailure, RunningPdp } from "./pdp.ts";

const MOST_FAILURES = 5;

/**
 * Adds to each verdict the expressions that failed, where the decision point can tell. Never rejects.
 *
 * @param patienceMs how long to wait: they explain a decision, and must not hold it up
 */
export async function joinFailures(
  verdicts: readonly HopVerdict[],
  failuresOf: RunningPdp["failuresOf"],
  patienceMs: number,
): Promise<readonly HopVerdict[]> {
  if (failuresOf === undefined) return verdicts;
  return Promise.all(
    verdicts.map(async (verdict) => {
      // Of a shared check nobody can tell whose expressions failed: those of another caller are not for this record.
      if (verdict.cerbosCallId === undefined || verdict.cerbosPosition !== undefined) return verdict;
      const failures = await ask(failuresOf, verdict.cerbosCallId, verdict, patienceMs);
      return failures.length === 0 ? verdict : { ...verdict, failures };
    }),
  );
}

async function ask(
  failuresOf: NonNullable<RunningPdp["failuresOf"]>,
  cerbosCallId: string,
  { effect, delegation }: HopVerdict,
  patienceMs: number,
): Promise<readonly ExpressionFailure[]> {
  try {
    const worst = effect === "allow" && delegation !== undefined ? delegation : effect;
    const found: unknown = await settleInTime(patienceMs, failuresOf(cerbosCallId, worst));
    return Array.isArray(found) ? found.slice(0, MOST_FAILURES).flatMap(readFailure) : [];
  } catch {
    return [];
  }
}

function readFailure(failure: unknown): readonly ExpressionFailure[] {
  const { expression, error }: { readonly expression?: unknown; readonly error?: unknown } = Object(failure);
  if (typeof expression !== "string" || typeof error !== "string") return [];
  return [{ expression: plainText(expression), error: plainText(error) }];
}
