import { HopwiseError } from "../../errors.ts";
import { isOfAnotherCopy } from "../../lib/index.ts";
import { isObject } from "../../options/index.ts";

/* What people have in the place of a delegation, or of its text, once it went through a queue, a database or a message. */

/** What to do with what stands where a delegation is expected, where that can be told. */
export function howToDelegation(given: unknown): string | undefined {
  if (typeof given === "string") return "a chain's text is read by parseDelegation, and taken up by hold";
  if (!isCopied(given)) return undefined;
  return "a copy lacks the chain: to keep or send a delegation, serialize it; parseDelegation and hold take it up again";
}

/** Whether something has the members of a delegation: spread, cloned, or back from JSON. */
function isCopied(given: unknown): boolean {
  try {
    return (
      isObject(given) &&
      !isOfAnotherCopy(given) &&
      ["id", "agents", "subject", "grant", "audience"].every((name) => name in given)
    );
  } catch {
    return false;
  }
}

/**
 * Whoever reads JSON as a chain would be told of its segments.
 *
 * @throws {HopwiseError} `token_malformed`
 */
export function checkNotJson(chain: string): void {
  if (!/^\s*["{[]/.test(chain)) return;
  throw new HopwiseError(
    "token_malformed",
    "the chain is JSON, and no chain's text is: JSON of a delegation has no chain in it; send what serialize gave, as it is",
  );
}
