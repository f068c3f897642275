import type { JsonRpcId, JsonRpcMessage } from "../protocol/index.ts";

/** What a server asks its client, such as an elicitation. */
export interface Questions {
  /** The message as it goes out. */
  ask(message: JsonRpcMessage): JsonRpcMessage;
  /** The answer as the server expects it; undefined where nothing of the kind was asked. */
  answered(message: JsonRpcMessage): JsonRpcMessage | undefined;
  forget(message: JsonRpcMessage): void;
  forgetAll(): void;
}

/**
 * Servers number their questions 0, 1, 2, so whoever knows a session's id could answer in its client's place, and
 * consent to what only that client was asked. Under an id drawn at random, only who got the question can answer.
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
