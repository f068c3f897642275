import { isNotFinite, isSchemaViolation } from "../ask/index.ts";

/**
 * Whether a shared request failed since one of its questions is bad: then each is asked alone, and only the bad one
 * fails. Any other error is an outage, in which many more requests would help nobody.
 *
 * Cerbos refuses the whole request for one entry (code 3), one that is too large (code 8, which by itself may also mean
 * that too many ask; the client says it of an answer), and, in 0.51, for a number that is none (13, with this text). The
 * client throws where it cannot write one down, or read what policies made of one.
 */
export function oneIsBad(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { message, code, details } = error as Error & { readonly code?: unknown; readonly details?: unknown };
  if (isNotFinite(error)) return true;
  // A client can be set to throw where one entry does not fit its schema.
  if (isSchemaViolation(error) || code === INVALID_ARGUMENT || code === OUT_OF_RANGE) return true;
  const text = typeof details === "string" ? details : "";
  if (code === RESOURCE_EXHAUSTED) return TOO_LARGE.test(text);
  if (code === INTERNAL) return text.startsWith("Policy check failed") || NOT_WRITTEN.test(text);
  return code === undefined && NOT_WRITTEN.test(message);
}

const INVALID_ARGUMENT = 3;
const RESOURCE_EXHAUSTED = 8;
const OUT_OF_RANGE = 11;
const INTERNAL = 13;
const TOO_LARGE = /message larger than max|^Attempted to send message/i;
const NOT_WRITTEN = /^(?:Request message serialization failure|cannot (?:en|de)code (?:message|field) )/;
