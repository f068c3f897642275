import { type Allowed, type Authorizer, type Decision, HopwiseError, type Session } from "@hopwise/core";
import { isOfLiterals } from "@hopwise/core/options";
import { withCaller } from "@hopwise/core/running";
import { type Announced, announcedBy } from "./announced-schemas.ts";
import { type AnyTool, type Callback, memberOf, type ReadTool } from "./read-tool.ts";
import { beginLoopRun, type LoopRun } from "./run.ts";
import type { SentInputs } from "./sent-inputs.ts";
import { deniedHere } from "./tool-denied.ts";
import { pendingHere } from "./tool-pending.ts";
import type { WaitingCalls } from "./waiting-calls.ts";

/** Where the calls of a tool set are decided, and written down. */
export interface Point {
  readonly authorizer: Authorizer;
  readonly session: Session;
  readonly waiting: WaitingCalls;
}

type Execute = NonNullable<AnyTool["execute"]>;
type Options = { readonly abortSignal?: AbortSignal; readonly context?: unknown } | undefined;
type Work = (run: LoopRun, options: Options) => Promise<unknown>;

/**
 * An `execute` that decides each call before anything of the tool runs, with exactly the arguments that were decided.
 *
 * @param before functions of the tool to run once the call was allowed, before its own `execute`
 * @param inputs what was sent, of what the tool's schema made
 * @throws {HopwiseError} `config_invalid` for a tool that does not run here
 */
export function guardedExecute(read: ReadTool, before: readonly Callback[], point: Point, inputs: SentInputs): Execute {
  const { name, tool } = read;
  const execute = executeOf(read);
  let announced: Promise<Announced> | undefined;
  const begin = async (input: unknown, options: Options): Promise<LoopRun> => {
    announced ??= announcedBy(read);
    const schemas = await announced;
    // It may be readable the next time.
    if (schemas.inputSchema === undefined || schemas.outputSchema === null) announced = undefined;
    const { parsed, sent } = inputs.of(input);
    const args = sent === undefined ? { arguments: parsed } : { arguments: sent, parsed };
    return beginAllowed({ tool: name, ...args, ...schemas, fulfils: true, filters: true }, parsed, options, point);
  };
  const work: Work = async (run, options) => {
    const own = withOptions(options);
    for (const callback of before) {
      run.begins();
      await callback.call(tool, { ...own, input: run.arguments });
    }
    // The loop may have been stopped meanwhile.
    run.begins();
    return execute.call(tool, run.arguments, own as never);
  };

  // The AI SDK looks whether the returned value itself can be iterated: only a generator keeps streaming results.
  if (isAsyncGenerator(execute)) {
    return async function* (input: unknown, options: Options) {
      const run = await begin(input, options);
      try {
        const results = (await run.within(() => work(run, options))) as AsyncGenerator;
        let held: { readonly value: unknown } | undefined;
        for await (const value of eachWithin(run, results)) {
          held = run.mayShow() ? undefined : { value };
          if (held === undefined) yield run.show(value);
        }
        if (held !== undefined) run.show(held.value);
        run.returned();
      } catch (cause) {
        throw run.failed(cause);
      } finally {
        run.withdrawn();
      }
    };
  }
  return async (input: unknown, options: Options) => {
    const run = await begin(input, options);
    try {
      const shown = run.show(await run.within(async () => lastOf(await work(run, options))));
      run.returned();
      return shown;
    } catch (cause) {
      throw run.failed(cause);
    }
  };
}

/** A generator's body runs where the next value is asked for, so each is asked for within the call. */
function eachWithin(run: LoopRun, results: AsyncGenerator): AsyncIterable<unknown> {
  return {
    [Symbol.asyncIterator]: () => ({
      next: () => run.within(() => results.next()),
      return: () => run.within(() => results.return(undefined)),
    }),
  };
}

/** The loop's options, with `context.caller`, where the tool's context is an object that can take one more member. */
function withOptions(options: Options): Options {
  const { context = {} } = options ?? {};
  const isPlain = typeof context === "object" && context !== null && isOfLiterals(context);
  return isPlain ? { ...options, context: withCaller(context) } : options;
}

/** @throws {HopwiseError} `config_invalid` for a tool that does not run here */
export function executeOf(read: ReadTool): Execute {
  const execute = memberOf(read, "execute");
  if (typeof execute !== "function" || memberOf(read, "isProviderExecuted") === true) {
    throw new HopwiseError(
      "config_invalid",
      `the tool "${read.name}" has no execute, or is the provider's: it would run at the provider or at the client, where no call can be checked; leave it out here and, if it may run undecided, add it to the set that authorizeTools gives`,
    );
  }
  return execute as Execute;
}

/** @throws {ToolDenied} where the call was not allowed; {ToolPending} where it waits */
async function beginAllowed(
  call: Parameters<Session["authorize"]>[0],
  input: unknown,
  options: Options,
  { session, authorizer, waiting }: Point,
): Promise<LoopRun> {
  const { tool, arguments: args } = call;
  const stop = options?.abortSignal;
  // The loop was stopped: nobody asks any more, and nothing is spent.
  stop?.throwIfAborted();
  const made = { tool, arguments: args };
  const decide = async (): Promise<Decision> => session.authorize({ ...call, approval: await waiting.named(made) });
  const decision = await decide().catch((cause: unknown) => {
    // The error of a host program's callback is for the host program: this text goes to the model and to browsers.
    throw new Error("Not allowed. The call could not be checked.", { cause });
  });
  if (decision.outcome === "pending") waiting.waits(made, decision.approval.request);
  // Where the loop was stopped meanwhile the tool does not begin, and its approval is given back.
  const runs = decision.outcome === "allowed" && stop?.aborted !== true;
  const denial = decision.outcome === "denied" ? decision.code : undefined;
  if (runs || denial === "approval_used") waiting.used(made);
  if (denial === "arguments_malformed") waiting.misnamed(made);
  return beginLoopRun(allowedOf(decision), input, authorizer, { outputSchema: call.outputSchema, stop });
}

/** @throws {ToolDenied} where a call was not allowed; {ToolPending} where it waits */
function allowedOf(decision: Decision): Allowed {
  switch (decision.outcome) {
    case "allowed":
      return decision;
    case "denied":
      throw deniedHere(decision);
    case "pending":
      throw pendingHere(decision);
  }
}

function isAsyncGenerator(execute: Execute): boolean {
  return execute.constructor.name === "AsyncGeneratorFunction";
}

/** A function that returns a stream of results: its last one is the result. */
async function lastOf(result: unknown): Promise<unknown> {
  if (typeof result !== "object" || result === null || !(Symbol.asyncIterator in result)) return result;
  let last: unknown;
  for await (const value of result as AsyncIterable<unknown>) last = value;
  return last;
}
