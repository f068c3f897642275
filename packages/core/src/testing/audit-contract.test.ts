import { describe, expect, it } from "vitest";
import type { AuditSink } from "../audit/index.ts";
import { type AuditSinkUnderTest, auditSinkContract } from "./audit-contract.ts";

/** A good sink, and what is wrong with it. */
function sinkThat(changed: Partial<AuditSink>, all: object[] = []): AuditSinkUnderTest {
  let broken = false;
  const keep = (record: object): void => {
    if (broken) throw new Error("no room");
    all.push(record);
  };
  return {
    sink: { record: keep, outcome: keep, unverified: () => {}, ...changed },
    kept: () => all,
    break: () => {
      broken = true;
    },
  };
}

/** The cases that a sink fails, by number. */
async function failedBy(open: () => AuditSinkUnderTest): Promise<readonly number[]> {
  const results = await Promise.allSettled(auditSinkContract.map(({ run }) => run(open)));
  return results.flatMap(({ status }, i) => (status === "rejected" ? [i] : []));
}

describe("the contract of audit sinks", () => {
  it("is kept by a sink that keeps everything", async () => {
    expect(await failedBy(() => sinkThat({}))).toEqual([]);
  });

  it("finds a sink that changes, loses, reorders or makes up records, throws for strangers, or hides that it failed", async () => {
    const all: object[] = [];
    const changing = () => {
      const own: object[] = [];
      return sinkThat({ record: (record) => void own.push({ ...record, message: "m" }) }, own);
    };
    const losing = () => {
      const own: object[] = [];
      return sinkThat({ record: async (record) => void ((await null) ?? (own.length < 50 && own.push(record))) }, own);
    };
    const reordering = () => {
      const own: object[] = [];
      return sinkThat({ record: (record) => void own.unshift(record) }, own);
    };
    const keepingStrangers = () => {
      const own: object[] = [];
      return sinkThat({ unverified: (attempt) => void own.push({ ...attempt, kind: "decision" }) }, own);
    };
    const throwing = () =>
      sinkThat({
        unverified: () => {
          throw new Error("full");
        },
      });
    const silent = () => sinkThat({ record: (record) => void all.push(record) });
    expect(await failedBy(changing)).toContain(0);
    expect(await failedBy(reordering)).toContain(1);
    expect(await failedBy(losing)).toContain(2);
    expect(await failedBy(keepingStrangers)).toContain(3);
    expect(await failedBy(throwing)).toContain(3);
    expect(await failedBy(silent)).toContain(4);
  });
});
