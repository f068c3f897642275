import { answersByJson, type JsonRpcMessage, type SendOptions } from "../protocol/index.ts";
import type { Flight } from "./flights.ts";
import type { Guard } from "./guard.ts";
import { isBound } from "./is-bound.ts";
import { turnOfTheLoop } from "./turn-of-the-loop.ts";
import { flightWithin, isSentWithinAnother, WITHIN_ANOTHER } from "./within-another.ts";

/**
 * Messages that a server may always send outside of a request. On HTTP any holder of the stream reads them: they carry
 * no data.
 */
const CARRIES_NOTHING = /^(ping|roots\/list|notifications\/(tools|resources|prompts)\/list_changed)$/;

/** Lets out what the server says on its own account: a notification, or a question. */
export async function sendWord(
  guard: Guard,
  message: JsonRpcMessage,
  sendOptions: SendOptions | undefined,
): Promise<void> {
  const { flights, inner, questions } = guard;
  const related = sendOptions?.relatedRequestId;
  // A message sent while a call runs belongs on that call's own stream, which only its caller reads.
  const flight = related === undefined ? currentFlight(guard) : flights.get(related);
  // A tool does not run so. It may send what another one waits for, where its author wrote that.
  const kind = flight?.operation.kind;
  if (flight !== undefined && (kind === "data" || kind === "list") && isSentWithinAnother(guard, flight)) {
    if (message.id === undefined) return;
    throw new Error(WITHIN_ANOTHER);
  }
  const said = flight === undefined ? message : withoutData(message, flight);
  if (said === undefined) return;
  const word = questions.ask(said);
  // A message without an open call may come from a withdrawn, timed out or lost call whose result had to be changed.
  const mayCarryData = guard.overHttp === false && !guard.owed;
  const free = related === undefined && (mayCarryData || CARRIES_NOTHING.test(message.method as string));
  try {
    if (flight !== undefined) await turnOfTheLoop();
    if (flight !== undefined && flights.isOpen(flight)) {
      if (message.id !== undefined && answersByJson(inner)) {
        throw new Error(
          `"${message.method}" cannot be asked where calls are answered by JSON (enableJsonResponse): a call has no stream then, which its caller alone reads`,
        );
      }
      return await inner.send(word, { ...sendOptions, relatedRequestId: flight.request.id });
    }
    if (flight === undefined && free) return await inner.send(word, sendOptions);
    if (message.id !== undefined) throw new Error(`"${message.method}" can be asked here only while a call runs`);
  } catch (error) {
    questions.forget(word);
    throw error;
  }
}

/** The request of this transport within which the server speaks. */
function currentFlight(guard: Guard): Flight | undefined {
  const flight = flightWithin(guard);
  return flight !== undefined && guard.flights.isOpen(flight) ? flight : undefined;
}

/**
 * Where the policies change or filter a call's result, no message with data leaves before that result: only the numbers
 * of progress messages do.
 */
function withoutData(message: JsonRpcMessage, { decision }: Flight): JsonRpcMessage | undefined {
  if (decision === undefined || !isBound(decision)) return message;
  if (message.id !== undefined) {
    throw new Error(`"${message.method}" cannot be asked in a call whose result the policies change or filter`);
  }
  if (message.method !== "notifications/progress") return undefined;
  const { progressToken, progress, total } = message.params ?? {};
  if (!Number.isFinite(progress)) return undefined;
  return { ...message, params: { progressToken, progress, ...(Number.isFinite(total) && { total }) } };
}
