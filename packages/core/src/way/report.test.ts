import { beforeAll, describe, expect, it } from "vitest";
import type { AuditSink, Outcome } from "../audit/index.ts";
import type { Allowed } from "../decision/index.ts";
import { NO_TELEMETRY } from "../telemetry/index.ts";
import { errorOf, NOW, PAY } from "../world.fixture.ts";
import { createScene, type Scene } from "./point.fixture.ts";
import { reporter } from "./report.ts";
import { keepTaken } from "./taken.ts";

let scene: Scene;
beforeAll(async () => {
  scene = await createScene();
});

const allowed = keepTaken(
  {
    outcome: "allowed",
    invocation: "one",
    tool: "send_payment",
    time: new Date(NOW * 1000 - 50).toISOString(),
  } as Allowed,
  undefined,
);
const returned: Outcome = { outcome: "returned", result: { paid: true }, redacted: ["/iban"] };

describe("what came of an allowed call", () => {
  it("is written down as the outcome of that call, at this enforcement point, and telemetry hears of it", async () => {
    const told: unknown[] = [];
    const telemetry = { ...NO_TELEMETRY, report: (...what: unknown[]) => told.push(what) };
    const { point, audit } = scene.point({ telemetry });
    await reporter(point)(allowed, returned);
    expect(audit.outcomes).toMatchObject([
      {
        invocation: "one",
        tool: "send_payment",
        audience: PAY,
        outcome: "returned",
        redacted: ["/iban"],
        durationMs: 50,
      },
    ]);
    expect(told).toEqual([[allowed, returned]]);
  });

  it.each<[what: string, decision: unknown, outcome: unknown, pointer: string]>([
    ["a spread of the decision", { ...allowed }, returned, "/decision"],
    ["a clone of it", structuredClone(allowed), returned, "/decision"],
    ["what JSON made of it", JSON.parse(JSON.stringify(allowed)), returned, "/decision"],
    ["a denial", { ...allowed, outcome: "denied" }, returned, "/decision"],
    ["no decision", undefined, returned, "/decision"],
    ["a text", "allowed", returned, "/decision"],
    ["no outcome", allowed, undefined, "/outcome"],
    ["an outcome without its word", allowed, {}, "/outcome/outcome"],
    ["an end that nobody knows", allowed, { outcome: "nonsense" }, "/outcome/outcome"],
  ])("is refused for %s: one decision has one outcome", async (_, decision, outcome, pointer) => {
    const { point, audit } = scene.point();
    const report = reporter(point) as (decision: unknown, outcome: unknown) => Promise<void>;
    expect(await errorOf(report(decision, outcome))).toMatchObject({
      code: "config_invalid",
      message: expect.stringMatching(/^report: (decision|outcome)/),
      pointer,
    });
    expect(audit.outcomes).toEqual([]);
  });

  it("is written once, whoever says it again", async () => {
    const { point, audit } = scene.point();
    const report = reporter(point);
    await Promise.all([report(allowed, returned), report(allowed, returned)]);
    await report(allowed, { outcome: "failed" });
    expect(audit.outcomes.map(({ outcome }) => outcome)).toEqual(["returned"]);
  });

  it("is not waited for longer than the deadline", async () => {
    const { point } = scene.point({ deadlineMs: 20 });
    const audit: AuditSink = { ...point.audit, outcome: () => new Promise(() => {}) };
    await expect(reporter({ ...point, audit })(allowed, returned)).resolves.toBeUndefined();
  });

  it.each<[string, () => number]>([
    ["gives no time", () => Number.NaN],
    ["gives a time beyond all dates", () => 1e300],
    [
      "throws",
      () => {
        throw new Error("no clock");
      },
    ],
  ])("is written down also where the clock %s by then", async (_, clock) => {
    const { point, audit } = scene.point({ clock });
    await reporter({ ...point, clock })(allowed, returned);
    expect(audit.outcomes).toMatchObject([
      { invocation: "one", outcome: "returned", time: expect.stringMatching(/^20/) },
    ]);
    expect(Number.isFinite(audit.outcomes[0]?.durationMs)).toBe(true);
  });

  it.each<[string, Partial<AuditSink>]>([
    [
      "throws",
      {
        outcome: () => {
          throw new Error("full");
        },
      },
    ],
    ["rejects", { outcome: () => Promise.reject(new Error("full")) }],
    ["takes no outcomes", {}],
  ])("denies nothing any more where the sink %s: the tool has run", async (_, sink) => {
    const { point } = scene.point();
    const audit: AuditSink = { record: point.audit.record, ...sink };
    await expect(reporter({ ...point, audit })(allowed, returned)).resolves.toBeUndefined();
  });
});
