/** Tells a listener, at once. It decides nothing: what it throws, and a promise of it that rejects, is dropped. */
export async function tell<Told>(listener: ((told: Told) => void) | undefined, told: Told): Promise<void> {
  try {
    await listener?.(told);
  } catch {
    // see above
  }
}
