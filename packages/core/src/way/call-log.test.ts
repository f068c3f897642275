import { beforeAll, describe, expect, it, vi } from "vitest";
import { jsonLinesAudit } from "../audit/index.ts";
import type { Stage } from "../codes.ts";
import type { Allowed } from "../decision/index.ts";
import { HopwiseError } from "../errors.ts";
import { type EndOfCall, NO_TELEMETRY, type WatchedCall } from "../telemetry/index.ts";
import { NOW } from "../world.fixture.ts";
import { beginLog } from "./call-log.ts";
import { BY_ALICE, createScene, decide, type Parts, payment, type Scene, settled } from "./point.fixture.ts";
import { settleTaken } from "./taken.ts";

let scene: Scene;
beforeAll(async () => {
  scene = await createScene();
});

const refusal = new HopwiseError("grant_tool_missing", "not handed over", { hop: 1 });

/** The log of a payment, and everything that telemetry was told. */
async function logOf(parts: Parts = {}, by: "user" | "proof" = "user") {
  const begun: WatchedCall[] = [];
  const ended: EndOfCall[] = [];
  const watch = {
    ...NO_TELEMETRY.begin({} as WatchedCall),
    end: (how: EndOfCall) => void ended.push(how),
  };
  const telemetry = {
    ...NO_TELEMETRY,
    begin: (call: WatchedCall) => {
      begun.push(call);
      return watch;
    },
  };
  const { point, audit } = scene.point({ telemetry, ...parts });
  const call = payment(by === "user" ? BY_ALICE : await scene.byProof(), { traceparent: "00-trace" });
  return { log: beginLog(call, point), point, call, audit, begun, ended };
}

describe("an allowed call", () => {
  it("says the same on record and in its answer, also of the time, however long the record took", async () => {
    let now = NOW * 1000;
    const { point, audit } = scene.point({ clock: () => (now += 1000) });
    const decision = await decide(payment(BY_ALICE), point);
    const [record] = audit.records;
    expect(decision).toMatchObject({ outcome: "allowed", time: record?.time, invocation: record?.invocation });
    expect(decision.timings.audit).toEqual(expect.any(Number));
    expect(record?.timings).not.toHaveProperty("audit");
  });
});

describe("a stage", () => {
  it("gives what it found, or its refusal, given or thrown", async () => {
    const { log } = await logOf();
    expect(await log.stage("token", () => 7)).toBe(7);
    expect(await log.stage("token", async () => undefined)).toBeUndefined();
    expect(await log.stage("token", () => refusal)).toBe(refusal);
    expect(
      await log.stage("token", () => {
        throw refusal;
      }),
    ).toBe(refusal);
    expect(await log.stage("token", () => Promise.reject(refusal))).toBe(refusal);
  });

  it.each<[Stage, string]>([
    ["arguments", "guard_failed"],
    ["token", "guard_failed"],
    ["agents", "registry_unavailable"],
    ["proof", "guard_failed"],
    ["state", "state_unavailable"],
    ["grant", "guard_failed"],
    ["context", "context_unavailable"],
    ["policy", "policy_unavailable"],
    ["audit", "audit_unavailable"],
  ])("%s makes of what is no refusal one of the code %s, which quotes nothing", async (name, code) => {
    const { log } = await logOf();
    for (const thrown of [new TypeError("hunter2"), "hunter2", undefined]) {
      const found = await log.stage(name, () => Promise.reject(thrown));
      expect(found).toMatchObject({ code });
      expect((found as Error).message).not.toContain("hunter2");
    }
  });

  it("is timed by its name, also where it is refused or fails, and twice where it runs twice", async () => {
    let now = 100;
    const time = vi.spyOn(performance, "now").mockImplementation(() => now);
    try {
      const { log } = await logOf();
      const takes =
        (ms: number, end: () => unknown = () => {}) =>
        async () => {
          now += ms;
          return end();
        };
      await log.stage("arguments", takes(1));
      await log.stage(
        "token",
        takes(10, () => refusal),
      );
      await log.stage("arguments", takes(2));
      await log.stage(
        "context",
        takes(100, () => {
          throw new Error("a mistake");
        }),
      );
      now += 1000;
      expect((await log.deny(refusal)).timings).toStrictEqual({ arguments: 3, token: 10, context: 100, total: 1113 });
    } finally {
      time.mockRestore();
    }
  });
});

describe("a denial", () => {
  it("of a caller who was verified is on record", async () => {
    const { log, audit, ended } = await logOf({}, "proof");
    log.note({ verified: true });
    const denied = await log.deny(refusal);
    expect(denied).toMatchObject({
      outcome: "denied",
      invocation: log.id,
      code: "grant_tool_missing",
      stage: "grant",
      hop: 1,
    });
    await settled();
    expect(audit.records[0]).not.toHaveProperty("context");
    expect(audit.records[0]).not.toHaveProperty("arguments");
    expect(audit.records).toMatchObject([
      { invocation: log.id, outcome: "denied", code: "grant_tool_missing", via: "proof", verdicts: [] },
    ]);
    expect(audit.unverifiedSamples).toEqual([]);
    expect(ended).toEqual([{ decision: denied, verified: true, shown: undefined }]);
  });

  it("of a stranger is counted, and never written", async () => {
    const { log, audit, ended } = await logOf({}, "proof");
    const denied = await log.deny(refusal);
    await settled();
    expect(audit.records).toEqual([]);
    expect(audit.unverifiedSamples).toMatchObject([{ invocation: log.id, code: "grant_tool_missing" }]);
    expect(ended).toEqual([{ decision: denied, verified: false, shown: undefined }]);
  });

  it.each(["user", "session"] as const)(
    "of a %s is on record from the beginning: they were verified before",
    async (via) => {
      const { point, audit } = scene.point();
      await beginLog(payment(via === "user" ? BY_ALICE : scene.inSession), point).deny(refusal);
      expect(audit.records).toMatchObject([{ via, outcome: "denied" }]);
    },
  );

  it.each<[string, Parts["audit"] & object]>([
    [
      "fails",
      {
        record: () => Promise.reject(new Error("full")),
        unverified: () => {
          throw new Error("full");
        },
      },
    ],
    [
      "throws",
      {
        record: () => {
          throw new Error("full");
        },
      },
    ],
  ])("stands where the sink %s", async (_, audit) => {
    for (const by of ["user", "proof"] as const) {
      const { log, ended } = await logOf({ audit }, by);
      expect(await log.deny(refusal)).toMatchObject({ code: "grant_tool_missing" });
      expect(ended).toHaveLength(1);
    }
  });

  it("says the tool's name with what moves a cursor written out, and when it was", async () => {
    const { point } = scene.point();
    const denied = await beginLog(payment(BY_ALICE, { tool: "a\n\u001b[31mtool" }), point).deny(refusal);
    expect(denied).toMatchObject({ tool: "a\\u000a\\u001b[31mtool", time: new Date(NOW * 1000).toISOString() });
  });

  it("is given where the clock is what failed", async () => {
    const { point, audit } = scene.point({ clock: () => Number.NaN });
    const denied = await decide(payment(BY_ALICE), point);
    expect(denied).toMatchObject({ code: "state_unavailable", retryable: true, time: expect.stringMatching(/Z$/) });
    expect(audit.records).toMatchObject([{ code: "state_unavailable" }]);
  });
});

describe("an allowance", () => {
  it("is given once it is on record, with what was noted", async () => {
    const { log, audit, ended } = await logOf();
    log.note({ received: { id: 1 } });
    log.note({ parsed: { id: 2 }, shown: { items: 1, of: 3 } });
    const obligations = { redact: ["/iban"], limit: {} };
    const allowed = await log.allow({ projected: true, obligations });
    expect(allowed).toMatchObject({
      outcome: "allowed",
      invocation: log.id,
      arguments: { id: 2 },
      projected: true,
      obligations,
    });
    expect(allowed.timings).toHaveProperty("audit");
    expect(audit.records).toMatchObject([{ outcome: "allowed", obligations, shown: { items: 1, of: 3 } }]);
    expect(audit.outcomes).toEqual([]);
    expect(ended).toEqual([{ decision: allowed, verified: true, shown: { items: 1, of: 3 } }]);
  });

  it.each<[string, () => Promise<never>, string]>([
    ["fails", () => Promise.reject(new Error("full")), "the audit sink failed"],
    ["is late", () => new Promise(() => {}), "no answer within 10 ms"],
  ])("is taken back where its record %s, since a slow disk may still write it", async (_, record, why) => {
    const outcomes: unknown[] = [];
    const audit = { record, outcome: (it: unknown) => void outcomes.push(it) };
    const { log, ended } = await logOf({ audit, deadlineMs: 10 });
    const denied = await log.allow();
    expect(denied).toMatchObject({ outcome: "denied", code: "audit_unavailable", stage: "audit", retryable: true });
    expect(denied).toMatchObject({ invocation: log.id, tool: "send_payment", timings: { audit: expect.any(Number) } });
    expect(denied).toHaveProperty("message", `the decision could not be recorded, so the call may not run: ${why}`);
    await settled();
    expect(outcomes).toMatchObject([{ invocation: log.id, outcome: "refused" }]);
    expect(ended).toMatchObject([{ decision: { code: "audit_unavailable" } }]);
  });
});

describe("what a call took", () => {
  const taking = () => {
    const settledAs: string[] = [];
    return { settledAs, taken: { left: undefined, settle: (how: string) => void settledAs.push(how) } };
  };

  it("is given back where it is denied, or its allowance could not be recorded", async () => {
    const denied = taking();
    await (await logOf()).log.deny(refusal, denied.taken);
    const unrecorded = taking();
    const { log } = await logOf({ audit: { record: () => Promise.reject(new Error("full")) } });
    expect(await log.allow({ taken: unrecorded.taken })).toMatchObject({ code: "audit_unavailable" });
    expect([denied.settledAs, unrecorded.settledAs]).toEqual([["nothing_happened"], ["nothing_happened"]]);
  });

  it("stays taken where it is allowed, until it is reported what came of it", async () => {
    const { settledAs, taken } = taking();
    const allowed = await (await logOf()).log.allow({ taken });
    expect(settledAs).toEqual([]);
    settleTaken(allowed as Allowed, false);
    expect(settledAs).toEqual(["spent"]);
  });
});

it("says in a denial why no record could be written, where Hopwise itself said it", async () => {
  const full = jsonLinesAudit({
    write: (_, done) => done(Object.assign(new Error("ENOSPC: full"), { code: "ENOSPC" })),
  });
  const { log } = await logOf({ audit: full });
  expect(await log.allow()).toMatchObject({
    code: "audit_unavailable",
    message: expect.stringMatching(/^the decision could not be recorded, so .*failed: ENOSPC: full; no call runs/),
  });
});

describe("telemetry", () => {
  it("sees by what error a decision could not be recorded, whose text the denial does not quote", async () => {
    const seen: unknown[] = [];
    const unwatched = NO_TELEMETRY.begin({} as WatchedCall);
    const stage: typeof unwatched.stage = async (name, run) => {
      const given = await unwatched.stage(name, run);
      seen.push(given);
      return given;
    };
    const telemetry = { ...NO_TELEMETRY, begin: () => ({ ...unwatched, stage }) };
    const { log } = await logOf({ telemetry, audit: { record: () => Promise.reject(new Error("hunter2")) } });
    expect(JSON.stringify(await log.allow())).not.toContain("hunter2");
    expect(seen).toMatchObject([{ code: "audit_unavailable", cause: new Error("hunter2") }]);
  });

  it("hears that a call began, by whom, and of which trace", async () => {
    const { log, begun } = await logOf();
    expect(begun).toEqual([
      { invocation: log.id, tool: "send_payment", via: "user", named: true, traceparent: "00-trace" },
    ]);
  });

  it.each([
    ["send_payment", true],
    ["mcp:resources/read", true],
    ["mcp:tools/list", true],
    ["constructor", false],
    ["a stranger's text", false],
  ])("is told whether the name of a tool is one of ours: %s", (tool, named) => {
    const begin = vi.fn(NO_TELEMETRY.begin);
    const { point } = scene.point({ telemetry: { ...NO_TELEMETRY, begin } });
    beginLog(payment(BY_ALICE, { tool }), point);
    expect(begin).toHaveBeenCalledWith(expect.objectContaining({ tool, named }));
  });
});

it("gives every call a name of its own", async () => {
  const { log, point, call } = await logOf();
  expect(beginLog(call, point).id).not.toBe(log.id);
});
