import type { Outcome } from "../audit/index.ts";
import type { DenialCode } from "../codes.ts";
import type { Allowed } from "../decision/index.ts";
import { HopwiseError } from "../errors.ts";
import { checkApplied, withheldBy } from "../filter/index.ts";
import type { JsonObject } from "../json/index.ts";
import { onceAborted, onceInProcess, quietly } from "../lib/index.ts";
import { isObject, maybe, mustBe, optionsOf, reading, such } from "../options/index.ts";
import { fulfil, type OutputSchema } from "../result/index.ts";
import { type Authorizer, checkGiven } from "../way/index.ts";
import { openCall, runWithin } from "./running-call.ts";

/** An allowed call while its tool runs. It ends once: later reports about it change nothing. */
export interface Run {
  /** Right before a function of the tool runs. Where none did, what the call took of a budget is given back. */
  begins(): void;
  /** Runs code of the tool, for which `caller()` says for whom it runs until the call has ended. */
  within<Result>(work: () => Result): Result;
  /**
   * The result, changed as the policies oblige to. A tool that gives several, one after the other, has each of them shown.
   *
   * @throws what `notShown` made, where nothing of it may be shown: then the call has ended
   */
  show(result: unknown): unknown;
  /** The tool gave its result, and the last one was shown. */
  returned(): void;
  /** The tool, or what had to be done before it ran, threw this. @returns the error to throw on */
  failed(cause: unknown): unknown;
  /** Nobody waits for the result any more. */
  withdrawn(): void;
}

/** How a run is begun. */
export interface RunOptions {
  /** What the tool announces of its results, as its callers got it. Default: nothing. */
  readonly outputSchema?: OutputSchema | undefined;
  /** Makes the error for a result that may not be shown. Default: a {@link HopwiseError} of this code. */
  readonly notShown?: ((code: DenialCode, cause: unknown) => Error) | undefined;
  /** Called once, when the call has ended. */
  readonly onEnd?: (() => void) | undefined;
}

/**
 * Begins to run the tool of an allowed call, for an adapter whose tools end in other ways than {@link runCall} knows, such as by
 * a stream. What an error may say, and what a result shows, is a matter of the decision alone, never of how the call ended.
 */
export function beginRun(authorizer: Pick<Authorizer, "report">, decision: Allowed, options: RunOptions = {}): Run {
  checkRun("beginRun", authorizer, decision);
  const {
    outputSchema,
    notShown = notShownError,
    onEnd = () => {},
  } = reading("beginRun", "options", "options, such as { outputSchema }", options, (it) => ({ ...it }));
  ran.add(decision);
  const { obligations, filter } = decision;
  const call = openCall(() => decision);
  const redacted = new Set<string>();
  let last: unknown;
  let begun = false;
  let ended = false;
  let said: Error | undefined;
  const end = (outcome: Outcome): void => {
    if (ended) return;
    ended = true;
    call.end();
    quietly(onEnd);
    quietly(() => authorizer.report(decision, begun ? outcome : { ...outcome, nothingHappened: true }));
  };
  return {
    begins: () => {
      begun = true;
    },
    within: (work) => runWithin(call, work),
    show: (result) => {
      last = result;
      try {
        checkApplied(filter);
        if (obligations === undefined) return result;
        const done = fulfil(obligations, result, outputSchema);
        for (const pointer of done.redacted) redacted.add(pointer);
        return done.result;
      } catch (cause) {
        end({ outcome: "returned", result: last, withheld: true });
        said = notShown(withheldBy(cause), cause);
        throw said;
      }
    },
    returned: () => end({ outcome: "returned", result: last, redacted: [...redacted] }),
    failed: (cause) => {
      end({ outcome: "failed" });
      // Neither our own words nor why it never began are the tool's.
      if ((said !== undefined && cause === said) || !begun) return cause;
      const told = filter?.fault?.told;
      if (told !== undefined) return notShown(told, cause);
      // An error may quote a value that the policies want taken out.
      return obligations === undefined && filter === undefined ? cause : new Error("The tool failed.", { cause });
    },
    withdrawn: () => end({ outcome: "withdrawn" }),
  };
}

function notShownError(code: DenialCode, cause: unknown): HopwiseError {
  const message = "the tool ran, and its result may not be shown; do not call it again";
  return new HopwiseError(code, message, { cause });
}

/** How a call is run. */
export interface RunCallOptions extends Pick<RunOptions, "outputSchema"> {
  /**
   * What the tool's own schema made of the arguments, as it was given to the decision. Needed where the tool map has a
   * `projection` for the tool: it was decided on what that says, and the tool runs with these.
   */
  readonly parsed?: unknown;
  /** Aborted when nobody waits for the result any more: the record says so. The tool goes on unless it listens as well. */
  readonly signal?: AbortSignal | undefined;
}

const readOptions = optionsOf<RunCallOptions>("runCall", {
  parsed: maybe(such("anything", () => true)),
  outputSchema: maybe(
    such("a JSON Schema, or null for one that could not be read", (it) => it === null || isObject(it)),
  ),
  signal: maybe(such("an AbortSignal", (it) => it instanceof AbortSignal)),
});

/**
 * Runs the tool of an allowed call to its end, as the decision says: with exactly the arguments that were decided; `caller()` and
 * `currentFilter()` tell it for whom it runs; its result is changed as the policies oblige to; what came of it is on record. For
 * adapters and servers of one's own: authorize with `fulfils: true`, and, for tools that give rows, `filters: true`.
 *
 * @example
 * ```ts
 * const decision = await authorizer.authorize({ tool, arguments: args, credential: { chain, proof }, fulfils: true });
 * if (decision.outcome === "allowed") return runCall(authorizer, decision, (checked) => tools[tool](checked));
 * ```
 *
 * @param run the tool: gets the arguments
 * @returns what may be shown
 * @throws what the tool threw; an error without its words where the policies change its results. {@link HopwiseError}
 *   `result_withheld` or `filter_unapplied` where nothing of the result may be shown: the tool ran, and must not be called again.
 *   `config_invalid` for what is no allowed call, and what the signal was aborted with before the tool began
 */
export async function runCall(
  authorizer: Pick<Authorizer, "report">,
  decision: Allowed,
  run: (args: JsonObject) => unknown,
  options: RunCallOptions = {},
): Promise<unknown> {
  checkRun("runCall", authorizer, decision);
  const { parsed, outputSchema, signal } = readRun(authorizer, decision, run, options);
  const it = beginRun(authorizer, decision, { outputSchema, onEnd: () => stay() });
  const stay = onceAborted(signal, it.withdrawn);
  if (signal?.aborted) it.withdrawn();
  try {
    signal?.throwIfAborted();
    it.begins();
    const result = await it.within(() => run((decision.projected ? parsed : decision.arguments) as JsonObject));
    const shown = it.show(result);
    it.returned();
    return shown;
  } catch (cause) {
    throw it.failed(cause);
  }
}

/** A decision is of one run: a second one would be a call that nobody decided. */
const ran = onceInProcess("ran/1", () => new WeakSet<Allowed>());

function checkRun(called: string, authorizer: Pick<Authorizer, "report">, decision: Allowed): void {
  const look = <T extends object>(name: string, what: string, given: T, isRight: (given: T) => boolean): void => {
    if (!reading(called, name, what, given, isRight)) mustBe(called, name, what, given);
  };
  look("authorizer", "an authorizer", authorizer, ({ report }) => typeof report === "function");
  look("decision", "a decision that allows the call", decision, ({ outcome }) => outcome === "allowed");
  checkGiven(called, decision);
  look("decision", "one that did not run yet: decide each call anew", decision, (it) => !ran.has(it));
}

/** What is wrong keeps the tool from running: then the run fails before it began, and what the call took is given back. */
function readRun(
  authorizer: Pick<Authorizer, "report">,
  decision: Allowed,
  run: unknown,
  options: RunCallOptions,
): RunCallOptions {
  try {
    if (typeof run !== "function") mustBe("runCall", "run", "the tool, a function", run);
    const read = readOptions(options);
    if (decision.projected === true && read.parsed === undefined) {
      const expected =
        "what the tool's schema made of the arguments, since the tool map has a projection for this tool";
      mustBe("runCall", "parsed", expected, undefined);
    }
    return read;
  } catch (fault) {
    throw beginRun(authorizer, decision).failed(fault);
  }
}
