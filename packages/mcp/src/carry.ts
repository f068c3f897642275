import { currentDelegation, type DelegationSource, HopwiseError, prove } from "@hopwise/core";
import { jsonIn, nonceAskedFor, openAnswer } from "./challenge.ts";
import { withCredential } from "./credential.ts";
import {
  isPlain,
  isRequest,
  type JsonRpcId,
  type JsonRpcMessage,
  type McpTransport,
  type SendOptions,
} from "./jsonrpc.ts";
import { operationOf } from "./operation.ts";

/** On whose behalf a client calls, and whom. */
export interface CarryOptions {
  /** A delegation, or what gives the one that is good now (`renewing`). */
  readonly delegation: DelegationSource;
  /**
   * The server's name, from one's own configuration. Never what a server says of itself: a hostile one would name the
   * bank and relay the proof to it.
   */
  readonly audience: string;
  /** The clock, in milliseconds since the epoch. */
  readonly clock?: () => number;
}

/**
 * Adds chain and a fresh proof to a message that needs them; any other message stays as it is.
 *
 * @param nonce what the server asked the proof to name
 * @throws {HopwiseError} see {@link prove}; `context_unavailable` where the delegation could not be had, or its key
 *   could not sign: what a key store said is the `cause`, for the host program, and in no text that a model could read
 */
async function sign(
  message: JsonRpcMessage,
  { delegation, audience, clock }: CarryOptions,
  nonce?: string,
): Promise<JsonRpcMessage> {
  if (!isRequest(message)) return message;
  const operation = operationOf(message);
  if (!("tool" in operation)) return message;
  try {
    const credential = await prove(await currentDelegation(delegation), {
      tool: operation.tool,
      ...("arguments" in operation && { arguments: operation.arguments }),
      audience,
      ...(nonce !== undefined && { nonce }),
      ...(clock !== undefined && { clock }),
    });
    return withCredential(message, credential);
  } catch (cause) {
    if (cause instanceof HopwiseError) throw cause;
    throw new HopwiseError(
      "context_unavailable",
      "the request could not be proven, so it was not sent: the delegation or its key gave an error",
      { cause },
    );
  }
}

/** A request that was signed, until it is answered. */
interface Signed {
  readonly message: JsonRpcMessage;
  readonly sendOptions: SendOptions | undefined;
}

/** A client that gives up on its requests without a word must not make this grow. */
const MOST_SIGNED = 1024;

/**
 * A client's transport that carries the chain, and a proof made for each request: for stdio, in-memory and any other
 * transport object of any MCP SDK. Where the server answers that a proof must name a nonce, the request is proven anew
 * with that nonce and sent once more; its client sees the second answer only.
 */
export function carryOver<T extends McpTransport>(transport: T, options: CarryOptions): T {
  const unanswered = new Map<JsonRpcId, Signed>();
  let handler = transport.onmessage;

  const send = async (message: JsonRpcMessage, sendOptions?: SendOptions): Promise<void> => {
    const signed = await sign(message, options);
    if (message.method === "notifications/cancelled") unanswered.delete(message.params?.["requestId"] as JsonRpcId);
    if (signed !== message && message.id !== undefined) {
      unanswered.set(message.id, { message, sendOptions });
      if (unanswered.size > MOST_SIGNED) unanswered.delete(unanswered.keys().next().value as JsonRpcId);
    }
    await transport.send(signed, sendOptions);
  };

  const onMessage: NonNullable<McpTransport["onmessage"]> = (message, extra) => {
    const id = message.method === undefined ? message.id : undefined;
    const signed = id === undefined ? undefined : unanswered.get(id);
    if (id === undefined || signed === undefined) return handler?.(message, extra);
    unanswered.delete(id);
    const nonce = nonceAskedFor(message, id);
    if (nonce === undefined) return handler?.(message, extra);
    sign(signed.message, options, nonce)
      .then((again) => transport.send(again, signed.sendOptions))
      .catch((error: unknown) => {
        transport.onerror?.(error as Error);
        handler?.(message, extra);
      });
  };

  return new Proxy(transport, {
    get: (target, name) => {
      if (name === "send") return send;
      if (name === "onmessage") return handler;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
    set: (target, name, value) => {
      if (name !== "onmessage") return Reflect.set(target, name, value, target);
      handler = value;
      return Reflect.set(target, name, value && onMessage, target);
    },
  });
}

/**
 * The same for Streamable HTTP, as the `fetch` that MCP clients take: the body of each POST is signed before it leaves,
 * and once more where the server asks for a nonce. Answers stream on from their first message. Requests in a batch,
 * which MCP has no more, are signed, but no challenge to them is answered.
 */
export function carryingFetch(
  options: CarryOptions,
  fetch: typeof globalThis.fetch = globalThis.fetch,
): typeof globalThis.fetch {
  return async (input, init) => {
    if (init?.method?.toUpperCase() !== "POST" || typeof init.body !== "string") return fetch(input, init);
    const body = jsonIn(init.body);
    const post = (signed: unknown): Promise<Response> => fetch(input, { ...init, body: JSON.stringify(signed) });
    if (Array.isArray(body)) return post(await Promise.all(body.map((message) => sign(message, options))));
    // Clients send more than MCP through their `fetch`: the forms of OAuth, for example.
    if (!isPlain(body)) return fetch(input, init);
    const message = body as unknown as JsonRpcMessage;
    const signed = await sign(message, options);
    const answer = await post(signed);
    if (signed === message) return answer;
    const { first, response } = await openAnswer(answer);
    const nonce = nonceAskedFor(first, message.id as JsonRpcId);
    if (nonce === undefined) return response;
    response.body?.cancel().catch(() => {});
    return post(await sign(message, options, nonce));
  };
}
