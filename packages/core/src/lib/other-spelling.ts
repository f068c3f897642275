/**
 * A member that an entry has in another spelling alone, as databases write names of columns: `max_depth`, `maxdepth`, `MAXDEPTH`.
 * Left out, a member sets no bound; so one that is there, and is not read, would be a bound that does not hold.
 *
 * It is asked at each call, so the spellings are made once.
 *
 * @param names of members that set a bound, or choose the policies, where they are there
 * @returns tells the spelling that an entry has, and the right one; `read` has the right members as they were read, where that
 *   was done before
 */
export function otherSpelling(
  names: readonly string[],
): (entry: object, read?: object) => readonly [found: string, right: string] | undefined {
  const spelt = names.map((right) => [right, spellings(right)] as const);
  return (entry, read = entry) => {
    for (const [right, others] of spelt) {
      const isThere = right in entry;
      if (isThere && Reflect.get(read, right) !== undefined) continue;
      // `{ ...row, maxDepth: row.maxDepth }` has the right name, and no bound.
      const found = others.find((it) => it in entry && !(isThere && (Reflect.get(entry, it) ?? null) === null));
      if (found !== undefined) return [found, right];
    }
    return undefined;
  };
}

/** The names, and all spellings that are looked for beside them. */
export function allSpellings(names: readonly string[]): readonly string[] {
  return [...new Set(names.flatMap((name) => [name, ...spellings(name)]))];
}

/** Looked up one by one: an entry may have a million members. */
function spellings(name: string): readonly string[] {
  const snake = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  const pascal = name.charAt(0).toUpperCase() + name.slice(1);
  const kebab = snake.replaceAll("_", "-");
  return [name.toLowerCase(), snake, kebab, pascal, name.toUpperCase(), snake.toUpperCase()].filter(
    (spelling) => spelling !== name,
  );
}
