/** Whether a version is another one, or newer. What stands behind `-` or `+` does not count. */
export function atLeast(version: string, least: string): boolean {
  const [own, other] = [numbersOf(version), numbersOf(least)];
  for (const [i, number] of own.entries()) {
    const wanted = other[i] ?? 0;
    if (number !== wanted) return number > wanted;
  }
  return true;
}

/**
 * Whether a version is in a range of the form `^1.2.3`, the only one that Hopwise's own packages use for their peers.
 * Undefined for any other form.
 */
export function inCaret(version: string, range: string): boolean | undefined {
  if (!/^\^\d+\.\d+\.\d+$/.test(range)) return undefined;
  const least = range.slice(1);
  const [own, wanted] = [numbersOf(version), numbersOf(least)];
  const fixed = wanted.findIndex((number) => number !== 0);
  return atLeast(version, least) && own.slice(0, fixed + 1).every((number, i) => number === wanted[i]);
}

function numbersOf(version: string): readonly [number, number, number] {
  const [, major, minor, patch] = /^v?(\d+)\.(\d+)\.(\d+)/.exec(version) ?? [];
  return [Number(major ?? 0), Number(minor ?? 0), Number(patch ?? 0)];
}
