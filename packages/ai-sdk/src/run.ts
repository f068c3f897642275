import type { Allowed, Authorizer } from "@hopwise/core";
import { fulfil, modelView, type OutputSchema } from "@hopwise/core/adapter";
import { checkApplied, withheldBy } from "@hopwise/core/filter";
import { openCall, runWithin } from "@hopwise/mcp";
import { ToolDenied } from "./tool-denied.ts";

type Outcome = Parameters<Authorizer["report"]>[1];

/** An allowed call while its tool runs. It ends once: later reports about it change nothing. */
export interface Run {
  /** The arguments for the tool: exactly those that were checked. */
  readonly arguments: never;
  /**
   * Right before a function of the tool runs.
   *
   * @throws what the loop was stopped with: nothing more of the tool begins
   */
  begins(): void;
  /** Runs code of the tool, for which `caller()` says for whom it runs until the call has ended. */
  within<Result>(work: () => Result): Result;
  /**
   * The result, changed as the policies oblige to.
   *
   * @throws {ToolDenied} where it cannot be changed as they oblige to
   */
  show(result: unknown): unknown;
  returned(): void;
  /** @returns the error to throw on */
  failed(cause: unknown): unknown;
  /** The caller left before the result was complete. */
  withdrawn(): void;
}

/**
 * What an error may say, and what a result shows, is a matter of the decision alone, never of how the call ended: a loop may
 * read what comes late. Where nothing of the tool began, what the call took is given back.
 *
 * @param input the arguments as the tool's schema made them
 * @param outputSchema what the tool announces of its results
 * @param stop what the loop gives the tool. Where the loop was stopped nobody waits from then on, whatever the tool still
 *   does; where a time was over the call ends as the tool does
 */
export function beginRun(
  decision: Allowed,
  input: unknown,
  authorizer: Authorizer,
  { outputSchema, stop }: { readonly outputSchema?: OutputSchema; readonly stop?: AbortSignal },
): Run {
  const { obligations } = decision;
  const { call, begins, hasBegun, end } = openUntil(stop, decision, authorizer);
  const redacted = new Set<string>();
  let last: unknown;
  let said: Error | undefined;
  const withheld = (cause: unknown): Error => {
    end({ outcome: "returned", result: last, withheld: true });
    said = notShown(withheldBy(cause), decision, cause);
    return said;
  };
  return {
    within: (work) => runWithin(call, work),
    arguments: (decision.projected ? input : decision.arguments) as never,
    begins,
    show: (result) => {
      last = result;
      try {
        checkApplied(decision.filter);
        if (obligations === undefined) return result;
        const done = fulfil(obligations, result, outputSchema);
        for (const pointer of done.redacted) redacted.add(pointer);
        return done.result;
      } catch (cause) {
        throw withheld(cause);
      }
    },
    returned: () => end({ outcome: "returned", result: last, redacted: [...redacted] }),
    failed: (cause) => {
      end({ outcome: "failed" });
      // Neither our own words nor why it never began are the tool's.
      if (cause === said || !hasBegun()) return cause;
      const told = decision.filter?.fault?.told;
      if (told !== undefined) return notShown(told, decision, cause);
      // An error may quote a value that the policies want taken out.
      return obligations === undefined && decision.filter === undefined
        ? cause
        : new Error("The tool failed.", { cause });
    },
    withdrawn: () => end({ outcome: "withdrawn" }),
  };
}

/** A call that is open until it ends, as its tool does, or as soon as its loop was stopped. */
function openUntil(stop: AbortSignal | undefined, decision: Allowed, authorizer: Authorizer) {
  let begun = false;
  let ended = false;
  const call = openCall(() => decision);
  const end = (outcome: Outcome): void => {
    if (ended) return;
    ended = true;
    stop?.removeEventListener("abort", stopped);
    call.end();
    void authorizer.report(decision, begun ? outcome : { ...outcome, nothingHappened: true });
  };
  const stopped = (): void => {
    if (!isTimeOver(stop)) end({ outcome: "withdrawn" });
  };
  if (stop?.aborted === true) stopped();
  else stop?.addEventListener("abort", stopped);
  const begins = (): void => {
    stop?.throwIfAborted();
    begun = true;
  };
  return { call, begins, hasBegun: () => begun, end };
}

/**
 * By the same signal the AI SDK tells that the time of this tool is over (`timeout: { toolMs }`), and that the loop's is. After
 * the first one the loop waits for the tool, and goes on with what it gives.
 */
function isTimeOver(stop: AbortSignal | undefined): boolean {
  try {
    return Object(stop?.reason).name === "TimeoutError";
  } catch {
    return false; // a reason may be anything, also what throws when it is looked at
  }
}

/** As of a tool whose server withholds a result. */
function notShown(withCode: Parameters<typeof modelView>[0]["code"], { invocation }: Allowed, cause: unknown): Error {
  const { code, message, retryable } = modelView({ code: withCode });
  return new ToolDenied({ text: `Not allowed (${code}). ${message}`, code, retryable, invocation, cause });
}
