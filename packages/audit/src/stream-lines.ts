import { type RawLine, readLines } from "./read-lines.ts";
import type { StreamFiles } from "./segment.ts";

/** A line, or what is left of one, and where it stands. */
export interface PlacedLine extends RawLine {
  readonly file: string;
  readonly segment: number;
}

/** All lines of a stream, over its segments. */
export async function* streamLines({ segments }: StreamFiles): AsyncGenerator<PlacedLine> {
  for (const { number: segment, path, file } of segments) {
    for await (const lines of readLines(path)) {
      for (const line of lines) yield { ...line, file, segment };
    }
  }
}

/** Each item together with the one behind it. */
export async function* withNext<T>(items: AsyncIterable<T>): AsyncGenerator<readonly [T, T | undefined]> {
  let here: { readonly item: T } | undefined;
  for await (const item of items) {
    if (here !== undefined) yield [here.item, item];
    here = { item };
  }
  if (here !== undefined) yield [here.item, undefined];
}
