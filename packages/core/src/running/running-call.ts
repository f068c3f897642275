import { AsyncLocalStorage } from "node:async_hooks";
import type { Allowed, CallerView } from "../decision/index.ts";
import type { Filter } from "../filter/index.ts";
import { onceInProcess } from "../lib/index.ts";
import { isObject, mustBe } from "../options/index.ts";
import { saidNothingHappened } from "../way/index.ts";

/** A call of a tool, a resource or a prompt, as the code sees it that runs within. */
export interface RunningCall {
  /**
   * For whom it runs; undefined before it was allowed, and as soon as it has ended. Reading it throws in a call that ran
   * without a valid chain: only with the authorizer's `shadow: "everything"`.
   */
  readonly caller: CallerView | undefined;
}

/** What an allowed call tells the code that runs within. */
export type RunningDecision = Pick<Allowed, "caller" | "filter">;

/** The same as the guard has it. */
export interface OpenCall extends RunningCall {
  /** Which rows it may show, where it gives rows. */
  readonly filter: Filter | undefined;
  /** By the tool's own word. */
  nothingHappened(): void;
  /** From now on nobody is its caller. */
  end(): void;
}

/** All guards of a process share it: a tool of one server may run a loop, whose tools have another caller. */
const running = onceInProcess("running/1", () => new AsyncLocalStorage<OpenCall>());

/**
 * @param find gives the decision, once the call was allowed
 * @throws {HopwiseError} `config_invalid`, as {@link runWithin} and {@link runToEnd}, for what is no function, or no call
 */
export function openCall(find: () => RunningDecision | undefined): OpenCall {
  if (typeof find !== "function") mustBe("openCall", "find", "a function that gives the decision", find);
  let ended = false;
  return {
    get caller() {
      return ended ? undefined : find()?.caller;
    },
    get filter() {
      const decision = ended ? undefined : find();
      // Where it cannot be told for whom the call runs, no rows are anybody's: this throws, too.
      void decision?.caller;
      return decision?.filter;
    },
    nothingHappened: () => {
      const decision = ended ? undefined : find();
      if (decision !== undefined) saidNothingHappened(decision as Allowed);
    },
    end: () => {
      ended = true;
    },
  };
}

/** Runs something as part of a call, with everything that it starts. */
export function runWithin<Result>(call: OpenCall, work: () => Result): Result {
  if (!isOpenCall(call)) mustBe("runWithin", "call", "what openCall gave", call);
  if (typeof work !== "function") mustBe("runWithin", "work", "a function", work);
  return running.run(call, work);
}

/** Runs the handler of the running call. With the handler the call has ended, whatever it left running. */
export async function runToEnd<Context extends object, Result>(
  context: Context,
  handler: (context: Context & Partial<RunningCall>) => Result | Promise<Result>,
): Promise<Result> {
  if (typeof handler !== "function") mustBe("runToEnd", "handler", "the tool's own function", handler);
  try {
    return await handler(withCaller(context));
  } finally {
    running.getStore()?.end();
  }
}

/**
 * For whom the running call runs: inside of a tool's `execute`, a resource's or a prompt's `load`. The user, the agents,
 * the chain's id and the tenant, frozen; never a token. Undefined outside of a call, before the call was allowed, and as
 * soon as it has ended, also in work that it left running.
 *
 * Work that several calls share, such as the batch of a DataLoader, runs within the call that began it: take the caller
 * where the call is, and hand it on as part of the key.
 *
 * With the authorizer's `shadow: "everything"` calls run without a valid chain, too. Of these it is not known for whom, and
 * nothing is given that a tool could take for "nobody", or "everybody": it throws.
 *
 * ```ts
 * const execute = async () => orders.filter(({ owner }) => owner === caller()?.user.id);
 * ```
 *
 * @throws {HopwiseError} the code of what was wrong with the chain, such as `proof_missing`
 */
export function caller(): CallerView | undefined {
  return running.getStore()?.caller;
}

/**
 * Which rows the running call may show, where the tool map says that its tool gives rows: take the condition, read by it,
 * have the rows checked. `visibleRows` of `@hopwise/filter` does all three. Undefined for another tool, outside of a call, and
 * as soon as it has ended. A result of a tool that gives rows is withheld where this was not applied. Throws where
 * {@link caller} does.
 */
export function currentFilter(): Filter | undefined {
  return running.getStore()?.filter;
}

/**
 * Says that the running call did nothing after all: the bank refused the payment, the row was there already. What the call took
 * from a budget is given back. Only the tool can know: no error gives anything back, nor does a caller who leaves once the tool
 * has begun. Outside of a call, and after it has ended, it changes nothing.
 *
 * ```ts
 * if (answer.status === "declined") nothingHappened();
 * ```
 */
export function nothingHappened(): void {
  running.getStore()?.nothingHappened();
}

/**
 * A framework's context with `caller` as one more member, which is undefined once the call has ended. A member of that
 * name gives way: nobody else may say who the caller is. Outside of a call it is given as it is.
 */
export function withCaller<Context extends object>(context: Context): Context & Partial<RunningCall> {
  const call = running.getStore();
  if (call === undefined) return context;
  return Object.defineProperty({ ...context }, "caller", { get: () => call.caller, enumerable: true });
}

function isOpenCall(value: unknown): boolean {
  try {
    return isObject(value) && typeof value["end"] === "function";
  } catch {
    return false;
  }
}
