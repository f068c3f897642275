import { describe, expect, it } from "vitest";
import type { Allowed, Denied } from "../decision/index.ts";
import { auditSinkContract } from "../testing/audit-contract.ts";
import { createCompany } from "../testing/index.ts";
import { sampleDecision, sampleOutcome } from "../testing/samples.ts";
import { errorOf } from "../world.fixture.ts";
import { auditTo } from "./audit-to.ts";
import type { AuditSink, UnverifiedAttempt } from "./record.ts";
import { memoryAudit } from "./sinks.ts";

const fail = (): never => {
  throw new Error("no room");
};
const attempt: UnverifiedAttempt = {
  invocation: "inv",
  time: "2025-10-09T08:53:20.000Z",
  audience: "https://pay.acme.example/mcp",
  tool: "send_payment",
  code: "proof_missing",
  message: "m",
};

describe("several sinks as one", () => {
  it("each get everything", async () => {
    const [one, other] = [memoryAudit(), memoryAudit()];
    const audit = auditTo(one, other);
    await audit.record(sampleDecision());
    await audit.outcome?.(sampleOutcome());
    audit.unverified?.(attempt);
    for (const sink of [one, other])
      expect([sink.records, sink.outcomes, sink.unverifiedSamples]).toEqual([
        [sampleDecision()],
        [sampleOutcome()],
        [attempt],
      ]);
  });

  it.each<[string, AuditSink["record"]]>([
    ["throws", fail],
    ["rejects", async () => fail()],
  ])("have not written a record where one of them %s, in whichever place: the call does not run", async (_, record) => {
    const orders: readonly (readonly [AuditSink, AuditSink])[] = [
      [{ record }, memoryAudit()],
      [memoryAudit(), { record }],
    ];
    for (const order of orders) await expect(auditTo(...order).record(sampleDecision())).rejects.toThrow("no room");
  });

  it.each<[string, AuditSink["record"], readonly string[]]>([
    ["is written", () => {}, ["allowed", "denied"]],
    ["cannot be written", fail, ["denied"]],
  ])("show each decision once: a denial whatever became of it, an allowance once it %s", async (_, record, shown) => {
    for (const place of [0, 1]) {
      const told: string[] = [];
      const screen: AuditSink = { keeps: false, record: ({ outcome }) => void told.push(outcome) };
      const audit = place === 0 ? auditTo(screen, { record }) : auditTo({ record }, screen);
      for (const outcome of ["allowed", "denied"] as const) {
        await Promise.resolve(audit.record({ ...sampleDecision(), outcome })).catch(() => {});
      }
      expect(told).toEqual(shown);
    }
  });

  it("are waited for, all of them", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    let isDone = false;
    const written = Promise.resolve(auditTo(memoryAudit(), { record: () => promise }).record(sampleDecision())).then(
      () => {
        isDone = true;
      },
    );
    await new Promise((later) => setImmediate(later));
    expect(isDone).toBe(false);
    resolve();
    await written;
  });

  it("hear of outcomes and of strangers whatever becomes of that in another, and one need not take them", async () => {
    const last = memoryAudit();
    const broken: AuditSink = { record: () => {}, outcome: fail, unverified: fail };
    const audit = auditTo(broken, { record: () => {} }, last);
    await expect(audit.outcome?.(sampleOutcome())).rejects.toThrow("no room");
    audit.unverified?.(attempt);
    await new Promise((later) => setImmediate(later));
    expect([last.outcomes, last.unverifiedSamples]).toEqual([[sampleOutcome()], [attempt]]);
  });

  it("are asked once, when they are taken, whether they keep records; one that fails then is no sink", async () => {
    let asked = 0;
    const told: string[] = [];
    const once: AuditSink = {
      get keeps(): false {
        if (asked++ > 0) fail();
        return false;
      },
      record: ({ outcome }) => void told.push(outcome),
    };
    const audit = auditTo(memoryAudit(), once);
    for (let i = 0; i < 2; i++) await audit.record(sampleDecision());
    expect(told).toHaveLength(2);
    const never = {
      get keeps(): false {
        return fail();
      },
      record: () => {},
    };
    const company = await createCompany();
    for (const take of [() => auditTo(memoryAudit(), never), () => company.authorizer({ audit: never })]) {
      expect((await errorOf(take)).code).toBe("config_invalid");
    }
  });

  it.each(auditSinkContract.map(({ title, run }) => [title, run] as const))("keep their promise: %s", (_, run) =>
    run(() => {
      const [one, other] = [memoryAudit(), memoryAudit()];
      let isBroken = false;
      const breaking: AuditSink = {
        ...other,
        record: (record) => (isBroken ? fail() : other.record(record)),
        health: () => ({ ok: !isBroken }),
      };
      return {
        sink: auditTo(one, breaking),
        kept: () => [...other.records, ...other.outcomes],
        break: () => {
          isBroken = true;
        },
      };
    }),
  );
});

it("no sink changes what another one keeps, of whatever it is told", async () => {
  const company = await createCompany();
  const chain = await company.chain("alice", "planner");
  const kept = memoryAudit();
  const threw: unknown[] = [];
  /** Takes out of each object what it can. */
  const emptied = (told: object): void => {
    for (const [name, value] of Object.entries(told)) {
      if (typeof value === "object" && value !== null) emptied(value);
      try {
        Reflect.set(told, name, "changed");
        delete (told as { [name: string]: unknown })[name];
      } catch (error) {
        threw.push(error);
      }
    }
  };
  const screen: AuditSink = { keeps: false, record: emptied, outcome: emptied, unverified: emptied };
  const authorizer = company.authorizer({ audit: auditTo(screen, kept) });
  const allowed = await authorizer.call(chain, "send_payment", { to: "ACME" });
  const denied = await authorizer.call(chain, "no_such_tool", {});
  await authorizer.report(allowed as Allowed, { outcome: "returned", result: "paid" });
  await authorizer.authorize({ tool: "send_payment", arguments: {}, credential: { chain: "x", proof: "y" } } as never);
  expect(threw.length).toBeGreaterThan(20);
  expect(kept.records).toMatchObject([
    {
      tool: "send_payment",
      outcome: "allowed",
      chain: allowed.chain,
      verdicts: [{ id: "alice" }, { id: "agent:planner" }],
    },
    { tool: "no_such_tool", outcome: "denied", code: (denied as Denied).code, tokens: [{ agent: "planner" }] },
  ]);
  expect(kept.outcomes).toMatchObject([{ outcome: "returned", tool: "send_payment" }]);
  expect(kept.unverifiedSamples).toMatchObject([{ tool: "send_payment" }]);
});
