import { onceAborted } from "@hopwise/core/adapter";
import { callerLeft } from "../ask/index.ts";

/** Requests that no other question can go with: so many at once, and then each user in their turn. */
export interface Turns {
  /** Sends a request now, or in its user's turn. Rejects when its caller leaves before that. */
  go<Answer>(user: string, caller: AbortSignal | undefined, send: () => Promise<Answer>): Promise<Answer>;
}

/**
 * One list may be hundreds of plans. Sent at once, those of one caller would keep a decision point busy for longer than any other
 * call may wait, and go on when nobody waits for them any more.
 */
export function createTurns(most: number): Turns {
  let underWay = 0;
  /** Whose turn is next comes first. No set is empty. */
  const waiting = new Map<string, Set<() => void>>();

  const next = (): void => {
    const [first] = waiting;
    if (first === undefined) return;
    const [user, own] = first;
    const [go = () => {}] = own;
    own.delete(go);
    waiting.delete(user);
    if (own.size > 0) waiting.set(user, own);
    go();
  };

  const run = async <Answer>(send: () => Promise<Answer>): Promise<Answer> => {
    underWay++;
    try {
      return await send();
    } finally {
      underWay--;
      next();
    }
  };

  return {
    async go(user, caller, send) {
      if (underWay < most) return run(send);
      const own = waiting.get(user) ?? new Set();
      waiting.set(user, own);
      return new Promise((resolve, reject) => {
        const go = (): void => {
          stay();
          run(send).then(resolve, reject);
        };
        const stay = onceAborted(caller, () => {
          own.delete(go);
          if (own.size === 0) waiting.delete(user);
          reject(callerLeft(caller));
        });
        own.add(go);
      });
    },
  };
}
