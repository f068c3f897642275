import { clientErrorKind } from "@hopwise/core/adapter";

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
  if (clientErrorKind(error) !== undefined) return true;
  const { message, code, details } = error as Error & { readonly code?: unknown; readonly details?: unknown };
  if (code === INTERNAL) return /^Policy check failed/.test(String(details)) || NOT_WRITTEN.test(String(details));
  return code === undefined && NOT_WRITTEN.test(message);
}

const INTERNAL = 13;
const NOT_WRITTEN = /^(?:Request message serialization failure|cannot (?:en|de)code (?:message|field) )/;
