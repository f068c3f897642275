import { quietly } from "./quietly.ts";

/** Who wants to hear of a change. */
export interface Listeners {
  /** Each call is one subscription, also of the same function. @returns what ends it */
  add(listener: () => void): () => void;
  /** Tells those who listen at this moment, and not whoever joins while they are told. What one throws is its own. */
  tell(): void;
}

export function createListeners(): Listeners {
  const listeners = new Set<{ readonly hear: () => void }>();
  return {
    add: (hear) => {
      const own = { hear };
      listeners.add(own);
      return () => void listeners.delete(own);
    },
    tell: () => {
      for (const { hear } of [...listeners]) quietly(hear);
    },
  };
}
