import { performance } from "node:perf_hooks";
import { whenTimeIsUp } from "@hopwise/core/adapter";

/** Asks a server, so that whoever waits has an answer in time. */
export interface Trips {
  /**
   * Sends a question at once, in this turn.
   *
   * @param connection names what it is sent on: after a missed deadline nothing more is sent there until the late answer, or
   *   the break, has come. Else the client, which sees its own sending, would never notice that nobody answers.
   * @param endsAt the deadline, by {@link performance.now}
   */
  go<T>(connection: string, endsAt: number, send: () => Promise<T>): Promise<T>;
  /** Waits for what was begun elsewhere. */
  wait<T>(endsAt: number, begun: Promise<T>): Promise<T>;
}

/** Raised where nobody answered in time: what was asked may still be done. */
export class Missed extends Error {}

export function tripsOf(): Trips {
  const hanging = new Map<string, number>();

  const go = <T>(connection: string, endsAt: number, send: () => Promise<T>): Promise<T> => {
    if (hanging.has(connection)) return Promise.reject(new Missed("has not answered what was asked before"));
    const answer = send();
    return inTime(answer, endsAt, () => {
      hanging.set(connection, (hanging.get(connection) ?? 0) + 1);
      const settled = (): void => {
        const left = (hanging.get(connection) as number) - 1;
        if (left === 0) hanging.delete(connection);
        else hanging.set(connection, left);
      };
      answer.then(settled, settled);
    });
  };
  return { go, wait: (endsAt, begun) => inTime(begun, endsAt, () => {}) };
}

function inTime<T>(answer: Promise<T>, endsAt: number, missed: () => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = (): void => {
      missed();
      reject(new Missed("did not answer in time"));
    };
    const stopWaiting = whenTimeIsUp(Math.max(0, endsAt - performance.now()), late);
    answer.finally(stopWaiting).then(resolve, reject);
  });
}
