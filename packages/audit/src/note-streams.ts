import { statementIn } from "./checkpoint.ts";
import { GENESIS, hashLine, parseLine } from "./line.ts";
import { isGone } from "./process-identity.ts";
import { firstLine, lastLine } from "./read-lines.ts";
import { headerOf, listStreams, type NotedStream, type SegmentHeader, type StreamFiles } from "./segment.ts";

/**
 * Where the streams of a folder stand, for a new stream to say in its first line: so a later stream knows of one that
 * was taken away or that a crash tore. What another one noted already is left out, and so is a stream that one noted as ended: that
 * note is enough, since its own stream is noted, too. Else a folder whose processes are killed would grow with the square of their number.
 */
export async function noteStreams(folder: string, goneNow: typeof isGone = isGone): Promise<readonly NotedStream[]> {
  const headers = new Map<string, SegmentHeader | undefined>();
  for (const { writer, segments } of await listStreams(folder)) {
    const line = await firstLine(segments[0]?.path as string);
    headers.set(writer, line && headerOf(parseLine(line)));
  }
  const before = [...headers.values()].flatMap((header) => header?.noted ?? []);
  const settled = new Set(before.flatMap(({ writer, ended }) => (ended ? writer : [])));
  const known = new Set(before.map(textOf));
  const gone = new Set<string>();
  for (const [writer, header] of headers) {
    if (header?.process !== undefined && (await goneNow(header.process))) gone.add(writer);
  }
  // Listed again, and read only then: a process that is gone by now writes no more lines and no more segments.
  const notes: NotedStream[] = [];
  for (const stream of await listStreams(folder)) {
    if (settled.has(stream.writer)) continue;
    const note = await noteOf(stream, gone.has(stream.writer));
    if (!known.has(textOf(note))) notes.push(note);
  }
  return notes;
}

function textOf({ writer, seq, hash, ended, torn }: NotedStream): string {
  return JSON.stringify([writer, seq, hash, ended, torn?.segment, torn?.bytes, torn?.sha256]);
}

async function noteOf({ writer, segments }: StreamFiles, gone: boolean): Promise<NotedStream> {
  let torn: NotedStream["torn"];
  for (const { number, path } of segments.toReversed()) {
    const { line, tail } = await lastLine(path);
    if (tail.length > 0) torn ??= { segment: number, bytes: tail.length, sha256: hashLine(tail) };
    const read = line && parseLine(line);
    if (line === undefined || read === undefined) continue;
    const closed = statementIn(read)?.closed === true;
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
