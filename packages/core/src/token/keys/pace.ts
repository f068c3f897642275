/** The first pause while there are no keys, in milliseconds; it doubles with each fetch that fails. */
const FIRST_PAUSE_MS = 1000;
/** By how much a pause may be shorter or longer: those who lost one endpoint together do not come back together. */
const JITTER = 0.25;

/** When the next fetch may begin. */
export interface Pace {
  /** How long until then, in milliseconds; 0 for now. @param usable whether there are keys that are not too old */
  waitMs(usable: boolean): number;
  began(): void;
  /** How long ago the last fetch began, in milliseconds. */
  sinceMs(): number;
  ended(well: boolean): void;
  /** What was tried does not count. */
  forget(): void;
}

/**
 * Spaces fetches: by the cool-down, whatever becomes of them, so that unknown `kid`s cause no more. Only where a fetch failed
 * and there are no keys, nothing of the issuer verifies: then pauses grow from a second to the cool-down.
 */
export function createPace(cooldownMs: number): Pace {
  let lastTry = Number.NEGATIVE_INFINITY;
  let failures = 0;
  let jitter = 1;
  return {
    waitMs: (usable) => {
      const hurried = FIRST_PAUSE_MS * 2 ** (failures - 1) * jitter;
      const pause = usable || failures === 0 ? cooldownMs : Math.min(cooldownMs, hurried);
      return Math.max(0, lastTry + pause - performance.now());
    },
    began: () => {
      lastTry = performance.now();
    },
    sinceMs: () => performance.now() - lastTry,
    ended: (well) => {
      failures = well ? 0 : failures + 1;
      jitter = 1 + JITTER * (2 * Math.random() - 1);
    },
    forget: () => {
      lastTry = Number.NEGATIVE_INFINITY;
      failures = 0;
    },
  };
}
