import { type Authorizer, HopwiseError } from "@hopwise/core";
import type { MayChangeByTool } from "@hopwise/mcp";

/** A JSON pointer (RFC 6901) to something below a result. */
const POINTER = /^(\/([^~/]|~[01])*)+$/;

/**
 * Checks what policies may do to results: a pointer that is none would loosen nothing, and each call would be refused.
 *
 * @throws {HopwiseError} `config_invalid`
 */
export function checkMayChange(mayChange: MayChangeByTool, authorizer: Authorizer): void {
  for (const [tool, change] of Object.entries(mayChange)) {
    authorizer.checkTool(tool);
    for (const [way, pointers] of Object.entries(change)) {
      if ((way === "redact" || way === "limit") && Array.isArray(pointers) && pointers.every(isPointer)) continue;
      throw new HopwiseError(
        "config_invalid",
        `mayChange: "${tool}" has "${way}", which must be redact or limit with a list of JSON pointers, such as redact: ["/iban"]`,
      );
    }
  }
}

function isPointer(pointer: unknown): boolean {
  return typeof pointer === "string" && POINTER.test(pointer);
}
