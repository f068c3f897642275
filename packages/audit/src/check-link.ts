import { type Broken, brokenAt } from "./broken.ts";
import { statementIn } from "./checkpoint.ts";
import { type Head, hashLine, type Line, parseLine } from "./line.ts";
import type { PlacedLine } from "./stream-lines.ts";

export interface Link {
  /** The line before: where it stands, and the head that it makes. */
  readonly before: PlacedLine | undefined;
  readonly head: Head;
  readonly here: PlacedLine;
  readonly line: Line;
  /** The line behind. */
  readonly next: PlacedLine | undefined;
  /** All lines behind that one. */
  readonly rest: AsyncIterable<readonly [PlacedLine, PlacedLine | undefined]>;
}

/** Whether a line follows the one before it; and if not, which of the two was touched, and how. */
export async function checkLink({ before, head, here, line, next, rest }: Link): Promise<Broken | undefined> {
  const expected = head.seq + 1;
  const fits = line.prev === head.hash;
  if (fits && line.seq === expected) return undefined;
  if (fits) return brokenAt("changed", here, expected);
  if (line.seq < expected)
    return brokenAt("inserted", here, expected, `line ${line.seq} of the stream stands here again`);
  if (line.seq > expected) {
    return (await standsFurtherDown(expected, next, rest))
      ? brokenAt("reordered", here, expected, `line ${expected} of the stream should be here, and stands further down`)
      : brokenAt("deleted", here, expected, `line ${expected} of the stream is missing before this one`);
  }
  return before !== undefined && isVouchedFor(line, here, head, next)
    ? brokenAt("changed", before, head.seq)
    : brokenAt("changed", here, expected);
}

/**
 * Of two lines that do not fit together, the later one is unchanged if the line behind it, or its own checkpoint, says
 * so.
 */
function isVouchedFor(line: Line, here: PlacedLine, head: Head, next: PlacedLine | undefined): boolean {
  if (next !== undefined) return parseLine(next.bytes)?.prev === hashLine(here.bytes);
  const statement = statementIn(line);
  return statement?.seq === head.seq && statement.hash !== head.hash;
}

async function standsFurtherDown(seq: number, next: PlacedLine | undefined, rest: Link["rest"]): Promise<boolean> {
  const isIt = (place: PlacedLine | undefined): boolean => place !== undefined && parseLine(place.bytes)?.seq === seq;
  if (isIt(next)) return true;
  for await (const [here, behind] of rest) if (isIt(here) || isIt(behind)) return true;
  return false;
}
