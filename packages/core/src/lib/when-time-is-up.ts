/** A timer that fires so much too late, in milliseconds, did so because this process stood still, or was busy. */
const HELD_MS = 20;
/** What came meanwhile is read then; what was not even sent has so long to be answered. */
const GRACE_MS = 100;

/**
 * Tells when an answer is late. Where this process itself was held up (a tool that computes, a machine that was paused), nobody
 * read the answers that came meanwhile: so who was asked gets a moment more, and is not taken for dead.
 *
 * @returns what ends it
 */
export function whenTimeIsUp(ms: number, late: () => void): () => void {
  const due = performance.now() + ms;
  let timer = setTimeout(() => {
    if (performance.now() < due + HELD_MS) late();
    else timer = setTimeout(late, GRACE_MS);
  }, ms);
  return () => clearTimeout(timer);
}
