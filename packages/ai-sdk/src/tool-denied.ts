import type { Allowed, Denied } from "@hopwise/core";
import { modelView } from "@hopwise/core/adapter";
import { hasMark } from "./has-mark.ts";

/** Shared by all copies of this package in a process. */
const MARK = Symbol.for("dev.hopwise/tool-denied");

/** A denial in the words that the model reads, with what else the host program may know of it. */
export interface ToldDenial {
  readonly text: string;
  readonly code: string;
  readonly retryable: boolean;
  readonly invocation: string | undefined;
  readonly decision?: Denied;
  readonly cause?: unknown;
}

/**
 * Thrown for a call that was not allowed, or whose result may not be shown, by this process or by the tool's own MCP server. The model reads its text, so
 * the text says no more than a model may know. `instanceof` also recognises a `ToolDenied` of another copy of this
 * package.
 */
export class ToolDenied extends Error {
  override readonly name = "ToolDenied";
  readonly code: string;
  readonly retryable: boolean;
  /** Names the denial's record, here or at the tool's server; undefined where there is none. */
  declare readonly invocation: string | undefined;
  /** The whole decision, for the host program; undefined where the tool's server decided, and where the tool ran. */
  declare readonly decision: Denied | undefined;

  constructor({ text, code, retryable, invocation, decision, cause }: ToldDenial) {
    super(text, cause === undefined ? undefined : { cause });
    this.code = code;
    this.retryable = retryable;
    // Not enumerable: a log that prints the error, or a serialisation of it, shows neither.
    Object.defineProperty(this, "invocation", { value: invocation });
    Object.defineProperty(this, "decision", { value: decision });
    Object.defineProperty(this, MARK, { value: true });
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return hasMark(value, MARK);
  }
}

/** The error for a call that was decided in this process. */
export function deniedHere(decision: Denied): ToolDenied {
  return new ToolDenied({ ...toldOf(decision), invocation: decision.invocation, decision });
}

/** The error for a result that may not be shown, as of a tool whose server withholds it. */
export function notShown({ invocation }: Allowed, code: Denied["code"], cause: unknown): ToolDenied {
  return new ToolDenied({ ...toldOf({ code }), invocation, cause });
}

function toldOf(refusal: Parameters<typeof modelView>[0]): Pick<ToldDenial, "text" | "code" | "retryable"> {
  const { code, message, retryable } = modelView(refusal);
  return { text: `Not allowed (${code}). ${message}`, code, retryable };
}
