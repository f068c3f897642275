import { beforeAll, describe, expect, it } from "vitest";
import { type AuditSink, auditTo, memoryAudit } from "../audit/index.ts";
import { inOwnWords } from "../errors.ts";
import { HopwiseError } from "../host-error.ts";
import { onDenial, printingAudit, type SeenDenial } from "../views/index.ts";
import { BY_ALICE, createScene, decide, denying, payment, type Scene, settled } from "./point.fixture.ts";

let scene: Scene;
beforeAll(async () => {
  scene = await createScene();
});

const full = inOwnWords(
  new HopwiseError("audit_unavailable", "the audit log could not be written: no space left on device (ENOSPC)"),
);
/** Lets a sink answer that was too late. */
let answerLate = (): void => {};
/** How a sink that keeps records fails, and what the denial says of it. */
const FAULTS: readonly (readonly [string, AuditSink["record"], RegExp])[] = [
  ["throws in Hopwise's own words", () => Promise.reject(full), /no space left on device \(ENOSPC\)/],
  [
    "throws an error of a host's",
    () => {
      throw Object.assign(new Error("hunter2"), { code: "EROFS" });
    },
    /the audit sink failed \(EROFS\)/,
  ],
  [
    "is too late",
    () =>
      new Promise((done) => {
        answerLate = done;
      }),
    /no answer within 200 ms/,
  ],
];
/** In whichever place those stand that look on. */
const ORDERS: readonly (readonly [string, (kept: AuditSink, shown: AuditSink, told: AuditSink) => AuditSink])[] = [
  ["after it", (kept, shown, told) => auditTo(kept, shown, told)],
  ["before it", (kept, shown, told) => auditTo(shown, told, kept)],
  ["in sinks of several", (kept, shown, told) => auditTo(auditTo(shown, kept), auditTo(told))],
];

/** What people see and a program hears of one call. */
async function seen(combine: (typeof ORDERS)[number][1], record: AuditSink["record"], options = {}) {
  const printed: string[] = [];
  const heard: SeenDenial[] = [];
  const kept: AuditSink & { readonly outcomes: string[] } = {
    outcomes: [],
    record,
    outcome: ({ outcome }) => void kept.outcomes.push(outcome),
  };
  const audit = combine(
    kept,
    printingAudit({ write: (text) => printed.push(text) }),
    onDenial((denial) => heard.push(denial)),
  );
  const point = { ...scene.point({ deadlineMs: 200, ...options }).point, audit };
  const decision = await decide(payment(BY_ALICE), point);
  const heardByThen = heard.length;
  answerLate();
  await settled();
  return { decision, printed, heard, heardByThen, outcomes: kept.outcomes };
}

describe.each(ORDERS)("who looks on, %s,", (_, combine) => {
  it.each(FAULTS)(
    "is told the denial that a call became, and of no allowance, where the sink %s",
    async (_, record, says) => {
      const { decision, printed, heard, heardByThen, outcomes } = await seen(combine, record);
      expect(heardByThen, "before the caller").toBe(1);
      expect(decision).toMatchObject({
        outcome: "denied",
        code: "audit_unavailable",
        message: expect.stringMatching(says),
      });
      expect(heard).toMatchObject([{ code: "audit_unavailable", count: 1, text: expect.stringMatching(says) }]);
      expect(heard[0]?.record).toMatchObject({ outcome: "denied", invocation: decision.invocation });
      expect(printed.join("")).toMatch(/^denied send_payment: audit_unavailable/);
      expect(printed.join("")).not.toMatch(/^allowed/m);
      expect(printed.join("")).not.toContain("hunter2");
      expect(outcomes).toEqual(["refused"]);
    },
  );

  it.each(FAULTS)("is told another denial all the same where the sink %s", async (_, record) => {
    const { heard, printed } = await seen(combine, record, { cerbos: denying() });
    expect([heard.map(({ code }) => code), printed.length]).toEqual([["policy_denied"], 1]);
  });

  it("is told once of a call that is on record", async () => {
    const { decision, printed, heard } = await seen(combine, memoryAudit().record);
    expect([decision.outcome, heard, printed.length]).toEqual(["allowed", [], 1]);
    expect(printed[0]).toMatch(/^allowed/);
  });
});

it("a sink that a program puts round others shows no allowance before the others have it, and shows that the call was refused", async () => {
  const wrap = (inner: AuditSink): AuditSink => ({
    record: (record) => inner.record(record),
    outcome: (outcome) => inner.outcome?.(outcome),
  });
  const { printed } = await seen(
    (...sinks) => wrap(auditTo(...sinks)),
    () => Promise.reject(full),
  );
  expect(printed.join("")).toMatch(/^send_payment: refused/);
});
