import { having, list, readerOf } from "../options/index.ts";
import type { AuditSink } from "./record.ts";

const readSinks = readerOf<readonly AuditSink[]>(
  "auditTo",
  list(having("a sink, such as memoryAudit()", "record"), "one sink, or several", { min: 1 }),
);

/**
 * Several sinks as one: a durable log, and a screen for people.
 *
 * ```ts
 * createAuthorizer({ …, audit: auditTo(log, printingAudit(process.stderr)) });
 * ```
 *
 * A call is on record when **every** sink has its record, and does not run where one has not: put in no sink that may fail
 * where calls are to run all the same. What came of a call, and what strangers try, goes to each sink whatever becomes of
 * it in the others.
 *
 * @throws {HopwiseError} `config_invalid` for no sink, or what is none
 */
export function auditTo(...given: readonly [AuditSink, ...AuditSink[]]): AuditSink {
  const sinks = readSinks(given);
  const toAll = async (tell: (sink: AuditSink) => void | Promise<void>): Promise<void> => {
    const told = await Promise.allSettled(sinks.map(async (sink) => tell(sink)));
    const failed = told.find((one) => one.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  };
  return {
    record: (record) => toAll((sink) => sink.record(record)),
    outcome: (outcome) => toAll((sink) => sink.outcome?.(outcome)),
    unverified: (attempt) => {
      toAll((sink) => sink.unverified?.(attempt)).catch(() => {});
    },
  };
}
