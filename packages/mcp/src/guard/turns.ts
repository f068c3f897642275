/**
 * Whose turn it is, of the calls of a name under which no function has asked yet. Which function a server has there shows
 * only once one call has run: so until then there is one at a time.
 */
export interface Turns {
  /**
   * Waits until a call may be handed over; where nobody is before it, it may be at once.
   *
   * @returns undefined where the call before it neither asked nor ended: it may be running, so this one must not
   */
  take(name: string): Turn | Promise<Turn | undefined>;
  /** Another function may stand under this name now. */
  forget(name: string): void;
}

/** The turn of one call, which ends once. */
export interface Turn {
  /** Whether no function of its name has asked yet: then one may run that never asks. */
  readonly isFirst: boolean;
  /** The function asked: nobody waits for it any more. */
  asked(): void;
  /** The call ended without that: the next has its turn. */
  ended(): void;
  /** Nobody knows what became of it: those who wait are sent away, and a later call has its turn. */
  lost(): void;
}

type Go = (turn: Turn | undefined) => void;

/** Of a name whose function asks. */
const NOBODY_WAITS: Turn = { isFirst: false, asked: () => {}, ended: () => {}, lost: () => {} };

export function createTurns(): Turns {
  const known = new Set<string>();
  /** Those who wait, by the names of which a call runs. */
  const waiting = new Map<string, Go[]>();
  const turnOf = (name: string): Turn => {
    let isOver = false;
    const end = (next: (others: Go[]) => void): void => {
      if (isOver) return;
      isOver = true;
      next(waiting.get(name) ?? []);
    };
    const all = (turn: Turn | undefined) => (others: Go[]) => {
      waiting.delete(name);
      for (const go of others) go(turn);
    };
    return {
      isFirst: true,
      asked: () => {
        if (!isOver) known.add(name);
        end(all(NOBODY_WAITS));
      },
      ended: () =>
        end((others) => {
          const go = others.shift();
          if (go === undefined) waiting.delete(name);
          else go(turnOf(name));
        }),
      lost: () => end(all(undefined)),
    };
  };
  return {
    take: (name) => {
      if (known.has(name)) return NOBODY_WAITS;
      const others = waiting.get(name);
      if (others !== undefined) return new Promise((resolve) => others.push(resolve));
      waiting.set(name, []);
      return turnOf(name);
    },
    forget: (name) => void known.delete(name),
  };
}
