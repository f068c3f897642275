import type { JsonRpcId, JsonRpcMessage } from "../protocol/index.ts";

/** The requests that a server sends to its client, such as an elicitation. */
export interface Questions {
  /** The message as it goes out. */
  ask(message: JsonRpcMessage): JsonRpcMessage;
  /** The answer as the server expects it; undefined for an answer to a question that was never asked. */
  answered(message: JsonRpcMessage): JsonRpcMessage | undefined;
  forget(message: JsonRpcMessage): void;
  forgetAll(): void;
}

/**
 * Servers number their questions 0, 1, 2, so a stranger who knows a session's id could answer in its client's place,
 * and consent to a question that only that client was asked. With an id drawn at random, only the client that got the
 * question can answer.
 */
export function createQuestions(): Questions {
  const asked = new Map<unknown, JsonRpcId>();
  const nameOf = (id: unknown): string | undefined => {
    for (const [name, own] of asked) if (own === id) return name as string;
    return undefined;
  };
  return {
    ask: (message) => {
      if (message.method === "notifications/cancelled") {
        const name = nameOf(message.params?.["requestId"]);
        asked.delete(name);
        return name === undefined ? message : { ...message, params: { ...message.params, requestId: name } };
      }
      if (message.id === undefined) return message;
      const name = crypto.randomUUID();
      asked.set(name, message.id);
      return { ...message, id: name };
    },
    answered: (message) => {
      const id = asked.get(message.id);
      asked.delete(message.id);
      return id === undefined ? undefined : { ...message, id };
    },
    forget: ({ id }) => {
      asked.delete(id);
    },
    forgetAll: () => asked.clear(),
  };
}
