/** Further away than this, two names have nothing to do with each other. */
const MAX_EDITS = 3;

/** The known name that somebody most likely meant, where there is one. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const meant = name.toLowerCase();
  const rated = known.map((own) => {
    const other = own.toLowerCase();
    const isPart = meant.length > 2 && (other.startsWith(meant) || meant.startsWith(other));
    return { own, edits: isPart ? 1 : edits(meant, other) };
  });
  const best = rated.sort((a, b) => a.edits - b.edits)[0];
  return best !== undefined && best.edits <= Math.min(MAX_EDITS, meant.length / 2) ? best.own : undefined;
}

/** How many letters have to be added, left out or changed (Levenshtein). Only the beginnings are compared. */
function edits(a: string, b: string): number {
  const from = a.slice(0, 64);
  const to = b.slice(0, 64);
  let row = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (const [i, letter] of [...from].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...to].entries()) {
      const changed = (row[j] as number) + (letter === other ? 0 : 1);
      next.push(Math.min(changed, (row[j + 1] as number) + 1, (next[j] as number) + 1));
    }
    row = next;
  }
  return row.at(-1) as number;
}
