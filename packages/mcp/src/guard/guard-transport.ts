import {
  cameOverHttp,
  isNotification,
  isRequest,
  type JsonRpcMessage,
  type McpTransport,
  type MessageExtra,
  type SendOptions,
  withoutCredential,
} from "../protocol/index.ts";
import { createGuard, type Guard, type GuardOptions, reportWithdrawn } from "./guard.ts";
import { sendWord } from "./outgoing.ts";
import { passThrough } from "./pass-through.ts";
import { createQuestions, type Questions } from "./questions.ts";
import { receive, withdraw } from "./receive.ts";
import { reply } from "./reply.ts";

/**
 * Stands in front of a server's transport: the only place that sees every request. It refuses requests, strips chain
 * and proof, and filters lists on their way out: so each caller gets its own list, even where the server caches one.
 */
export function guardTransport(inner: McpTransport, options: GuardOptions): McpTransport {
  const guard = createGuard(inner, options);
  const questions = createQuestions();
  return Object.defineProperties(passThrough(inner), {
    send: {
      value: (message: JsonRpcMessage, sendOptions?: SendOptions) =>
        message.method === undefined ? reply(guard, message) : sendWord(guard, questions, message, sendOptions),
    },
    onmessage: {
      get: () => guard.handler,
      set: (next: Guard["handler"]) => {
        guard.handler = next;
        inner.onmessage = (message, extra) => onMessage(guard, questions, message, extra);
      },
    },
    onclose: {
      get: () => inner.onclose,
      set: (next: McpTransport["onclose"]) => {
        inner.onclose = () => {
          for (const flight of guard.flights.endAll()) reportWithdrawn(guard, flight);
          questions.forgetAll();
          next?.();
        };
      },
    },
  });
}

/** Sorts what comes in: a request, the withdrawal of one, a notification, or an answer to what the server asked. */
function onMessage(guard: Guard, questions: Questions, message: JsonRpcMessage, extra?: MessageExtra): void {
  guard.overHttp = guard.overHttp === true || cameOverHttp(extra);
  if (isRequest(message)) {
    receive(guard, message, extra);
  } else if (message.method === "notifications/cancelled") {
    const flight = guard.flights.called(message.params?.["requestId"]);
    if (flight !== undefined) withdraw(guard, flight, message.params?.["reason"]);
  } else if (isNotification(message)) {
    guard.handler?.(withoutCredential(message), extra);
  } else if (message.method === undefined) {
    const answered = questions.answered(message);
    if (answered !== undefined) guard.handler?.(answered, extra);
  }
}
