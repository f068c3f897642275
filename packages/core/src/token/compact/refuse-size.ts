import { HopwiseError } from "../../errors.ts";
import { forMore } from "../../lib/index.ts";
import type { Limits } from "../keys/index.ts";

/** @throws {HopwiseError} `chain_depth_exceeded` */
export function tooManyTokens(most: number): never {
  throw new HopwiseError("chain_depth_exceeded", `the chain has more than ${most} tokens; ${forMore("chainTokens")}`);
}

/** @throws {HopwiseError} `token_too_large` */
export function checkLength<L extends LengthLimit>(
  what: string,
  text: string,
  limit: L,
  limits: Pick<Limits, L>,
): void {
  if (text.length > limits[limit]) tooLong(what, limit, limits[limit]);
}

export function tooLong(what: string, limit: LengthLimit, bytes: number): never {
  throw new HopwiseError(
    "token_too_large",
    `${what} is longer than ${bytes} bytes; hand over fewer tools, or shorter constraints; ${forMore(limit)}`,
  );
}

type LengthLimit = "tokenBytes" | "chainBytes";
