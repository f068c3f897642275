import { type Denied, HopwiseError, type Subject } from "@hopwise/core";
import type { Admission, JsonObject } from "@hopwise/core/adapter";
import { openCall, type RunningDecision, runWithin } from "@hopwise/core/running";
import {
  approvalIn,
  credentialIn,
  type JsonRpcRequest,
  type MessageExtra,
  notRunOf,
  type Operation,
  operationOf,
  ownRequest,
  showsPages,
  traceparentIn,
  withoutCredential,
  withoutTask,
} from "../protocol/index.ts";
import { begins, decideFlight, decideOrRefuse, type FlightScope } from "./decide-flight.ts";
import type { Flight } from "./flights.ts";
import { type Guard, reportWithdrawn } from "./guard.ts";
import { handedOver } from "./handed-over.ts";
import { isReadOtherwise, readingOf } from "./read-uri.ts";
import { answer, deny, fail } from "./reply.ts";
import { quoted, turnAway, unguarded } from "./turn-away.ts";
import { answerInTime, askForUser, unauthenticated, userIn } from "./user-from-auth.ts";

/** Takes in a request: it reaches the server's handler once it was admitted, without chain and proof. */
export function receive(guard: Guard, received: JsonRpcRequest, extra: MessageExtra | undefined): void {
  const { flights, inner, report } = guard;
  const request = ownRequest(received);
  const same = flights.called(request.id);
  if (same !== undefined) {
    // The sender of the second may have taken over the stream of the first: neither is answered with data.
    withdraw(guard, same, "another request has the same id");
    const busy = turnAway(guard, request, "arguments_malformed", "A request with this id is under way.");
    inner.send(busy, { relatedRequestId: request.id }).catch(report);
    return;
  }
  const flight = flights.begin(request, operationOf(request), extra);
  dispatch(guard, flight)
    .catch((error: unknown) => fail(guard, flight, error))
    .catch(report);
}

/**
 * Ends a request that its caller does not wait for any more. A server answers nothing that was cancelled, so by a cancelled
 * call it would not show whether its tool asks: it hears of that once it has shown it.
 */
export function withdraw(guard: Guard, flight: Flight, reason?: unknown): void {
  if (guard.flights.leave(flight)) reportWithdrawn(guard, flight);
  const cancel = (): void => {
    guard.flights.end(flight);
    guard.handler?.({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: flight.id, reason } });
  };
  const shows = flight.handedOver?.shows;
  if (shows === undefined) cancel();
  else shows.then(cancel).catch(guard.report);
}

/**
 * Ends all requests, since nobody is there any more. A server answers nothing once it has heard of that.
 *
 * @returns settles when it may hear of it; undefined where that is now
 */
export function withdrawAll(guard: Guard): Promise<void> | undefined {
  const all = guard.flights.all();
  for (const flight of all.filter(guard.flights.isOpen)) withdraw(guard, flight, "the connection was closed");
  const shows = all.flatMap(({ handedOver }) => handedOver?.keep() ?? []);
  return shows.length === 0 ? undefined : Promise.all(shows).then(() => {});
}

async function dispatch(guard: Guard, flight: Flight): Promise<void> {
  const { request, operation } = flight;
  switch (operation.kind) {
    case "malformed": {
      const message = "The request's params, or their _meta, cannot be read safely.";
      return answer(guard, flight, turnAway(guard, request, "arguments_malformed", message));
    }
    case "unguarded": {
      return answer(guard, flight, turnAway(guard, request, "method_unguarded", unguarded(request.method)));
    }
    case "lifecycle":
      guard.showsPages ||= showsPages(request);
      return handOver(guard, flight);
    case "tool":
    case "data":
    case "list": {
      if (!isReadOtherwise(guard, operation)) return admitted(guard, flight, operation);
      const message =
        "This URI can be read as another one. Send it as a URL parser writes it, with no more percent-encoded than has to be.";
      return answer(guard, flight, turnAway(guard, request, "arguments_malformed", message));
    }
  }
}

/** The requests that an authorizer is asked about. */
type Guarded = Extract<Operation, { kind: "tool" | "data" | "list" }>;

async function admitted(guard: Guard, flight: Flight, operation: Guarded): Promise<void> {
  const admission = await admit(guard, flight, operation);
  if (admission.outcome === "denied") return deny(guard, flight, admission);
  flight.admission = admission;
  switch (operation.kind) {
    case "list":
      if (guard.flights.isOpen(flight)) flight.handedOver = handedOver(guard, flight, admission);
      return handOver(guard, flight);
    case "tool":
      return handOverTool(guard, flight, operation.tool, admission);
    case "data": {
      const decision = await decideFlight(guard, flight, undefined, undefined, await readingOf(guard, operation));
      if (decision.outcome !== "allowed") return deny(guard, flight, notRunOf(decision, flight.page));
      if (begins(guard, flight)) handOver(guard, flight, decision.arguments);
      return;
    }
  }
}

async function handOverTool(guard: Guard, flight: Flight, tool: string, admission: Admission): Promise<void> {
  const { tools, flights } = guard;
  if (!flights.isOpen(flight)) return noteWithdrawn(admission);
  if (tools.has(tool)) {
    const wait = handedOver(guard, flight, admission);
    flight.handedOver = wait;
    const turn = tools.turns.take(tool);
    // Messages stay in their order where nothing has to be waited for.
    wait.turn = turn instanceof Promise ? await turn : turn;
    const isWaitedFor = flights.isOpen(flight) && wait.lapsed === undefined;
    // The call before this one may have shown that its function does not ask.
    const mayRun = wait.turn !== undefined && tools.has(tool) && isWaitedFor;
    // A copy that may be changed: some schemas write into what they read, and decided is what they make of it.
    if (mayRun) return handOver(guard, flight, { arguments: structuredClone(admission.arguments) });
    wait.answers();
    wait.answered();
    if (wait.lapsed !== undefined) return;
    if (!isWaitedFor) return noteWithdrawn(admission);
    if (wait.turn === undefined) {
      return refuse(guard, flight, admission, "guard_failed", `a call of ${quoted(tool)} before this one did not end`);
    }
  }
  const message = `no guarded tool is called ${quoted(tool)}; it was removed, or never added`;
  return refuse(guard, flight, admission, "tool_unguarded", message);
}

async function refuse(
  guard: Guard,
  flight: Flight,
  admission: Admission,
  code: "guard_failed" | "tool_unguarded",
  message: string,
): Promise<void> {
  guard.report(new Error(message));
  return deny(guard, flight, await admission.refuse({ code, message }));
}

/** A call that nobody waits for any more is no reason to run it, and on record all the same. */
async function noteWithdrawn(admission: Admission): Promise<void> {
  await admission.refuse({ code: "call_withdrawn", message: "its caller had left before the server got it" });
}

async function admit(
  { authorizer, userFromAuth, report }: Guard,
  { request, extra }: Flight,
  operation: Guarded,
): Promise<Admission | Denied> {
  const call = { tool: operation.tool, traceparent: traceparentIn(request) };
  let user: Subject | undefined;
  try {
    const asked = askForUser(userFromAuth, extra);
    // No wait where nobody is asked: the message is judged as it is now.
    user = asked === undefined ? undefined : userIn(await answerInTime(asked, authorizer.deadlineMs));
  } catch (error) {
    const { code, message } = unauthenticated(error);
    report(new HopwiseError(code, message, { cause: error }));
    return authorizer.refuse(call, { code, message });
  }
  const credential = credentialIn(request);
  return authorizer.admit({
    ...call,
    ...("arguments" in operation && { arguments: operation.arguments }),
    ...(credential && { credential }),
    ...(user !== undefined && { user }),
    // Of any type: the authorizer looks at it.
    approval: approvalIn(request) as string | undefined,
  });
}

/** Gives a request to the server's handler, unless it was withdrawn while it was checked. */
function handOver(guard: Guard, flight: Flight, params?: JsonObject): void {
  if (!guard.flights.isOpen(flight)) return;
  const stripped = withoutTask(withoutCredential(flight.request));
  const checked = { ...stripped, id: flight.id, ...(params && { params: { ...stripped.params, ...params } }) };
  const call = openCall(() => runningDecision(guard, flight));
  runWithin(call, () => guard.tools.scope.run(scopeOf(guard, flight), () => guard.handler?.(checked, flight.extra)));
}

/** For whom the server's code runs, and on which rows: from the decision until the answer leaves, or its caller does. */
function runningDecision({ flights }: Guard, flight: Flight): RunningDecision | undefined {
  const { decision } = flight;
  return decision?.outcome === "allowed" && flights.isOpen(flight) ? decision : undefined;
}

/** The part of a request that the server's own code sees while it runs. */
function scopeOf(guard: Guard, flight: Flight): FlightScope {
  const { operation, decision } = flight;
  const tool = operation.kind === "tool" ? operation.tool : undefined;
  const allowed = decision?.outcome === "allowed" ? decision : undefined;
  const { name, arguments: args } = allowed?.arguments ?? {};
  const isPrompt = operation.kind === "data" && operation.tool === "mcp:prompts/get" && allowed !== undefined;
  return {
    id: flight.id,
    flight,
    tool,
    uri: allowed?.uri,
    prompt: isPrompt ? { name, arguments: args, refused: guard.report } : undefined,
    decide: decideOrRefuse.bind(undefined, guard, flight),
    page: () => flight.page,
    strayed: (wrappedAs) => {
      flight.strayed = wrappedAs;
    },
    ran: flight.ran,
    begins: begins.bind(undefined, guard, flight),
  };
}
