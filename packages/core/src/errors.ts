import { CODES, type ErrorCode, rowOf } from "./codes.ts";
import { DeadlinePassed, faultWord, plainName, plainText } from "./lib/index.ts";

/**
 * Why something was refused: a call, a token, an option. It keeps the same members from its origin to the decision, the
 * record, the explanation and the wire. It never holds a token, a key or an argument's value.
 */
export interface Refusal<Code extends ErrorCode = ErrorCode> {
  readonly code: Code;
  /** For operators: what is wrong, where, and what to do. */
  readonly message: string;
  /** Index of the first hop at which the rule failed; 0 is the user. */
  readonly hop?: number;
  /**
   * JSON pointer (RFC 6901) to the offending place, in the token's payload or in the arguments; the start of a long one. What nobody
   * would see in a stranger's name is written there as `\u200b`.
   */
  readonly pointer?: string;
  /** The rule that refused it: of the specification, of a grant, or of a policy as Cerbos names it. */
  readonly rule?: string;
  /** The reason that a policy gave. */
  readonly reason?: string;
  /** What would have passed. */
  readonly wouldPass?: WouldPass;
  /** The nonce that the next proof must name; only with `proof_nonce_required`. */
  readonly nonce?: string;
}

/** What would have passed in place of the refused value, as far as the chain itself tells. */
export interface WouldPass {
  /** The constraint of the refused argument, in words. */
  readonly accepts?: string;
  /**
   * The nearest hop to which this very call was handed over, and which could hand it on. Hop 0 is the user, who has it
   * all.
   */
  readonly grantableBy?: number;
}

const DETAILS = ["hop", "pointer", "rule", "reason", "wouldPass", "nonce"] as const;

/** The members of a {@link HopwiseError} besides code and text. */
export type ErrorDetail = { readonly [Name in (typeof DETAILS)[number]]?: Refusal[Name] | undefined } & {
  readonly cause?: unknown;
};

/**
 * The errors whose text Hopwise itself wrote. Code of a host program may throw errors of this class, too, and those may
 * quote anything: a password, a customer. Whatever is caught from a host is asked here before a decision, a record or a
 * caller gets its text; what is not ours stays inside, as the `cause`.
 */
const OWN = new WeakSet<object>();

/** Shared by all copies of this package in a process. */
const MARK = Symbol.for("dev.hopwise/error");

/**
 * The one error class of Hopwise, as this package makes it: `host-error.ts` has it for everybody else. `instanceof` also
 * knows the errors of another copy of this package.
 *
 * No secret, token or key is ever part of an error.
 */
export class HopwiseError extends Error implements Refusal {
  override readonly name = "HopwiseError";
  readonly code: ErrorCode;
  declare readonly hop?: number;
  declare readonly pointer?: string;
  declare readonly rule?: string;
  declare readonly reason?: string;
  declare readonly wouldPass?: WouldPass;
  declare readonly nonce?: string;

  constructor(code: ErrorCode, message: string, detail: ErrorDetail = {}) {
    // An error at the start quotes only the operator's own files and options; any other may quote a stranger's text.
    const isOwnFile = rowOf(code).stage === "start";
    super(isOwnFile ? message : plainText(message), detail.cause === undefined ? undefined : { cause: detail.cause });
    this.code = code;
    Object.assign(this, isOwnFile ? detailOf(detail) : plainPointer(detailOf(detail)));
    Object.defineProperty(this, MARK, { value: true });
    // What everybody else makes is of a class below this one: see host-error.ts.
    if (new.target === HopwiseError) OWN.add(this);
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    if (typeof value !== "object" || value === null) return false;
    try {
      const { [MARK]: marked, code } = value as { readonly [MARK]?: unknown; readonly code?: unknown };
      // Another version may have codes of which this one can say nothing.
      return marked === true && typeof code === "string" && Object.hasOwn(CODES, code);
    } catch {
      return false; // what was thrown throws when it is looked at
    }
  }
}

/** Who calls names the arguments, and the pointer stands in each record, on screens and before models. */
function plainPointer(detail: ReturnType<typeof detailOf>): ReturnType<typeof detailOf> {
  const { pointer } = detail;
  return typeof pointer === "string" ? { ...detail, pointer: plainName(pointer) } : detail;
}

/** The members that are set: a printed or recorded error shows no `undefined`. */
function detailOf(from: ErrorDetail): Omit<Refusal, "code" | "message"> {
  const found = DETAILS.filter((name) => from[name] !== undefined).map((name) => [name, from[name]]);
  return Object.fromEntries(found);
}

/** An error as plain data, to stand in a decision. */
export function refusalOf(error: HopwiseError): Refusal {
  return { code: error.code, message: error.message, ...detailOf(error) };
}

/** Whether Hopwise itself wrote the text of an error. Only that may be quoted. */
export function isOwn(error: unknown): error is HopwiseError {
  return OWN.has(Object(error));
}

/** To end a sentence: why something failed, where Hopwise itself said it. */
export function ownWords(cause: unknown): string {
  return isOwn(cause) ? `: ${cause.message}` : "";
}

/**
 * Why something failed, as far as operators may read it: in our own words; that a deadline passed; or, of somebody else's
 * error, which may quote anything, its code or class alone (`it failed (ECONNREFUSED)`).
 */
export function faultOf(cause: unknown, what = "it"): string {
  if (mayTell(cause)) return cause.message;
  const word = faultWord(cause);
  return word === undefined ? `${what} failed` : `${what} failed (${word})`;
}

/** What failed, and why as far as {@link faultOf} may say it. */
export function failed(what: string, cause: unknown): string {
  return mayTell(cause) ? `${what} failed: ${cause.message}` : faultOf(cause, what);
}

function mayTell(cause: unknown): cause is Error {
  return isOwn(cause) || cause instanceof DeadlinePassed;
}

/** An error of another package of Hopwise, whose text may be quoted, too. */
export function inOwnWords(error: HopwiseError): HopwiseError {
  OWN.add(error);
  return error;
}

/** Whether a step was refused. Steps of a call give a value, or the {@link HopwiseError} that ends the call. */
export function isRefusal(value: unknown): value is HopwiseError {
  return value instanceof HopwiseError;
}
