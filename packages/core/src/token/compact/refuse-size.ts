import { HopwiseError } from "../../errors.ts";

/** @throws {HopwiseError} `chain_depth_exceeded` */
export function tooManyTokens(most: number): never {
  throw new HopwiseError("chain_depth_exceeded", `the chain has more than ${most} tokens`);
}

/** @throws {HopwiseError} `token_too_large` */
export function checkLength(what: string, text: string, bytes: number): void {
  if (text.length > bytes) tooLong(what, bytes);
}

export function tooLong(what: string, bytes: number): never {
  throw new HopwiseError(
    "token_too_large",
    `${what} is longer than ${bytes} bytes; hand over fewer tools, or shorter constraints`,
  );
}
