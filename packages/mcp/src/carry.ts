import { type HeldDelegation, prove } from "@hopwise/core";
import { withCredential } from "./credential.ts";
import { isRequest, type JsonRpcMessage, type McpTransport } from "./jsonrpc.ts";
import { operationOf } from "./operation.ts";

/** On whose behalf a client calls, and whom. */
export interface CarryOptions {
  readonly delegation: HeldDelegation;
  /**
   * The server's name, from one's own configuration. Never what a server says of itself: a hostile one would name the
   * bank and relay the proof to it.
   */
  readonly audience: string;
  /** The clock, in milliseconds since the epoch. */
  readonly clock?: () => number;
}

/** Adds chain and a fresh proof to a message that needs them; any other message stays as it is. */
async function sign(message: JsonRpcMessage, { delegation, audience, clock }: CarryOptions): Promise<JsonRpcMessage> {
  if (!isRequest(message)) return message;
  const operation = operationOf(message);
  if (!("tool" in operation)) return message;
  const credential = await prove(delegation, {
    tool: operation.tool,
    ...("arguments" in operation && { arguments: operation.arguments }),
    audience,
    ...(clock !== undefined && { clock }),
  });
  return withCredential(message, credential);
}

/**
 * A client's transport that carries the chain, and a proof made for each request: for stdio, in-memory and any other
 * transport object of any MCP SDK.
 */
export function carryOver<T extends McpTransport>(transport: T, options: CarryOptions): T {
  return new Proxy(transport, {
    get: (target, name) => {
      if (name === "send") {
        return async (message: JsonRpcMessage, sendOptions?: Parameters<McpTransport["send"]>[1]) =>
          target.send(await sign(message, options), sendOptions);
      }
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
    set: (target, name, value) => Reflect.set(target, name, value, target),
  });
}

/**
 * The same for Streamable HTTP, as the `fetch` that MCP clients take: the body of each POST is signed before it leaves.
 */
export function carryingFetch(
  options: CarryOptions,
  fetch: typeof globalThis.fetch = globalThis.fetch,
): typeof globalThis.fetch {
  return async (input, init) => {
    if (init?.method?.toUpperCase() !== "POST" || typeof init.body !== "string") return fetch(input, init);
    const body = jsonIn(init.body);
    if (typeof body !== "object" || body === null) return fetch(input, init);
    const signed = Array.isArray(body)
      ? await Promise.all(body.map((message) => sign(message as JsonRpcMessage, options)))
      : await sign(body as JsonRpcMessage, options);
    return fetch(input, { ...init, body: JSON.stringify(signed) });
  };
}

/** Clients send more than MCP through their `fetch`: the forms of OAuth, for example. */
function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
