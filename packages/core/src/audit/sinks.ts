import type { DenialCode } from "../codes.ts";
import type { HopwiseError } from "../errors.ts";
import { type Health, isThenable, quietly, wholeText } from "../lib/index.ts";
import { besides, having, METHOD, readerOf } from "../options/index.ts";
import { checkTold } from "./check-told.ts";
import type { AuditSink, DecisionRecord, OutcomeRecord, UnverifiedAttempt } from "./record.ts";
import { strangerCounter } from "./strangers.ts";
import { type Breakable, endedBefore, hearFaults, notWritten } from "./writer-fault.ts";

const SAMPLES = 100;

/** An audit trail in memory, for tests and demonstrations. */
export interface MemoryAudit extends AuditSink {
  readonly records: readonly DecisionRecord[];
  readonly outcomes: readonly OutcomeRecord[];
  /** How many unverified attempts there were, by code. */
  readonly unverifiedCounts: ReadonlyMap<DenialCode, number>;
  /** The first of them, at most a hundred. */
  readonly unverifiedSamples: readonly UnverifiedAttempt[];
}

/** Keeps records in memory, for tests and demonstrations. They are gone with the process. */
export function memoryAudit(): MemoryAudit {
  const records: DecisionRecord[] = [];
  const outcomes: OutcomeRecord[] = [];
  const counts = new Map<DenialCode, number>();
  const samples: UnverifiedAttempt[] = [];
  return {
    records,
    outcomes,
    unverifiedCounts: counts,
    unverifiedSamples: samples,
    record: (record) => {
      checkTold("record", record);
      records.push(record);
    },
    outcome: (record) => {
      checkTold("outcome", record);
      outcomes.push(record);
    },
    unverified: (attempt) => {
      checkTold("unverified", attempt);
      counts.set(attempt.code, (counts.get(attempt.code) ?? 0) + 1);
      if (samples.length < SAMPLES) samples.push(attempt);
    },
  };
}

/** The target of {@link jsonLinesAudit}: a Node stream, or any writer that takes text and tells when it is written. */
export interface LineWriter extends Breakable {
  write(text: string, done: (error?: Error | null) => void): unknown;
}

const readWriter = readerOf<LineWriter>(
  "jsonLinesAudit",
  besides<Pick<Breakable, "on">>(having("a writer, such as process.stdout", "write"), { on: METHOD }),
);

/**
 * One decision a line, as JSON. A call waits until its line is handed over, and is denied where that fails. Lines are
 * not signed or linked, so a written line can be changed. They may be read on a screen: what nobody would see, or what steers a
 * terminal, is written as JSON escapes it.
 *
 * A stream that breaks ends no process: its `error` is heard, and each call after it is denied (`audit_unavailable`), until
 * there is a sink over another stream. `health` says what the newest line met: of a writer that failed once it says so for half a
 * minute, or until a line is written again.
 *
 * Calls refused before a key was proven are only counted: at most one line for each code in ten seconds. That shows a
 * wrong set-up, and cannot fill a disk.
 *
 * @throws {HopwiseError} `config_invalid` for what cannot be written to
 */
export function jsonLinesAudit(stream: LineWriter): AuditSink {
  readWriter(stream);
  const broken = hearFaults(stream);
  const seen = strangerCounter();
  let newest = Promise.resolve();
  let failedAt = Number.NEGATIVE_INFINITY;
  const line = async (record: DecisionRecord | OutcomeRecord): Promise<void> => {
    const text = lineOf(record);
    const fault = broken();
    if (fault !== undefined) throw notWritten(fault.cause);
    newest = handOver(stream, text).catch((cause: unknown) => {
      failedAt = performance.now();
      throw notWritten(broken()?.cause ?? cause);
    });
    await newest;
  };
  return {
    record: (record) => {
      checkTold("record", record);
      return line(record);
    },
    outcome: (record) => {
      checkTold("outcome", record);
      return line(record);
    },
    // What the newest line met, the next one would. A line that is still on its way is waited for, as its call waits.
    health: async () => {
      const fault = broken();
      const ended = fault === undefined ? endedBefore(stream) : notWritten(fault.cause);
      if (ended !== undefined) return unwell(ended);
      const isLongAgo = performance.now() - failedAt > FAILED_MS;
      return newest.then(
        () => WELL,
        (error) => (isLongAgo ? WELL : unwell(error)),
      );
    },
    unverified: (attempt) => {
      checkTold("unverified", attempt);
      const { code, message, invocation, time, tool, enforced } = attempt;
      const { count, worthALine } = seen(code);
      if (!worthALine || broken() !== undefined) return;
      const stranger = lineOf({ unverified: code, count, message, tool, invocation, time, enforced });
      quietly(() => stream.write(stranger, () => {}));
    },
  };
}

/** The same JSON: a record holds what callers chose, such as the id of a resource, of which JSON itself escapes little. */
function lineOf(record: object): string {
  return `${wholeText(JSON.stringify(record))}\n`;
}

/** So long a line that failed counts: no other one may come to a server that says that it is not well. */
const FAILED_MS = 30_000;

const WELL: Health = { ok: true };

function unwell({ message }: HopwiseError): Health {
  return { ok: false, problem: message };
}

/** Resolves when the writer says that it has the line. */
function handOver(stream: LineWriter, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const handed = stream.write(text, (error) => (error ? reject(error) : resolve()));
    // A writer may be asynchronous, too, and fail before it tells so.
    if (isThenable(handed)) handed.then(undefined, reject);
  });
}
