import { type JsonRpcId, type JsonRpcMessage, metaOf, withMeta } from "../protocol/index.ts";

/** The requests that a server sends to its client, such as an elicitation. */
export interface Questions {
  /** The message as it goes out. */
  ask(message: JsonRpcMessage): JsonRpcMessage;
  /** The answer as the server expects it; undefined for an answer to a question that was never asked. */
  answered(message: JsonRpcMessage): JsonRpcMessage | undefined;
  /** The progress of an open question, as the server expects it; undefined for that of another. */
  progressed(message: JsonRpcMessage): JsonRpcMessage | undefined;
  forget(message: JsonRpcMessage): void;
  forgetAll(): void;
}

/** What the server itself calls a question, and its progress where it wants to hear of that. */
interface Asked {
  readonly id: JsonRpcId;
  readonly progressToken: unknown;
}

/**
 * Servers number their questions 0, 1, 2, so a stranger who knows a session's id could answer in its client's place,
 * and consent to a question that only that client was asked; or tell of its progress, and so keep it open. With an id drawn
 * at random, only the client that got the question can do either.
 */
export function createQuestions(): Questions {
  const asked = new Map<unknown, Asked>();
  const nameOf = (id: unknown): string | undefined => {
    for (const [name, own] of asked) if (own.id === id) return name as string;
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
      const { progressToken } = metaOf(message);
      asked.set(name, { id: message.id, progressToken });
      const named = { ...message, id: name };
      return progressToken === undefined ? named : withMeta(named, { progressToken: name });
    },
    answered: (message) => {
      const own = asked.get(message.id);
      asked.delete(message.id);
      return own && { ...message, id: own.id };
    },
    progressed: (message) => {
      const progressToken = asked.get(message.params?.["progressToken"])?.progressToken;
      return progressToken === undefined ? undefined : { ...message, params: { ...message.params, progressToken } };
    },
    forget: ({ id }) => {
      asked.delete(id);
    },
    forgetAll: () => asked.clear(),
  };
}
