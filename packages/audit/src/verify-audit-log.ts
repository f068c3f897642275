import { setTimeout as delay } from "node:timers/promises";
import type { PublicJwk } from "@hopwise/core";
import { either, list, maybe, members, optionsOf, PUBLIC_JWK, text, whole } from "@hopwise/core/options";
import { type Broken, brokenAt } from "./broken.ts";
import { type TrustedKeys, trustKeys } from "./checkpoint.ts";
import { type Head, parseLine } from "./line.ts";
import { type AuditFolders, FOLDERS } from "./option-shapes.ts";
import { firstLine } from "./read-lines.ts";
import { withRenamed } from "./renamed.ts";
import { headerOf, listStreams, type NotedStream, type StreamFiles, segmentName, streamsOfLog } from "./segment.ts";
import { type StreamReading, verifyStream } from "./verify-stream.ts";

/** Options of {@link verifyAuditLog}. */
export interface VerifyOptions {
  /** Its folder; or those of several instances. */
  readonly folder: AuditFolders;
  /** The public keys that may have signed: `signer.publicJwk`, of now and of before. */
  readonly keys: readonly PublicJwk[];
  /** Heads that were noted elsewhere. The log must contain each of them. */
  readonly expectHead?: Head | readonly Head[];
}

/** The result of a verification. */
export type AuditVerification = SoundLog | { readonly ok: false; readonly broken: Broken };

export interface SoundLog {
  readonly ok: true;
  readonly records: number;
  /** Oldest first. Note their heads, for `expectHead` at the next verification. */
  readonly streams: readonly SoundStream[];
}

/** A stream that is as it was written. */
export interface SoundStream {
  /** As it was passed in. */
  readonly folder: string;
  readonly head: Head;
  /**
   * `closed`: its writer closed it. `ended`: its writer died, and a later stream noted where. `open`: neither is known.
   */
  readonly state: "closed" | "ended" | "open";
  readonly records: number;
  readonly segments: number;
  /**
   * How many lines stand behind the last one that a checkpoint covers. They prove nothing until another stream notes
   * them.
   */
  readonly unsigned: number;
  /**
   * How many records could not be written to the disk: of decisions, whose calls were denied, and of outcomes, whose calls had run
   * by then, or were denied in that way.
   */
  readonly rejected: number;
  /** How often callers who proved nothing were refused, or let in by shadow mode, by code, up to the last checkpoint. None has a record. */
  readonly unverified: Readonly<Record<string, number>>;
  /** Bytes of a line that a crash cut off, as a later stream noted them. They are still there. */
  readonly tornBytes: number;
}

/** A place that a stream must have, because another stream or `expectHead` names it. */
interface Claim extends NotedStream {
  readonly by: "another stream" | "expectHead";
}

const HEAD = members<Head>(
  {
    writer: text("a stream's name"),
    seq: whole({ min: 0, max: Number.MAX_SAFE_INTEGER, example: 41 }),
    hash: text("a SHA-256 in hex", (hash) => /^[0-9a-f]{64}$/.test(hash)),
  },
  "a head { writer, seq, hash }, as onCheckpoint was told it",
);

const readOptions = optionsOf<VerifyOptions>("verifyAuditLog", {
  folder: FOLDERS,
  keys: list(PUBLIC_JWK, "a list of public JWKs, at least one", { min: 1 }),
  expectHead: maybe(either("a head { writer, seq, hash }, or a list of them", HEAD, list(HEAD, "a list of heads"))),
});

/**
 * Verifies a whole log: every line of every stream. Reads files as streams; memory does not grow with them. May run
 * beside the writers.
 *
 * @throws {HopwiseError} `config_invalid` for options that cannot be right, and where the folder cannot be read or holds no log
 */
export async function verifyAuditLog(options: VerifyOptions): Promise<AuditVerification> {
  const { folder, keys, expectHead = [] } = readOptions(options);
  const trusted = await trustKeys(keys);
  const expected = [expectHead].flat();
  // A head that is expected names the stream that was taken away.
  const streams = await (expected.length > 0 ? listStreams : streamsOfLog)(folder);
  const claims = await collectClaims(streams, expected);
  const notSound = async (broken: Broken): Promise<AuditVerification> => ({
    ok: false,
    broken: await withRenamed(broken, folder),
  });
  const readings = new Map<string, StreamReading>();
  for (const stream of streams) {
    const reading = await verifySettled(stream, trusted, claims.get(stream.writer) ?? []);
    if ("reason" in reading) return notSound({ folder: stream.folder, ...reading });
    readings.set(stream.writer, reading);
  }
  for (const [writer, reading] of readings) {
    const torn = checkTorn(reading, claims.get(writer) ?? []);
    if (torn !== undefined) return { ok: false, broken: { folder: reading.folder, ...torn } };
  }
  // Only now: a claim counts when the stream that makes it is sound.
  for (const claim of [...claims.values()].flat()) {
    const reading = readings.get(claim.writer);
    const broken = checkClaim(claim, reading);
    if (broken !== undefined) return notSound({ ...(reading && { folder: reading.folder }), ...broken });
  }
  const sound = [...readings].map(([writer, reading]) => describe(reading, claims.get(writer) ?? []));
  return { ok: true, records: sound.reduce((sum, { records }) => sum + records, 0), streams: sound };
}

async function collectClaims(
  streams: readonly StreamFiles[],
  expected: readonly Head[],
): Promise<ReadonlyMap<string, readonly Claim[]>> {
  const claims: Claim[] = expected.map((head) => ({ ...head, by: "expectHead" }));
  for (const { segments } of streams) {
    const line = await firstLine(segments[0]?.path as string);
    for (const note of headerOf(line && parseLine(line))?.noted ?? []) claims.push({ ...note, by: "another stream" });
  }
  const byStream = new Map<string, Claim[]>();
  for (const claim of claims) byStream.set(claim.writer, [...(byStream.get(claim.writer) ?? []), claim]);
  return byStream;
}

const ATTEMPTS = 20;
const PAUSE_MS = 50;

/** A torn end may be a line that is just being written: it is read again until it no longer changes. */
async function verifySettled(
  stream: StreamFiles,
  keys: TrustedKeys,
  claims: readonly Claim[],
): Promise<Broken | StreamReading> {
  const wanted = new Set(claims.map(({ seq }) => seq));
  let reading = await verifyStream(stream, keys, wanted);
  for (let i = 0; i < ATTEMPTS && !("reason" in reading) && checkTorn(reading, claims) !== undefined; i++) {
    const torn = reading.torn?.note;
    await delay(PAUSE_MS);
    reading = await verifyStream(stream, keys, wanted);
    if (!("reason" in reading) && reading.torn?.note.sha256 === torn?.sha256) break;
  }
  return reading;
}

function checkClaim(
  { writer, seq, hash, by, ...claim }: Claim,
  reading: StreamReading | undefined,
): Broken | undefined {
  const lost = by === "expectHead" ? "rolled_back" : undefined;
  if (reading === undefined) {
    const message = `the stream is missing; ${by} knows it up to line ${seq}`;
    return { file: segmentName(writer, 1), reason: lost ?? "deleted", message };
  }
  const { head, found, torn } = reading;
  const end = { file: segmentName(writer, reading.segments), seq: head.seq };
  if (head.seq < seq) {
    return { ...end, reason: lost ?? "truncated", message: `the stream ends here; ${by} knows line ${seq} of it` };
  }
  const there = found.get(seq);
  if (there !== undefined && there.hash !== hash) {
    return brokenAt(lost ?? "changed", there.place, seq, `the line is not the one that ${by} knows`);
  }
  if (by === "expectHead") return undefined;
  if (head.seq > seq) {
    const message = `${by} knows that the stream ended at line ${seq}`;
    return claim.ended === true ? { ...end, reason: "inserted", message } : undefined;
  }
  if (torn?.note.sha256 === claim.torn?.sha256) return undefined;
  // A stream that was alive when it was noted may have got a torn end later.
  if (claim.torn === undefined && claim.ended !== true) return undefined;
  return { ...end, reason: "changed", message: `behind the last line stands something else than ${by} knows` };
}

/** A torn end that no later stream noted, or that one noted differently. */
function checkTorn({ torn, head }: StreamReading, claims: readonly Claim[]): Broken | undefined {
  if (torn === undefined) return undefined;
  const { place, note } = torn;
  const noted = claims.filter((claim) => claim.torn?.segment === note.segment && claim.seq === head.seq);
  if (noted.some((claim) => claim.torn?.sha256 === note.sha256)) return undefined;
  if (noted.length > 0) return brokenAt("changed", place, head.seq + 1, "the cut-off line is not as it was noted");
  const message = `${note.bytes} bytes of a line that is cut off; after a crash, opening the log again notes them`;
  return brokenAt("torn", place, head.seq + 1, message);
}

function describe(reading: StreamReading, claims: readonly Claim[]): SoundStream {
  const { folder, head, records, segments, signedTo, rejected, unverified, closed, torn } = reading;
  const isEnded = torn !== undefined || claims.some(({ ended }) => ended === true);
  return {
    folder,
    head,
    state: closed ? "closed" : isEnded ? "ended" : "open",
    records,
    segments,
    // A checkpoint does not cover its own line, and that line needs no cover: it is not counted.
    unsigned: Math.max(0, head.seq - signedTo - 1),
    rejected,
    unverified,
    tornBytes: torn?.note.bytes ?? 0,
  };
}
