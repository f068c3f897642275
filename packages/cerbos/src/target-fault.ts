/** What an error of a Cerbos client says about the one that was asked. */
export type Verdict =
  /** It answered: what is wrong is the request, and it would be wrong anywhere. */
  | "refused"
  /** It, or the way to it, is at fault. Asking again can help: checks and plans change nothing. */
  | "fault";

/**
 * Tells by the gRPC code, which the clients for gRPC and for HTTP both give. What nobody foresaw counts as a fault: the
 * worst that follows is one question more.
 */
export function judge(error: unknown): Verdict {
  const { name, code, details } = (error ?? {}) as { name?: unknown; code?: unknown; details?: unknown };
  if (name === "ValidationFailed") return "refused";
  if (typeof code === "number" && REQUEST_IS_WRONG.has(code)) return "refused";
  // The client could not even write it down.
  if (typeof details === "string" && details.startsWith("Request message serialization failure")) return "refused";
  return "fault";
}

/** INVALID_ARGUMENT, RESOURCE_EXHAUSTED (a message that is too large), OUT_OF_RANGE. */
const REQUEST_IS_WRONG: ReadonlySet<number> = new Set([3, 8, 11]);
