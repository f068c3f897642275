import { HopwiseError } from "../errors.ts";
import { countOf } from "../lib/index.ts";
import { checkSeconds, reading } from "../options/index.ts";
import { CLOCKS_APART } from "./clocks.ts";

/** The times of a proof; or the latest of all proofs that a memory forgot. In seconds since the epoch. */
export interface ProofTimes {
  readonly untilSeconds: number;
  /** Left out where only its end counts. */
  readonly madeAtSeconds?: number | undefined;
}

/**
 * Whether a proof may be one of those that a memory forgot: authorizers may differ in how long they take one. Where the clock was
 * ahead when they were forgotten, and was set back, that is true of proofs which nobody used, too: then it cannot be told.
 *
 * @throws {HopwiseError} `state_unavailable`; `config_invalid` for what has no times
 */
export function mayBeForgotten(proof: ProofTimes, forgotten: Required<ProofTimes>, nowSeconds: number): boolean {
  checkSeconds(CALLED, "nowSeconds", nowSeconds);
  const [end, made] = timesOf("proof", proof);
  const [lastEnd, lastMade] = timesOf("forgotten", forgotten);
  const later = Math.max(lastEnd - end, lastMade - made);
  if (later < 0) return false;
  if (lastEnd <= nowSeconds + CLOCKS_APART) return true;
  throw new HopwiseError(
    "state_unavailable",
    `the clock was ahead when this store forgot proofs, and was set back since: for ${countOf(Math.floor(later) + 1, "second")} more it cannot tell whether one was used before`,
  );
}

const CALLED = "mayBeForgotten";

function timesOf(name: string, times: ProofTimes): readonly [end: number, made: number] {
  return reading(CALLED, name, "times, { untilSeconds, madeAtSeconds }", times, ({ untilSeconds, madeAtSeconds }) => {
    checkSeconds(CALLED, [name, "untilSeconds"], untilSeconds);
    if (madeAtSeconds === undefined) return [untilSeconds, Number.POSITIVE_INFINITY];
    checkSeconds(CALLED, [name, "madeAtSeconds"], madeAtSeconds);
    return [untilSeconds, madeAtSeconds];
  });
}
