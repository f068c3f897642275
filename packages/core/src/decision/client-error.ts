/**
 * What an error of a Cerbos client says of the question, which is the same at each decision point, and the next time:
 *
 * - `misfit`: something in it does not fit its schema, and the client is set to throw then
 * - `not_finite`: policies make NaN of it, or something infinite, which no answer can carry. A client throws where it reads that
 *   (gRPC), a decision point where it writes it (HTTP)
 * - `wrong`: it is refused (INVALID_ARGUMENT and OUT_OF_RANGE of gRPC; clients over HTTP give the same codes)
 * - `too_large`: a decision point, or the client, takes no request of that size. By code the same as one who asks too often, and as
 *   an answer that is too large: only the text tells
 * - `answer_too_large`: the client takes no answer of that size
 * - `unwritable`: the client cannot write it down
 * - `unplannable`: its policies have an expression that the planner does not know
 */
export type ClientErrorKind =
  | "misfit"
  | "not_finite"
  | "wrong"
  | "too_large"
  | "answer_too_large"
  | "unwritable"
  | "unplannable";

/**
 * Tells by what the error carries: a bundler that minifies gives the clients' classes, and so their errors, other names.
 *
 * @returns undefined for a fault of the decision point, or of the way to it
 */
export function clientErrorKind(error: unknown): ClientErrorKind | undefined {
  const { validationErrors, code, details } = Object(error) as { readonly [member: string]: unknown };
  if (Array.isArray(validationErrors)) return "misfit";
  if (error instanceof Error && NOT_FINITE.test(error.message)) return "not_finite";
  const [kind] = BY_DETAILS.find(([, begins]) => begins.test(String(details))) ?? [];
  return kind ?? (WRONG.has(code) ? "wrong" : undefined);
}

const NOT_FINITE = /google\.protobuf\.Value\b.*(?:NaN|Inf)/;
const WRONG: ReadonlySet<unknown> = new Set([3, 11]);
const BY_DETAILS: readonly (readonly [ClientErrorKind, RegExp])[] = [
  ["too_large", /^grpc: received message larger|^Attempted to send message/],
  ["answer_too_large", /^Received message larger than max/],
  ["unwritable", /^Request message serialization failure/],
  ["unplannable", /^Resources query plan request failed/],
];

/** The client's own words, which quote nothing that was asked; undefined for any other error, which may. */
export function clientWords(error: unknown): string | undefined {
  if (!(error instanceof Error) || !/^gRPC error \d+\b/.test(error.message)) return undefined;
  return typeof (error as { readonly code?: unknown }).code === "number"
    ? error.message.replace(EMPTY_NOTE, "").trimEnd()
    : undefined;
}

/** gRPC ends some texts with the label of a note that it does not have. */
const EMPTY_NOTE = /Resolution note:\s*$/;
