import { HopwiseError } from "@hopwise/core";
import { AUTHORIZER, func, maybe, optionsOf, readerOf } from "@hopwise/core/options";
import {
  cameOverHttp,
  checkOneLayer,
  inFrontOf,
  isNotification,
  isPlain,
  isRequest,
  type JsonRpcMessage,
  type JsonRpcNotification,
  keepsEvents,
  type McpTransport,
  type MessageExtra,
  noteLayer,
  type SendOptions,
  TRANSPORT,
  withoutCredential,
} from "../protocol/index.ts";
import { createGuard, type Guard, type GuardOptions } from "./guard.ts";
import { GUARDED_TOOLS } from "./guarded-tools.ts";
import { sendWord } from "./outgoing.ts";
import { receive, withdraw, withdrawAll } from "./receive.ts";
import { reply } from "./reply.ts";
import { SHARED_GUARD_ROWS } from "./shared-options.ts";
import { dropUnguarded } from "./turn-away.ts";

const readInner = readerOf<McpTransport>("guardTransport", TRANSPORT);
const readOptions = optionsOf<GuardOptions>("guardTransport", {
  authorizer: AUTHORIZER,
  tools: GUARDED_TOOLS,
  ...SHARED_GUARD_ROWS,
  readUri: maybe(func("a function that tells which template of the server gets a URI, and with which values")),
});

/**
 * Stands in front of a server's transport: the only place that sees every request. It refuses requests, strips chain
 * and proof, and filters lists on their way out: so each caller gets its own list, even where the server caches one.
 *
 * @throws {HopwiseError} `config_invalid`, also for a transport that is guarded already, or that keeps what it sent (`eventStore`)
 */
export function guardTransport(inner: McpTransport, options: GuardOptions): McpTransport {
  const guard = createGuard(readInner(inner), readOptions(options));
  checkOneLayer("guardTransport", "guard", inner);
  checkKeepsNothing(inner);
  let closing: Promise<void> | undefined;
  const guarded = inFrontOf(inner, {
    // A server that closed may connect anew, so it must have heard of the end by then.
    close: async () => {
      await inner.close();
      await closing;
    },
    send: async (message: JsonRpcMessage, sendOptions?: SendOptions) => {
      if (message.method === undefined) return guard.own.answered(message) ? undefined : reply(guard, message);
      if (message.method === "notifications/tools/list_changed") guard.tools.lists.forget();
      return sendWord(guard, message, sendOptions);
    },
    get onmessage() {
      return guard.handler;
    },
    set onmessage(next: Guard["handler"]) {
      guard.handler = next;
      inner.onmessage = (message, extra) => onMessage(guard, message, extra);
    },
    get onclose() {
      return inner.onclose;
    },
    set onclose(next: McpTransport["onclose"]) {
      inner.onclose = () => {
        const shown = withdrawAll(guard);
        guard.questions.forgetAll();
        guard.changes.end();
        closing = shown?.then(next).catch(guard.report);
        if (shown === undefined) next?.();
      };
    },
  });
  return noteLayer("guard", guarded);
}

/** What a transport sends by itself, once more, passes no guard: whoever knows the session could have a caller's results. */
function checkKeepsNothing(inner: McpTransport): void {
  if (!keepsEvents(inner)) return;
  throw new HopwiseError(
    "config_invalid",
    "guardTransport: the transport has an eventStore, by which it would give one caller's results to another who resumes the stream; leave it out",
  );
}

/** Sorts what comes in: a request, a notification, or an answer to what the server asked. */
function onMessage(guard: Guard, message: JsonRpcMessage, extra?: MessageExtra): void {
  // A transport of one's own may hand on whatever came, and nobody catches what is thrown here.
  if (!isPlain(message)) return;
  guard.overHttp = guard.overHttp === true || cameOverHttp(extra);
  if (isRequest(message)) {
    receive(guard, message, extra);
  } else if (isNotification(message)) {
    const heard = onNotification(guard, message);
    if (heard !== undefined) guard.handler?.(withoutCredential(heard), extra);
  } else if (message.method === undefined) {
    const answered = guard.questions.answered(message);
    if (answered !== undefined) guard.handler?.(answered, extra);
  }
}

/**
 * A notification has no chain, and whoever can send one is believed no more than that: so a server hears of none but these, which
 * reach nothing. A handler of its own for another one would run for anybody.
 *
 * @returns what the server hears of it
 */
function onNotification(guard: Guard, message: JsonRpcNotification): JsonRpcMessage | undefined {
  switch (message.method) {
    case "notifications/cancelled": {
      const flight = guard.flights.called(message.params?.["requestId"]);
      if (flight !== undefined) withdraw(guard, flight, message.params?.["reason"]);
      return undefined;
    }
    case "notifications/progress":
      return guard.questions.progressed(message);
    case "notifications/initialized":
      guard.changes.begin();
      return message;
    case "notifications/roots/list_changed":
      return message;
    default:
      dropUnguarded(guard, message);
      return undefined;
  }
}
