import type { AuditSink, DecisionRecord } from "../audit/index.ts";
import { canonicalJson, type JsonValue } from "../json/index.ts";
import { sampleDecision, sampleOutcome } from "./samples.ts";

/** A sink to be held against the contract, empty, and a way to read what it keeps. */
export interface AuditSinkUnderTest {
  readonly sink: AuditSink;
  /** What it keeps, in the order in which it keeps it. */
  kept(): readonly unknown[] | Promise<readonly unknown[]>;
  /** Takes away what it writes to: from now on it can keep nothing. Leave it out for a sink that cannot fail. */
  break?(): void | Promise<void>;
}

/** One promise that every audit sink keeps. */
export interface AuditSinkCase {
  /** A sentence that begins with "an audit sink". */
  readonly title: string;
  /** @throws {Error} where the sink does not keep the promise */
  run(open: () => AuditSinkUnderTest | Promise<AuditSinkUnderTest>): Promise<void>;
}

/**
 * What every audit sink promises, as cases for any test framework.
 *
 * @example
 * ```ts
 * for (const { title, run } of auditSinkContract) {
 *   it(title, () => run(() => ({ sink: mySink, kept: () => mySink.read() })));
 * }
 * ```
 */
export const auditSinkContract: readonly AuditSinkCase[] = [
  {
    title: "an audit sink keeps a record before it answers, whole, also where its texts have anything in them",
    run: async (open) => {
      const { sink, kept } = await open();
      const odd = sampleDecision({ tool: 'a "tool"\n\u2028é\\', message: "x".repeat(10_000) });
      await sink.record(odd);
      same(await kept(), [odd]);
    },
  },
  {
    title: "an audit sink keeps what happened in its order: the decisions, and what came of them",
    run: async (open) => {
      const { sink, kept } = await open();
      const decisions = ["1", "2", "3"].map((invocation) => sampleDecision({ invocation }));
      const outcomes = ["2", "1"].map((invocation) => sampleOutcome({ invocation }));
      const [first, second, third] = decisions as [DecisionRecord, DecisionRecord, DecisionRecord];
      await sink.record(first);
      await sink.record(second);
      for (const outcome of outcomes) await sink.outcome?.(outcome);
      await sink.record(third);
      const all = await kept();
      same(
        all.filter((it) => isKind(it, "decision")),
        decisions,
      );
      same(
        all.filter((it) => isKind(it, "outcome")),
        sink.outcome === undefined ? [] : outcomes,
      );
    },
  },
  {
    title: "an audit sink loses and mixes nothing of what comes at the same time",
    run: async (open) => {
      const { sink, kept } = await open();
      const all = Array.from({ length: 100 }, (_, i) => sampleDecision({ invocation: `call ${i}` }));
      await Promise.all(all.map((record) => sink.record(record)));
      same(sorted(await kept()), sorted(all));
    },
  },
  {
    title: "an audit sink never throws for a stranger's attempt, and keeps none among the records",
    run: async (open) => {
      const { sink, kept } = await open();
      for (let i = 0; i < 1000; i++) {
        const { invocation, time, audience, tool } = sampleDecision({});
        sink.unverified?.({ invocation, time, audience, tool, code: "proof_missing", message: "m" });
      }
      const record = sampleDecision({});
      await sink.record(record);
      same(
        (await kept()).filter((it) => isKind(it, "decision")),
        [record],
      );
    },
  },
  {
    title:
      "an audit sink says so where it cannot keep a record, so that the call does not run; and its health, where it has one, says the same",
    run: async (open) => {
      const { sink, break: breakIt } = await open();
      if (breakIt === undefined) return;
      await breakIt();
      const refused = await Promise.resolve()
        .then(() => sink.record(sampleDecision({})))
        .then(
          () => false,
          () => true,
        );
      if (!refused) throw new Error("it answered as if it had kept the record");
      const health = await sink.health?.();
      if (health?.ok === true) throw new Error("its health says that it is well, and it has just refused a record");
    },
  },
];

function isKind(value: unknown, kind: string): boolean {
  return typeof value === "object" && value !== null && (value as { readonly kind?: unknown }).kind === kind;
}

function sorted(records: readonly unknown[]): readonly string[] {
  return records.map((record) => canonicalJson(record as JsonValue)).sort();
}

function same(found: readonly unknown[], expected: readonly unknown[]): void {
  const [is, should] = [found, expected].map((records) => canonicalJson(records as JsonValue));
  if (is !== should) throw new Error(`it keeps\n${is}\nand not\n${should}`);
}
