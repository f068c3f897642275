import type { Limits } from "../keys/index.ts";

/** A memory of what was used, asked at some time. */
export interface Remembering {
  /** Since when it vouches for all, in seconds since the epoch; undefined where that is for ever. */
  readonly rememberedSince?: number | undefined;
  readonly nowSeconds: number;
  readonly limits: Pick<Limits, "proofWindowSeconds">;
}

/**
 * Why it cannot be told whether something of this time was used before: the memory began later; or it began a moment ago,
 * and a fast clock may have put its own time on what was used before that.
 */
export function whyUnknown(madeAt: number, { rememberedSince, nowSeconds, limits }: Remembering): string | undefined {
  if (rememberedSince === undefined) return undefined;
  if (madeAt < rememberedSince) return "it was made before this server began to remember proofs; make a new one";
  if (madeAt <= nowSeconds || nowSeconds >= rememberedSince + limits.proofWindowSeconds) return undefined;
  return `its time lies ahead of the verifier's clock, and ${limits.proofWindowSeconds} seconds ago this server did not remember proofs yet; check the clock, or try again then`;
}
