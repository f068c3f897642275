import { statementOf } from "./checkpoint.ts";
import { GENESIS, hashLine, parseLine } from "./line.ts";
import { isGone } from "./process-identity.ts";
import { firstLine, lastLine } from "./read-lines.ts";
import { headerOf, listStreams, type NotedStream, type SegmentHeader, type StreamFiles } from "./segment.ts";

/**
 * Where the streams of a folder stand, for a new stream to say in its first line: so a later stream knows of one that
 * was taken away or that a crash tore. A stream that another one already noted as ended is left out: that note is
 * enough.
 */
export async function noteStreams(folder: string, goneNow: typeof isGone = isGone): Promise<readonly NotedStream[]> {
  const headers = new Map<string, SegmentHeader | undefined>();
  for (const { writer, segments } of await listStreams(folder)) {
    const line = await firstLine(segments[0]?.path as string);
    headers.set(writer, line && headerOf(parseLine(line)));
  }
  const settled = new Set(
    [...headers.values()]
      .flatMap((header) => header?.noted ?? [])
      .flatMap(({ writer, ended }) => (ended ? writer : [])),
  );
  const gone = new Set<string>();
  for (const [writer, header] of headers) {
    if (header?.process !== undefined && (await goneNow(header.process))) gone.add(writer);
  }
  // Listed again, and read only then: a process that is gone by now writes no more lines and no more segments.
  const notes: NotedStream[] = [];
  for (const stream of await listStreams(folder)) {
    if (!settled.has(stream.writer)) notes.push(await noteOf(stream, gone.has(stream.writer)));
  }
  return notes;
}

async function noteOf({ writer, segments }: StreamFiles, gone: boolean): Promise<NotedStream> {
  let torn: NotedStream["torn"];
  for (const { number, path } of segments.toReversed()) {
    const { line, tail } = await lastLine(path);
    if (tail.length > 0) torn ??= { segment: number, bytes: tail.length, sha256: hashLine(tail) };
    const read = line && parseLine(line);
    if (line === undefined || read === undefined) continue;
    const closed = read.kind === "checkpoint" && statementOf(read.value)?.closed === true;
    return {
      writer,
      seq: read.seq,
      hash: hashLine(line),
      ...((gone || closed) && { ended: true }),
      ...(torn !== undefined && { torn }),
    };
  }
  return { writer, seq: -1, hash: GENESIS, ...(torn !== undefined && { torn }) };
}
