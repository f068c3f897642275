import type { DenialCode } from "../decision/index.ts";
import type { AuditSink, DecisionRecord, UnverifiedAttempt } from "./record.ts";

const SAMPLES = 100;

/** An audit trail in memory, for tests and demonstrations. */
export interface MemoryAudit extends AuditSink {
  readonly records: readonly DecisionRecord[];
  /** How many unverified attempts there were, by code. */
  readonly unverifiedCounts: ReadonlyMap<DenialCode, number>;
  /** The first of them, at most a hundred. */
  readonly unverifiedSamples: readonly UnverifiedAttempt[];
}

export function memoryAudit(): MemoryAudit {
  const records: DecisionRecord[] = [];
  const counts = new Map<DenialCode, number>();
  const samples: UnverifiedAttempt[] = [];
  return {
    records,
    unverifiedCounts: counts,
    unverifiedSamples: samples,
    record: (record) => {
      records.push(record);
    },
    unverified: (attempt) => {
      counts.set(attempt.code, (counts.get(attempt.code) ?? 0) + 1);
      if (samples.length < SAMPLES) samples.push(attempt);
    },
  };
}

/** What {@link jsonLinesAudit} writes to: a Node stream, or anything that takes text and tells when it is out. */
export interface LineWriter {
  write(text: string, done: (error?: Error | null) => void): unknown;
}

/**
 * One decision a line, as JSON. A call waits until its line was handed over, and is denied where that failed. Nothing
 * is signed or linked yet, and a line that was written can be changed.
 */
export function jsonLinesAudit(stream: LineWriter): AuditSink {
  return {
    record: (record) =>
      new Promise((resolve, reject) => {
        stream.write(`${JSON.stringify(record)}\n`, (error) => (error ? reject(error) : resolve()));
      }),
  };
}
