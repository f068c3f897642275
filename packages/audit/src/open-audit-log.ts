import { resolve } from "node:path";
import type { DenialCode, HopwiseError, Signer } from "@hopwise/core";
import { quietly } from "@hopwise/core/adapter";
import { type AuditSink, checkTold, type MemoryAudit } from "@hopwise/core/audit";
import { choice, func, maybe, members, optionsOf, SIGNER, whole } from "@hopwise/core/options";
import { createCheckpoints } from "./checkpoints.ts";
import { endLog } from "./end-log.ts";
import { createGroupQueue } from "./group-queue.ts";
import { createHeadSigner, isWrongSigner } from "./head-signer.ts";
import { FORMAT, type Head, nextLine } from "./line.ts";
import { type LogFiles, nodeFiles } from "./log-files.ts";
import { logHealth } from "./log-health.ts";
import { makeFolder } from "./make-folder.ts";
import { noteStreams } from "./note-streams.ts";
import { FOLDER } from "./option-shapes.ts";
import { identityOf } from "./process-identity.ts";
import { type NotedStream, newWriter, type SegmentHeader } from "./segment.ts";
import { createStrangers } from "./strangers.ts";
import { createStreamWriter } from "./stream-writer.ts";
import { unavailable } from "./unavailable.ts";

/** Options of {@link openAuditLog}; `folder` and `signer` are required. */
export interface AuditLogOptions {
  /** Created where it is missing. Any number of processes may write to one folder. */
  readonly folder: string;
  /** Signs the checkpoints. Use a key for this log alone: its owner can write another history. */
  readonly signer: Signer;
  /**
   * `required`: a record is done when the disk has it. `buffered`: when the operating system has it, so that it outlives
   * the process, but not a power cut.
   *
   * @defaultValue "required"
   */
  readonly durability?: "required" | "buffered";
  /**
   * When a segment is full: by its size in bytes, or its age in milliseconds.
   *
   * @defaultValue 64 MiB, a day
   */
  readonly rotate?: { readonly bytes?: number; readonly ms?: number };
  /**
   * When the head is signed: after so many records, and at the latest so many milliseconds after a record.
   *
   * @defaultValue 1000 records, 1000 ms
   */
  readonly checkpoint?: { readonly records?: number; readonly ms?: number };
  /**
   * Told of each signed head once it is on disk. Note heads in a place that the folder's writers cannot change:
   * `verifyAuditLog` takes them as `expectHead`, and finds an old copy by them.
   */
  readonly onCheckpoint?: (head: Head) => void;
}

/** An open log. Give it to `createAuthorizer` as `audit`. */
export interface AuditLog extends Required<Omit<AuditSink, "keeps">>, AsyncDisposable {
  /** The last line that counts. */
  readonly head: Head;
  /** How many unverified attempts there were since it was opened, by code. */
  readonly unverifiedCounts: ReadonlyMap<DenialCode, number>;
  /** The first of them, at most a hundred. In memory only. */
  readonly unverifiedSamples: MemoryAudit["unverifiedSamples"];
  /**
   * Writes the waiting records, and a last checkpoint. Later records are refused.
   *
   * @throws {HopwiseError} `audit_unavailable` where that cannot be written or signed
   */
  close(): Promise<void>;
}

/**
 * Opens a durable audit log. It begins a stream of its own in the folder, which notes where the other streams stand, and
 * with it the torn end that a crash left behind.
 *
 * @throws {HopwiseError} `config_invalid` for options that cannot be right, such as a signer whose signatures are not of its
 *   own public key; `audit_unavailable` where the folder cannot be written to, or the signer does not sign in time
 */
export async function openAuditLog(options: AuditLogOptions): Promise<AuditLog> {
  return openLogOn(nodeFiles, options);
}

const MIB = 1024 * 1024;
const DAY_MS = 24 * 3600 * 1000;
const YEAR_MS = 365 * DAY_MS;

const ROTATE = { bytes: 64 * MIB, ms: DAY_MS };
const CHECKPOINT = { records: 1000, ms: 1000 };

const readOptions = optionsOf<AuditLogOptions>("openAuditLog", {
  folder: FOLDER,
  signer: SIGNER,
  durability: maybe(choice("required", "buffered")),
  rotate: maybe(
    members<typeof ROTATE>(
      {
        bytes: maybe(whole({ min: 1, max: 1024 * 1024 * MIB, example: ROTATE.bytes })),
        ms: maybe(whole({ min: 1, max: YEAR_MS, example: ROTATE.ms })),
      },
      "{ bytes, ms }",
    ),
  ),
  checkpoint: maybe(
    members<typeof CHECKPOINT>(
      {
        records: maybe(whole({ min: 1, max: 1_000_000_000, example: CHECKPOINT.records })),
        ms: maybe(whole({ min: 1, max: YEAR_MS, example: CHECKPOINT.ms })),
      },
      "{ records, ms }",
    ),
  ),
  onCheckpoint: maybe(func("a function that is told of each signed head")),
});

/** @internal For tests, which break the file system. */
export async function openLogOn(files: LogFiles, given: AuditLogOptions): Promise<AuditLog> {
  const options = readOptions(given);
  const folder = absolute(options.folder);
  const { durability = "required", rotate, checkpoint } = options;
  const writer = newWriter();
  const signer = await createHeadSigner(options.signer);
  const strangers = createStrangers(() => checkpoints.request());
  let records = 0;
  let closing: Promise<void> | undefined;

  const statement = (head: Head, closed: boolean): Promise<string> =>
    signer.sign({
      log: FORMAT,
      ...head,
      time: new Date().toISOString(),
      records,
      ...strangers.counts(),
      ...(closed && { closed: true as const }),
    });

  /** A stream's first segment begins with a checkpoint, too: a log whose signer fails takes no record. */
  const opening = async (start: Head, segment: number, rejected: number): Promise<{ text: string; head: Head }> => {
    const identity = segment === 1 ? await identityOf(process.pid) : undefined;
    const header: SegmentHeader = {
      log: FORMAT,
      writer,
      segment,
      time: new Date().toISOString(),
      key: signer.key,
      ...(rejected > 0 && { rejected }),
      ...(identity !== undefined && { process: identity }),
      ...(segment === 1 && { noted }),
    };
    const first = nextLine(start, "segment", JSON.stringify(header));
    if (segment > 1) return first;
    const second = nextLine(first.head, "checkpoint", JSON.stringify(await statement(first.head, false)));
    return { text: first.text + second.text, head: second.head };
  };

  const stream = createStreamWriter({ files, folder, writer, durable: durability === "required", opening });
  const queue = createGroupQueue(async (entries) => {
    const added = entries.filter(({ kind }) => kind === "record");
    // A checkpoint names the line that it signs, so it may stand anywhere behind that line; a segment's end is best.
    const signed = entries.filter(({ kind }) => kind === "checkpoint");
    await stream.append([...added, ...signed]);
    records += added.length;
    checkpoints.appended(added.length);
    const isFull = stream.bytes >= (rotate?.bytes ?? ROTATE.bytes) || stream.ageMs >= (rotate?.ms ?? ROTATE.ms);
    if (!isFull || closing !== undefined) return;
    if (signed.length > 0 || checkpoints.failing) await stream.finish().catch(() => {});
    else checkpoints.request();
  });
  let signedHead = stream.head;
  const checkpoints = createCheckpoints({
    records: checkpoint?.records ?? CHECKPOINT.records,
    ms: checkpoint?.ms ?? CHECKPOINT.ms,
    sign: async (closed) => {
      // The last checkpoint signs the line before it: no segment may begin between them.
      if (closed) await stream.begin();
      signedHead = stream.head;
      return statement(stream.head, closed);
    },
    add: async (jws) => {
      const head = signedHead;
      await queue.add({ kind: "checkpoint", json: JSON.stringify(jws) });
      quietly(() => options.onCheckpoint?.(head));
    },
  });
  /** Why it takes no record, before one is written. */
  const refused = (): HopwiseError | undefined => {
    if (closing !== undefined) return unavailable("the audit log is closed");
    const fault = checkpoints.overdue();
    return fault === undefined ? undefined : unavailable("the audit log could not be signed for too long", fault);
  };
  const add = async (record: object): Promise<void> => {
    const fault = refused();
    if (fault !== undefined) throw fault;
    await queue.add({ kind: "record", json: JSON.stringify(record) });
  };
  const close = (): Promise<void> => {
    closing ??= endLog(strangers, queue, checkpoints, stream);
    return closing;
  };

  let noted: readonly NotedStream[] = [];
  try {
    await makeFolder(folder);
    noted = await noteStreams(folder);
    await stream.begin();
  } catch (cause) {
    if (isWrongSigner(cause)) throw cause;
    throw notWritten(folder, cause);
  }
  quietly(() => options.onCheckpoint?.(stream.head));
  return {
    get head() {
      return stream.head;
    },
    unverifiedCounts: strangers.unverifiedCounts,
    unverifiedSamples: strangers.unverifiedSamples,
    record: async (record) => add(checkTold("record", record)),
    outcome: async (record) => add(checkTold("outcome", record)),
    unverified: strangers.unverified,
    health: () => logHealth(refused(), stream, queue),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Stays the same when the process changes its working directory; which may be gone. */
function absolute(folder: string): string {
  try {
    return resolve(folder);
  } catch (cause) {
    throw notWritten(folder, cause);
  }
}

function notWritten(folder: string, cause: unknown): HopwiseError {
  return unavailable(`no audit log can be written to ${folder}`, cause);
}
