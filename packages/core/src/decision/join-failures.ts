import { plainText, settleInTime } from "../lib/index.ts";
import type { HopVerdict } from "./check-hops.ts";
import type { HiddenByPolicy } from "./list-hops.ts";
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
      if (verdict.cerbosCallId === undefined || verdict.cerbosPositions !== undefined) return verdict;
      const failures = await ask(failuresOf, verdict.cerbosCallId, verdict, patienceMs);
      return failures.length === 0 ? verdict : { ...verdict, failures };
    }),
  );
}

/** What hides an item of a list, with the expressions that failed while the list was decided at that hop. */
export type ExplainedHiding = Omit<HiddenByPolicy, "cerbosCallIds"> & {
  readonly failures?: readonly ExpressionFailure[];
};

/** The same for a list. Each hop is asked about all of it at once, so that it is the list's failures that each item has. */
export async function joinListFailures(
  hidden: readonly (HiddenByPolicy | undefined)[],
  failuresOf: RunningPdp["failuresOf"],
  patienceMs: number,
): Promise<readonly (ExplainedHiding | undefined)[]> {
  const ofHop = new Map<number, Promise<readonly ExpressionFailure[]>>();
  const failuresAt = ({ hop, cerbosCallIds }: HiddenByPolicy): Promise<readonly ExpressionFailure[]> => {
    if (failuresOf === undefined) return Promise.resolve([]);
    const known = ofHop.get(hop);
    if (known !== undefined) return known;
    const asked = Promise.all(cerbosCallIds.map((id) => ask(failuresOf, id, { effect: "deny" }, patienceMs)));
    const found = asked.then((all) => all.flat().slice(0, MOST_FAILURES));
    ofHop.set(hop, found);
    return found;
  };
  return Promise.all(
    hidden.map(async (item) => {
      if (item === undefined) return undefined;
      const { cerbosCallIds: _, ...why } = item;
      const failures = await failuresAt(item);
      return { ...why, ...(failures.length > 0 && { failures }) };
    }),
  );
}

async function ask(
  failuresOf: NonNullable<RunningPdp["failuresOf"]>,
  cerbosCallId: string,
  { effect, delegation }: Pick<HopVerdict, "effect" | "delegation">,
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
