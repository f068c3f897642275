import { readerOf } from "@hopwise/core/options";
import {
  checkOneLayer,
  inFrontOf,
  isPlain,
  isRequest,
  type JsonRpcId,
  type JsonRpcMessage,
  type McpTransport,
  noteLayer,
  type SendOptions,
  TRANSPORT,
} from "../protocol/index.ts";
import { nonceAskedFor } from "./challenge.ts";
import { type CarryOptions, carryOptionsOf, sign } from "./sign.ts";

/** A request that was signed, until it is answered. */
interface Signed {
  readonly message: JsonRpcMessage;
  readonly sendOptions: SendOptions | undefined;
}

/** A client that gives up requests without a cancellation must not make this grow. */
const MOST_SIGNED = 1024;

const readTransport = readerOf<McpTransport>("carryOver", TRANSPORT);
const readOptions = carryOptionsOf("carryOver");

/**
 * A client's transport that carries the chain, and a proof made for each request: for stdio, in-memory and any other
 * transport object of any MCP SDK. Where the server answers that a proof must name a nonce, the request is proven anew
 * with that nonce and sent once more; its client sees the second answer only. A request that its client cancels while it
 * is signed is not sent.
 *
 * @throws {HopwiseError} `config_invalid`, also for a transport that carries a chain already
 */
export function carryOver<T extends McpTransport>(transport: T, given: CarryOptions): T {
  checkOneLayer("carryOver", "carrier", readTransport(transport));
  const options = readOptions(given);
  const unanswered = new Map<JsonRpcId, Signed>();
  let handler = transport.onmessage;

  const beingSigned = new Map<JsonRpcId, AbortController>();
  const signing = async (message: JsonRpcMessage, nonce?: string): Promise<JsonRpcMessage> => {
    if (!isRequest(message)) return message;
    const stop = new AbortController();
    beingSigned.set(message.id, stop);
    try {
      return await sign(message, options, { nonce, signal: stop.signal });
    } finally {
      if (beingSigned.get(message.id) === stop) beingSigned.delete(message.id);
    }
  };

  const send = async (message: JsonRpcMessage, sendOptions?: SendOptions): Promise<void> => {
    const cancelled = message?.method === "notifications/cancelled" ? message.params?.["requestId"] : undefined;
    beingSigned.get(cancelled as JsonRpcId)?.abort(new Error("the request was cancelled before it was sent"));
    const signed = await signing(message);
    unanswered.delete(cancelled as JsonRpcId);
    if (signed !== message && message.id !== undefined) {
      unanswered.set(message.id, { message, sendOptions });
      if (unanswered.size > MOST_SIGNED) unanswered.delete(unanswered.keys().next().value as JsonRpcId);
    }
    await transport.send(signed, sendOptions);
  };

  const onMessage: NonNullable<McpTransport["onmessage"]> = (message, extra) => {
    const id = answeredBy(message);
    const signed = id === undefined ? undefined : unanswered.get(id);
    if (id === undefined || signed === undefined) return handler?.(message, extra);
    unanswered.delete(id);
    const nonce = nonceAskedFor(message, id);
    if (nonce === undefined) return handler?.(message, extra);
    signing(signed.message, nonce)
      .then((again) => transport.send(again, signed.sendOptions))
      .catch((error: unknown) => {
        transport.onerror?.(error as Error);
        handler?.(message, extra);
      });
  };

  const carrying = inFrontOf(transport, {
    send,
    get onmessage() {
      return handler;
    },
    set onmessage(next) {
      handler = next;
      transport.onmessage = next && onMessage;
    },
  });
  return noteLayer("carrier", carrying);
}

/** The request that a message answers. Of what is none, from a transport of one's own, its client judges. */
function answeredBy(message: JsonRpcMessage): JsonRpcId | undefined {
  return isPlain(message) && message.method === undefined ? message.id : undefined;
}
