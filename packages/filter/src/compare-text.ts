/**
 * Compares two texts by code point, as CEL, `COLLATE "C"` and SQLite's `BINARY` do. JavaScript's own `<` does not: it has
 * U+1F600 below U+FFFD, since it looks at halves of it.
 *
 * @returns a number below, at or above zero
 */
export function compareText(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length);
  for (let i = 0; i < shorter; i++) {
    const [left, right] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (left !== right) return rank(left) - rank(right);
  }
  return a.length - b.length;
}

/** The halves of what lies above U+FFFF belong above everything else. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
