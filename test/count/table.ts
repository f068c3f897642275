/** The counts as a text: a table of areas, and what was tried inside of tests. */
import { type AreaCounts, byArea, type CountedFile, inAll } from "./counts.ts";

const number = (count: number): string => count.toLocaleString("en-US");

/** Columns of equal width: names to the left, numbers to the right. */
function aligned(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  return rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
}

const sumOf = (ran: AreaCounts["ran"]): number => Object.values(ran).reduce((sum, times) => sum + times, 0);

export function printCounts(files: readonly CountedFile[]): string {
  const all = inAll(files);
  const areas = [...byArea(files), ["in all", all] as const];
  const row = (name: string, { files, passed, failed, skipped, expects, propertyRuns, ran }: AreaCounts): string[] => [
    name,
    ...[files, passed, failed, skipped, expects, propertyRuns, sumOf(ran)].map(number),
  ];
  const head = ["area", "files", "passed", "failed", "skipped", "expects", "property runs", "other runs"];
  const others = [...byArea(files)].flatMap(([area, { ran }]) =>
    Object.entries(ran)
      .sort()
      .map(([what, times]) => [`${area}: ${what}`, number(times)]),
  );
  return [
    ...aligned([head, ...areas.map(([name, counts]) => row(name, counts))]),
    "",
    "other runs inside of tests",
    ...aligned(others),
  ].join("\n");
}

/** Titles of tests that passed before and do not pass now, wherever they stand: a test may move, and keeps its title. */
export function lostTitles(before: readonly CountedFile[], now: readonly CountedFile[]): readonly string[] {
  const left = new Map<string, number>();
  for (const title of now.flatMap(({ passed }) => passed)) left.set(title, (left.get(title) ?? 0) + 1);
  return before.flatMap(({ file, passed }) =>
    passed.flatMap((title) => {
      const count = left.get(title) ?? 0;
      left.set(title, count - 1);
      return count > 0 ? [] : [`${file}: ${title}`];
    }),
  );
}
