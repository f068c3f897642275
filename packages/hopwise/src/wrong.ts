import { HopwiseError } from "@hopwise/core";

/** What is wrong with what was typed, or with what was named by it. */
export function wrong(what: string, cause?: unknown): HopwiseError {
  return new HopwiseError("config_invalid", what, { cause });
}
