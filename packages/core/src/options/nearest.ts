/** Further away than this, two names have nothing to do with each other. */
const MAX_EDITS = 3;
const LETTERS_AN_EDIT = 2.5;

/** The known name that somebody most likely meant, where there is one. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const meant = name.toLowerCase();
  const rated = known.map((own) => {
    const other = own.toLowerCase();
    const isPart = meant.length > 2 && (other.startsWith(meant) || meant.startsWith(other));
    return { own, edits: Math.min(edits(meant, other), isPart ? 1.2 : Number.POSITIVE_INFINITY) };
  });
  const best = rated.sort((a, b) => a.edits - b.edits)[0];
  return best !== undefined && best.edits <= Math.min(MAX_EDITS, meant.length / LETTERS_AN_EDIT) ? best.own : undefined;
}

/** How many letters have to be added, left out, changed or swapped with the next one. Only the beginnings are compared. */
function edits(a: string, b: string): number {
  const [from, to] = [a.slice(0, 64), b.slice(0, 64)];
  const rows: number[][] = [Array.from({ length: to.length + 1 }, (_, i) => i)];
  const at = (i: number, j: number): number => rows[i]?.[j] ?? Number.POSITIVE_INFINITY;
  for (let i = 1; i <= from.length; i++) {
    rows.push([i]);
    for (let j = 1; j <= to.length; j++) {
      const changed = at(i - 1, j - 1) + (from[i - 1] === to[j - 1] ? 0 : 1);
      const isSwap = from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      const swapped = isSwap ? at(i - 2, j - 2) + 1 : Number.POSITIVE_INFINITY;
      (rows[i] as number[]).push(Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, changed, swapped));
    }
  }
  return at(from.length, to.length);
}
