import { maybe, type Rows, SECONDS, whole } from "../../options/index.ts";
import { DEFAULT_LIMITS, LIMITS, type Limits } from "../keys/index.ts";
import { TRUST_ANCHORS, type TrustAnchor } from "../trust/index.ts";
import type { Reading } from "./statement.ts";

/** How statements are read, whatever they say. */
export interface ReadingOptions {
  /** The issuers that are trusted, with their keys. */
  readonly trust: readonly TrustAnchor[];
  /** The reader's clock, in seconds since the epoch, with their fraction. */
  readonly nowSeconds: number;
  /**
   * Since when used statements are remembered, in seconds since the epoch, where that is not for ever: what may have been
   * used before is refused.
   */
  readonly rememberedSince?: number;
  readonly limits?: Partial<Limits>;
  /** How long the published keys of an issuer may take. Default one second. */
  readonly deadlineMs?: number;
}

export const READING_ROWS: Rows<ReadingOptions> = {
  trust: TRUST_ANCHORS,
  nowSeconds: SECONDS,
  rememberedSince: maybe(SECONDS),
  limits: maybe(LIMITS),
  deadlineMs: maybe(whole({ min: 1, max: 600_000, example: 1000 })),
};

/** The options of a reader, complete. */
export function completed<T extends ReadingOptions>(
  read: T,
): Omit<T, keyof ReadingOptions> & Reading & { readonly trust: readonly TrustAnchor[]; readonly deadlineMs: number } {
  const { deadlineMs = 1000, limits } = read;
  return { ...read, deadlineMs, limits: { ...DEFAULT_LIMITS, ...limits } };
}
