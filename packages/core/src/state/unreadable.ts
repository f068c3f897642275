import { HopwiseError } from "../errors.ts";

/** The refusal of what a store keeps, and this version cannot read. Nothing is guessed: a part that is not known may change what the rest means. */
export function unreadable(what: string, cause: unknown): HopwiseError {
  const message = `${what} cannot be read by this version: a newer one wrote it, or another program; run the version that its writer has`;
  return new HopwiseError("state_unavailable", message, { cause });
}
