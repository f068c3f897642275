import type { Denied } from "@hopwise/core";
import {
  inItsVersion,
  isUnserved,
  type JsonRpcMessage,
  type NotRun,
  type WireRefusal,
  withoutOurWords,
} from "../protocol/index.ts";
import { checkAnswer, hasFailed, notServed, refusedAs } from "./check-answer.ts";
import { type Flight, mayHaveRun } from "./flights.ts";
import { GUARD_FAILED, type Guard, reportWithdrawn } from "./guard.ts";
import { noteListed } from "./server-lists.ts";
import { turnAway } from "./turn-away.ts";
import { turnOfTheLoop } from "./turn-of-the-loop.ts";
import { isSentWithinAnother, WITHIN_ANOTHER } from "./within-another.ts";

/** Lets an answer of the server's handler out, as far as its caller may see it. */
export async function reply(guard: Guard, given: JsonRpcMessage): Promise<void> {
  const message = withoutOurWords(given);
  const flight = guard.flights.get(message.id);
  if (flight === undefined || flight.handedOver?.lapsed !== undefined) return;
  flight.answered = true;
  flight.handedOver?.answers();
  // On record once the answer has left: where its stream is gone, its caller has closed the connection.
  let report = (): void => {};
  const reportOutcome: Guard["reportOutcome"] = (decision, outcome) => {
    report = () => guard.reportOutcome(decision, outcome);
  };
  try {
    const { request, operation } = flight;
    const isLifecycle = operation.kind === "lifecycle";
    if (isLifecycle && isUnserved(message)) {
      return await answer(guard, flight, turnAway(guard, request, "method_unguarded", notServed(request.method)));
    }
    if (!isLifecycle && isSentWithinAnother(guard, flight)) {
      guard.report(new Error(WITHIN_ANOTHER));
      // A tool that ran, and did not ask for this request, is closed, as any other that does not ask.
      if (!ranUndecided(flight, message)) return await withhold(guard, flight, message);
    }
    const checked = await checkAnswer(message, flight, { ...guard, reportOutcome });
    const shown = isLifecycle ? guard.changes.offer(checked, guard.overHttp === true) : checked;
    if (operation.kind === "list") noteListed(guard.listed, shown);
    await answer(guard, flight, shown).catch((error: unknown) => {
      reportWithdrawn(guard, flight);
      throw error;
    });
    report();
  } catch (error) {
    return await fail(guard, flight, error);
  } finally {
    flight.handedOver?.answered();
  }
}

function ranUndecided({ operation, asked }: Flight, message: JsonRpcMessage): boolean {
  return operation.kind === "tool" && !asked && !hasFailed(message);
}

/** Its result may be of another caller's data. */
async function withhold(guard: Guard, flight: Flight, message: JsonRpcMessage): Promise<void> {
  const { decision } = flight;
  const { invocation } = await refusalFor(guard, flight);
  if (decision?.outcome === "allowed") {
    guard.reportOutcome(decision, { outcome: "returned", result: undefined, withheld: true });
  }
  const code = hasFailed(message) && !mayHaveRun(flight) ? GUARD_FAILED.code : "result_withheld";
  return deny(guard, flight, { code, ...(invocation !== undefined && { invocation }) });
}

/** Answers a request, unless it was withdrawn. */
export async function answer({ flights, inner }: Guard, flight: Flight, message: JsonRpcMessage): Promise<void> {
  await turnOfTheLoop();
  const { request } = flight;
  const { id } = request;
  if (flights.end(flight)) await inner.send(inItsVersion({ ...message, id }, request), { relatedRequestId: id });
}

/** Answers a request with a refusal. */
export function deny(guard: Guard, flight: Flight, refusal: NotRun): Promise<void> {
  return answer(guard, flight, refusedAs(flight, refusal));
}

/** A fault in the guard is a denial, too, and goes on record where the call has no decision yet. */
export async function fail(guard: Guard, flight: Flight, error: unknown): Promise<void> {
  guard.report(error);
  return denyFault(guard, flight, await refusalFor(guard, flight));
}

/** A fault says "try again", but for a call that may have run. */
export function denyFault(guard: Guard, flight: Flight, fault: WireRefusal): Promise<void> {
  const { invocation } = fault;
  const ran = { code: "result_withheld", ...(invocation !== undefined && { invocation }) } as const;
  return deny(guard, flight, mayHaveRun(flight) ? ran : fault);
}

async function refusalFor({ authorizer }: Guard, flight: Flight): Promise<WireRefusal> {
  const { admission, decision, operation, request } = flight;
  if (decision !== undefined) return { ...GUARD_FAILED, invocation: decision.invocation };
  const recorded: Promise<Denied> =
    admission === undefined
      ? authorizer.refuse({ tool: "tool" in operation ? operation.tool : request.method }, GUARD_FAILED)
      : admission.refuse(GUARD_FAILED);
  // Where the admission has already ended, or the authorizer fails, nothing can be recorded.
  return recorded.catch(() => GUARD_FAILED);
}
