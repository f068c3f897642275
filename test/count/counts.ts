/** What `pnpm test:count` counts, by file and by area. */

/** What one test file did, as its own process counted it. */
export interface FileCounts {
  /** Calls of `expect`, also those inside of loops and properties. */
  expects: number;
  /** Tries of a fast-check property: each time that a predicate was run. */
  propertyRuns: number;
  /** What else was tried inside of tests, by the name that `ran()` was given. */
  readonly ran: { [what: string]: number };
}

export interface CountedFile extends FileCounts {
  readonly file: string;
  /** Full titles, describe by describe. A title that two tests have stands here twice. */
  readonly passed: readonly string[];
  readonly failed: readonly string[];
  readonly skipped: readonly string[];
}

export interface AreaCounts extends FileCounts {
  files: number;
  passed: number;
  failed: number;
  skipped: number;
}

/** What a file belongs to: `core/json` for packages/core/src/json/parse.test.ts, `test/fuzz` for test/fuzz/chains.test.ts. */
export function areaOf(file: string): string {
  const folder = file.slice(0, file.lastIndexOf("/"));
  return folder.replace(/^packages\/([^/]+)\/src/, "$1");
}

export function noCounts(): AreaCounts {
  return { files: 0, passed: 0, failed: 0, skipped: 0, expects: 0, propertyRuns: 0, ran: {} };
}

export function addFile(sum: AreaCounts, file: CountedFile): AreaCounts {
  sum.files++;
  sum.passed += file.passed.length;
  sum.failed += file.failed.length;
  sum.skipped += file.skipped.length;
  sum.expects += file.expects;
  sum.propertyRuns += file.propertyRuns;
  for (const [what, times] of Object.entries(file.ran)) sum.ran[what] = (sum.ran[what] ?? 0) + times;
  return sum;
}

/** All areas, in the order of their names. */
export function byArea(files: readonly CountedFile[]): ReadonlyMap<string, AreaCounts> {
  const areas = new Map<string, AreaCounts>();
  const sorted = [...files].sort((a, b) => (areaOf(a.file) < areaOf(b.file) ? -1 : 1));
  for (const file of sorted) areas.set(areaOf(file.file), addFile(areas.get(areaOf(file.file)) ?? noCounts(), file));
  return areas;
}

export function inAll(files: readonly CountedFile[]): AreaCounts {
  return files.reduce(addFile, noCounts());
}
