import type { Allowed, Authorizer } from "@hopwise/core";
import { fulfil, modelView, type OutputSchema } from "@hopwise/core/adapter";
import { checkApplied, withheldBy } from "@hopwise/core/filter";
import { openCall, runWithin } from "@hopwise/mcp";

/** An allowed call while its tool runs. It ends once: later reports about it change nothing. */
export interface Run {
  /** The arguments for the tool: exactly those that were checked. */
  readonly arguments: never;
  /** Runs code of the tool, for which `caller()` says for whom it runs until the call has ended. */
  within<Result>(work: () => Result): Result;
  /**
   * The result, changed as the policies oblige to.
   *
   * @throws {Error} where it cannot be changed as they oblige to; its text may go to a model
   */
  show(result: unknown): unknown;
  returned(): void;
  /** @returns the error to throw on */
  failed(cause: unknown): unknown;
  /** The caller left before the result was complete. */
  withdrawn(): void;
  /** The caller left before anything of the tool ran: what the call took is given back. */
  neverBegun(): void;
}

/**
 * @param input the arguments as the tool's schema made them
 * @param outputSchema what the tool announces of its results
 * @param stop the loop's: from then on nobody waits, whatever the tool still does
 */
export function beginRun(
  decision: Allowed,
  input: unknown,
  authorizer: Authorizer,
  { outputSchema, stop }: { readonly outputSchema?: OutputSchema; readonly stop?: AbortSignal },
): Run {
  const { obligations } = decision;
  const redacted = new Set<string>();
  let last: unknown;
  let ended = false;
  const call = openCall(() => decision);
  const end = (outcome: Parameters<Authorizer["report"]>[1]): void => {
    if (ended) return;
    ended = true;
    stop?.removeEventListener("abort", withdrawn);
    call.end();
    void authorizer.report(decision, outcome);
  };
  const withdrawn = (): void => end({ outcome: "withdrawn" });
  stop?.addEventListener("abort", withdrawn);
  const withheld = (cause: unknown): Error => {
    end({ outcome: "returned", result: last, withheld: true });
    const { code, message } = modelView({ code: withheldBy(cause) });
    return new Error(`Not allowed (${code}). ${message}`, { cause });
  };
  return {
    within: (work) => runWithin(call, work),
    arguments: (decision.projected ? input : decision.arguments) as never,
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
      if (ended) return cause;
      end({ outcome: "failed" });
      const told = decision.filter?.fault?.told;
      if (told !== undefined) {
        const { code, message } = modelView({ code: told });
        return new Error(`Not allowed (${code}). ${message}`, { cause });
      }
      // An error may quote a value that the policies want taken out.
      return obligations === undefined && decision.filter === undefined
        ? cause
        : new Error("The tool failed.", { cause });
    },
    withdrawn,
    neverBegun: () => end({ outcome: "withdrawn", nothingHappened: true }),
  };
}
