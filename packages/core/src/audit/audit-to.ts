import { faultOf } from "../errors.ts";
import { deepFrozen, type Health, quietly } from "../lib/index.ts";
import { besides, having, list, METHOD, madeOf, readerOf, type Shape } from "../options/index.ts";
import type { AuditSink, DecisionRecord } from "./record.ts";

/** The sinks that one is made of. */
interface Parts {
  /** They must have a record before a call runs. */
  readonly keepers: readonly AuditSink[];
  /** They are told what became of it. */
  readonly lookers: readonly AuditSink[];
}

/** Of each sink. One that a program puts round another is its own, and keeps records itself. */
const PARTS = new WeakMap<object, Parts>();

/** A sink, of which it is asked here, once, whether it keeps records. */
export const SINK: Shape = madeOf<AuditSink>(
  besides<Omit<AuditSink, "record" | "keeps">>(having("a sink, such as memoryAudit()", "record"), {
    outcome: METHOD,
    unverified: METHOD,
    health: METHOD,
  }),
  (sink) => {
    partsOf(sink);
    return sink;
  },
);

const readSinks = readerOf<readonly AuditSink[]>("auditTo", list(SINK, "one sink, or several", { min: 1 }));

/**
 * Several sinks as one: a durable log, and a screen for people.
 *
 * ```ts
 * createAuthorizer({ …, audit: auditTo(log, printingAudit(process.stderr)) });
 * ```
 *
 * A call is on record when **every** sink has its record, and does not run where one has not: put in no sink that may fail
 * where calls are to run all the same. Those that keep nothing (`keeps: false`: `printingAudit`, `onDenial`) are told
 * afterwards, in whatever place they stand: of an allowed call where the others have its record, and of a denial in any case.
 * What came of a call, and what strangers try, goes to each sink whatever becomes of it in the others.
 *
 * @throws {HopwiseError} `config_invalid` for no sink, or what is none
 */
export function auditTo(...given: readonly [AuditSink, ...AuditSink[]]): AuditSink {
  const sinks = readSinks(given);
  const parts: Parts = {
    keepers: sinks.flatMap((sink) => partsOf(sink).keepers),
    lookers: sinks.flatMap((sink) => partsOf(sink).lookers),
  };
  const all = [...parts.keepers, ...parts.lookers];
  const sink: AuditSink = {
    record: (record) => tell(sink, record),
    outcome: (outcome) => toEach(all, (one) => one.outcome?.(sealed(sink, outcome))),
    unverified: (attempt) => {
      toEach(all, (one) => one.unverified?.(sealed(sink, attempt))).catch(() => {});
    },
    health: () => worstOf(all),
  };
  PARTS.set(sink, parts);
  return sink;
}

function partsOf(sink: AuditSink): Parts {
  const known = PARTS.get(sink);
  if (known !== undefined) return known;
  const own = sink.keeps === false ? { keepers: [], lookers: [sink] } : { keepers: [sink], lookers: [] };
  PARTS.set(sink, own);
  return own;
}

/**
 * Gives a record to those that keep it, and shows it to who looks on. Rejects where one of those could not keep it: then an
 * allowance was shown to nobody, and a denial was all the same, since it stands whether or not it could be written.
 *
 * @param inTime ends the wait for those that keep it
 */
export async function tell(
  sink: AuditSink,
  record: DecisionRecord,
  inTime: (kept: void | Promise<void>) => void | Promise<void> = (kept) => kept,
): Promise<void> {
  const isDenied = record.outcome === "denied";
  if (isDenied) show(sink, record);
  await inTime(keep(sink, record));
  if (!isDenied) show(sink, record);
}

/** Gives a record to those that keep it. Fails where one of them could not, after all have answered. */
function keep(sink: AuditSink, record: DecisionRecord): void | Promise<void> {
  const { keepers } = partsOf(sink);
  const [only] = keepers;
  // One in memory answers at once, without a promise.
  if (only !== undefined && keepers.length === 1) return only.record(sealed(sink, record));
  return toEach(keepers, (one) => one.record(sealed(sink, record)));
}

/** Of several sinks none changes what another is told. Frozen once; for one alone it costs nothing. */
function sealed<Told>(sink: AuditSink, told: Told): Told {
  const { keepers, lookers } = partsOf(sink);
  return keepers.length + lookers.length > 1 ? deepFrozen(told) : told;
}

/** Whether anybody looks on. */
export function isShown(sink: AuditSink): boolean {
  return partsOf(sink).lookers.length > 0;
}

/** Tells who looks on. A late answer of those that keep records must not reach them: only what stands is told. */
export function show(sink: AuditSink, record: DecisionRecord): void {
  for (const one of partsOf(sink).lookers) quietly(() => one.record(sealed(sink, record)));
}

/** Those that keep a record hear that its call did not run; who looks on is told the denial. */
export async function tellKeepers(
  sink: AuditSink,
  outcome: Parameters<Required<AuditSink>["outcome"]>[0],
): Promise<void> {
  await toEach(partsOf(sink).keepers, (one) => one.outcome?.(sealed(sink, outcome)));
}

async function toEach(sinks: readonly AuditSink[], tell: (sink: AuditSink) => void | Promise<void>): Promise<void> {
  const told = await Promise.allSettled(sinks.map(async (sink) => tell(sink)));
  const failed = told.find((one) => one.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}

async function worstOf(sinks: readonly AuditSink[]): Promise<Health> {
  const all = await Promise.all(
    sinks.map(async (sink): Promise<Health> => {
      try {
        return (await sink.health?.()) ?? { ok: true };
      } catch (cause) {
        return { ok: false, problem: faultOf(cause, "a sink of the audit") };
      }
    }),
  );
  return all.find(({ ok }) => ok !== true) ?? { ok: true };
}
