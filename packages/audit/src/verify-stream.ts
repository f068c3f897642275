import { type Broken, brokenAt } from "./broken.ts";
import { checkLink } from "./check-link.ts";
import { readCheckpoint, type TrustedKeys } from "./checkpoint.ts";
import { GENESIS, type Head, hashLine, type Line, parseLine } from "./line.ts";
import { headerOf, type NotedStream, type StreamFiles, segmentName } from "./segment.ts";
import { type PlacedLine, streamLines, withNext } from "./stream-lines.ts";

/** The findings about one stream. */
export interface StreamReading {
  /** As it was passed in. */
  readonly folder: string;
  head: Head;
  records: number;
  segments: number;
  /** The last line that a checkpoint covers; -1 where no checkpoint covers a line. */
  signedTo: number;
  closed: boolean;
  /** Records that could not be written. */
  rejected: number;
  /** Attempts of callers who proved nothing, by code, as the last checkpoint counts them. */
  unverified: Readonly<Record<string, number>>;
  key?: string;
  /** The bytes behind the last complete line. */
  torn?: { readonly place: PlacedLine; readonly note: NonNullable<NotedStream["torn"]> };
  /** The hashes at the places that were asked for. */
  readonly found: Map<number, { readonly hash: string; readonly place: PlacedLine }>;
}

/** How many hashes are kept until a checkpoint comes: more lines than a writer ever leaves unsigned. */
const MOST_UNSIGNED = 250_000;

/**
 * Reads a stream from its first line to its last, and checks each: its place, the hash of the line before, and a
 * checkpoint's signature. The next line's hash covers the bytes of a line; a checkpoint's signature covers all lines
 * before it.
 */
export async function verifyStream(
  stream: StreamFiles,
  keys: TrustedKeys,
  wanted: ReadonlySet<number>,
): Promise<Broken | StreamReading> {
  const { folder, writer, segments } = stream;
  const reading: StreamReading = {
    folder,
    head: { writer, seq: -1, hash: GENESIS },
    records: 0,
    segments: segments.length,
    signedTo: -1,
    closed: false,
    rejected: 0,
    unverified: {},
    found: new Map(),
  };
  const rest = withNext(streamLines(stream));
  try {
    const broken = await readInto(reading, stream, rest, keys, wanted);
    return broken ?? reading;
  } finally {
    await rest.return(undefined); // closes the file
  }
}

/** Reads lines until one is not as it should be. */
async function readInto(
  reading: StreamReading,
  { writer, segments }: StreamFiles,
  rest: AsyncGenerator<readonly [PlacedLine, PlacedLine | undefined]>,
  keys: TrustedKeys,
  wanted: ReadonlySet<number>,
): Promise<Broken | undefined> {
  const unsigned = new Map<number, string>();
  let before: PlacedLine | undefined;
  // Not `for await`: where a line is missing, the rest of the lines is searched for it.
  for (let step = await rest.next(); step.done !== true; step = await rest.next()) {
    const [here, next] = step.value;
    const seq = reading.head.seq + 1;
    const missing = missingSegment(writer, here, before);
    if (missing !== undefined) return missing;
    if (!here.complete) {
      if (next !== undefined || here.segment !== segments.at(-1)?.number) {
        return brokenAt("truncated", here, seq, "the segment ends within a line, and is not the last");
      }
      if (reading.closed) return brokenAt("inserted", here, seq, "the log was closed before this");
      const note = { segment: here.segment, bytes: here.bytes.length, sha256: hashLine(here.bytes) };
      reading.torn = { place: here, note };
      break;
    }
    const line = parseLine(here.bytes);
    if (line === undefined) return brokenAt("changed", here, seq);
    const problem =
      (await checkLink({ before, head: reading.head, here, line, next, rest })) ??
      (reading.closed ? brokenAt("inserted", here, seq, "the log was closed before this line") : undefined) ??
      checkContent(reading, unsigned, keys, line, here);
    if (problem !== undefined) return problem;
    const hash = hashLine(here.bytes);
    reading.head = { writer, seq, hash };
    unsigned.set(seq, hash);
    if (wanted.has(seq)) reading.found.set(seq, { hash, place: here });
    before = here;
  }
  if (reading.signedTo === -1 && reading.head.seq > 0 && before !== undefined) {
    return brokenAt("unsigned", before, reading.head.seq, "the stream has no checkpoint");
  }
  return undefined;
}

function missingSegment(writer: string, here: PlacedLine, before: PlacedLine | undefined): Broken | undefined {
  const expected = before === undefined ? 1 : before.segment + 1;
  if (here.segment <= expected) return undefined;
  return { file: segmentName(writer, expected), reason: "deleted", message: "a segment of the stream is missing" };
}

/** Checks a line that is not a record, and notes what it says. */
function checkContent(
  reading: StreamReading,
  unsigned: Map<number, string>,
  keys: TrustedKeys,
  line: Line,
  here: PlacedLine,
): Broken | undefined {
  const { kind, value, seq } = line;
  const { writer } = reading.head;
  if ((kind === "segment") !== (here.number === 1)) {
    return brokenAt("changed", here, seq, "a segment begins with its header, and has one");
  }
  if (kind === "record") {
    reading.records++;
    const limit = "there is no checkpoint for too long";
    return unsigned.size > MOST_UNSIGNED ? brokenAt("unsigned", here, seq, limit) : undefined;
  }
  if (kind === "segment") {
    const header = headerOf(line);
    const { segment, key, rejected = 0 } = header ?? {};
    if (header?.writer !== writer || segment !== here.segment || (reading.key ?? key) !== key || key === undefined) {
      return brokenAt("changed", here, seq, "this is not the header of this segment of this stream");
    }
    reading.key = key;
    reading.rejected += rejected;
    return undefined;
  }
  const statement = readCheckpoint(value, keys);
  if (statement === "unknown_key") {
    return brokenAt(statement, here, seq, unknownKey(reading.key, keys));
  }
  if (statement === "forged_checkpoint") return brokenAt(statement, here, seq, "the checkpoint's signature is wrong");
  if (statement.writer !== writer || statement.seq <= reading.signedTo || statement.seq >= seq) {
    return brokenAt("forged_checkpoint", here, seq, "the checkpoint was signed for another place");
  }
  if (unsigned.get(statement.seq) !== statement.hash) {
    const span = `lines ${reading.signedTo + 1} to ${statement.seq}`;
    return brokenAt("changed", here, seq, `one of ${span} of the stream is not what this checkpoint signs`);
  }
  if (statement.closed === true && statement.seq !== seq - 1) {
    return brokenAt("inserted", here, seq, "the last checkpoint signs the line before it, which this is not");
  }
  for (const covered of unsigned.keys()) {
    if (covered > statement.seq) break;
    unsigned.delete(covered);
  }
  reading.signedTo = statement.seq;
  reading.unverified = statement.unverified ?? {};
  reading.closed = statement.closed === true;
  return undefined;
}

/** Which key to give, too, where the log's own one was changed. */
function unknownKey(named: string | undefined, keys: TrustedKeys): string {
  const which = "the checkpoint's key is not a trusted one";
  if (named === undefined || keys.has(named)) return which;
  return `${which}: the stream names ${named}; if that is yours, as before or after a change of keys, give its public key, too`;
}
