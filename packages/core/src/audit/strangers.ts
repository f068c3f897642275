import type { DenialCode } from "../codes.ts";

/** How often strangers may cause a line, by code. */
const EVERY_MS = 10_000;

/**
 * Counts the denials of strangers: at most one of each code in ten seconds is worth a line. That shows a wrong set-up, and
 * cannot fill a disk or a screen.
 *
 * @returns how many there were of the code so far, and whether this one is worth a line
 */
export function strangerCounter(): (code: DenialCode) => { readonly count: number; readonly worthALine: boolean } {
  const seen = new Map<DenialCode, { count: number; lastLine: number }>();
  return (code) => {
    const own = seen.get(code) ?? { count: 0, lastLine: Number.NEGATIVE_INFINITY };
    seen.set(code, own);
    own.count++;
    const now = performance.now();
    const worthALine = now - own.lastLine >= EVERY_MS;
    if (worthALine) own.lastLine = now;
    return { count: own.count, worthALine };
  };
}
