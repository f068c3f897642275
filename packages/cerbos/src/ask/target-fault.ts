import { HopwiseError } from "@hopwise/core";
import { faultOf, inOwnWords } from "@hopwise/core/adapter";

/** What an error of a Cerbos client says about the target. */
export type Verdict =
  /** The target answered: the request is wrong, and would be wrong at any target. So is one that policies make NaN of. */
  | "refused"
  /** So many questions wait for it in this process that this one never went out. Another target may have room. */
  | "full"
  /** The target, or the way to it, failed. Asking again can help: checks and plans change nothing. */
  | "fault";

/**
 * Tells by the gRPC code, which the clients for gRPC and for HTTP both give. Any other error counts as a fault: at
 * worst, that costs one more question.
 */
export function judge(error: unknown): Verdict {
  if (error instanceof Error && error.cause === NEVER_ASKED) return "full";
  const { code, details } = (error ?? {}) as { code?: unknown; details?: unknown };
  if (isSchemaViolation(error)) return "refused";
  if (typeof code === "number" && REQUEST_IS_WRONG.has(code)) return "refused";
  // The client could not even serialise the request.
  if (typeof details === "string" && details.startsWith("Request message serialization failure")) return "refused";
  // Policies with an expression that the planner does not know: no other target would, either.
  if (typeof details === "string" && details.startsWith("Resources query plan request failed")) return "refused";
  return isNotFinite(error) ? "refused" : "fault";
}

const NEVER_ASKED = "the question was not asked";

/** The error of a question for which there is no room. It says nothing about the target: who asks too much must not keep others from it. */
export function noRoom(message: string): HopwiseError {
  return inOwnWords(new HopwiseError("policy_unavailable", message, { cause: NEVER_ASKED }));
}

/**
 * Whether the policies made NaN, or something infinite, of what they were asked, which no answer can carry: a client throws
 * where it reads it (gRPC), a target where it writes it (HTTP). Held for a fault, it would let whoever sends a zero to divide
 * by keep everybody's calls from the target.
 */
export function isNotFinite(error: unknown): boolean {
  return error instanceof Error && /google\.protobuf\.Value\b.*(?:NaN|Inf)/.test(error.message);
}

/** What a client throws that is set to. Told by what it carries: a bundler that minifies gives its class another name. */
export function isSchemaViolation(error: unknown): boolean {
  return Array.isArray((Object(error) as { readonly validationErrors?: unknown }).validationErrors);
}

/** INVALID_ARGUMENT, RESOURCE_EXHAUSTED (a message that is too large), OUT_OF_RANGE. */
const REQUEST_IS_WRONG: ReadonlySet<number> = new Set([3, 8, 11]);

/** What may be told of a fault, to end a sentence: our own words and those of Cerbos' client; any other error may quote anything. */
export function toldOf(fault: unknown): string {
  const isOfClient = fault instanceof Error && /^gRPC error \d+\b/.test(fault.message) && "code" in fault;
  return isOfClient ? wordsOf(fault) : faultOf(fault);
}

/** gRPC ends some texts with the label of a note that it does not have. */
export function wordsOf(fault: Error): string {
  return fault.message
    .trimEnd()
    .replace(/Resolution note:$/, "")
    .trimEnd();
}
