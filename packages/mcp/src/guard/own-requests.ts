import { settleInTime } from "@hopwise/core/adapter";
import type { JsonRpcId, JsonRpcMessage } from "../protocol/index.ts";

/** The requests that a guard itself makes to the server behind it. */
export interface OwnRequests {
  /** Hands one over, by `handle`, and waits so long for its answer. */
  make(
    request: { readonly method: string; readonly params: object },
    handle: (message: JsonRpcMessage) => void,
    deadlineMs: number,
  ): Promise<JsonRpcMessage>;
  /** @returns whether the message answers one of them: then it is for nobody else */
  answered(message: JsonRpcMessage): boolean;
}

export function createOwnRequests(): OwnRequests {
  const waiting = new Map<JsonRpcId | undefined, (answer: JsonRpcMessage) => void>();
  return {
    make: async ({ method, params }, handle, deadlineMs) => {
      // The server knows callers' requests by numbers.
      const id = crypto.randomUUID();
      const answer = new Promise<JsonRpcMessage>((resolve) => void waiting.set(id, resolve));
      try {
        handle({ jsonrpc: "2.0", id, method, params: { ...params } });
        return await settleInTime(deadlineMs, answer);
      } finally {
        waiting.delete(id);
      }
    },
    answered: (message) => {
      const resolve = waiting.get(message.id);
      resolve?.(message);
      return resolve !== undefined;
    },
  };
}
