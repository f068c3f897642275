import type { Pending } from "@hopwise/core";
import { waitingView } from "@hopwise/core/adapter";
import { hasMark } from "./has-mark.ts";

/** Shared by all copies of this package in a process. */
const MARK = Symbol.for("dev.hopwise/tool-pending");

/** What a call waits for, with the words that the model reads. */
export interface ToldPending extends Pick<ToolPending, "request" | "reason" | "approvers" | "untilSeconds"> {
  readonly text: string;
  readonly invocation: string;
  readonly url?: string | undefined;
  readonly decision?: Pending;
}

/**
 * Thrown for a call that people must approve first, by this process or by the tool's own MCP server. Nothing ran. The model
 * reads its text, which says what it waits for and how to go on; the loop goes on. `instanceof` also recognises a
 * `ToolPending` of another copy of this package. It is no `ToolDenied`: nobody refused.
 */
export class ToolPending extends Error {
  override readonly name = "ToolPending";
  /** The request's id, for the inbox. The tool set names it by itself once the same call is made again. */
  readonly request: string;
  /** Why, by the policy. */
  readonly reason: string;
  /** How many different people must approve. */
  readonly approvers: number;
  /** Until when the approved call may be made, in seconds since the epoch. */
  readonly untilSeconds: number;
  /** Where people can answer, if the tool's server tells: an https address (http on this machine alone), of that server's choice. */
  declare readonly url: string | undefined;
  /** Names the record, here or at the tool's server. */
  declare readonly invocation: string;
  /** The whole decision, for the host program; undefined where the tool's server decided. */
  declare readonly decision: Pending | undefined;

  constructor({ text, request, reason, approvers, untilSeconds, url, invocation, decision }: ToldPending) {
    super(text);
    this.request = request;
    this.reason = reason;
    this.approvers = approvers;
    this.untilSeconds = untilSeconds;
    // Not enumerable: a log that prints the error, or a serialisation of it, shows none of them.
    Object.defineProperty(this, "url", { value: url });
    Object.defineProperty(this, "invocation", { value: invocation });
    Object.defineProperty(this, "decision", { value: decision });
    Object.defineProperty(this, MARK, { value: true });
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return hasMark(value, MARK);
  }
}

/** The error for a call that was decided in this process. */
export function pendingHere(decision: Pending): ToolPending {
  const { approval, invocation } = decision;
  return new ToolPending({ ...approval, text: waitingView(decision), invocation, decision });
}
