import { beforeAll, describe, expect, it } from "vitest";
import type { AuditSink } from "../audit/index.ts";
import type { Allowed, Denied } from "../decision/index.ts";
import { ARGUMENTS, NOW, never, PAY } from "../world.fixture.ts";
import type { Notes } from "./notes.ts";
import { ALICE, createScene, payment, type Scene, settled } from "./point.fixture.ts";
import { countStranger, recordDecision, takeBack } from "./record-decision.ts";

let scene: Scene;
let notes: Notes;
beforeAll(async () => {
  scene = await createScene();
  const caller = { user: ALICE, chain: scene.chain };
  notes = { received: ARGUMENTS, verified: true, caller, origins: [], verdicts: [], kept: ["to"] };
});

const verdicts = [{ hop: 0, kind: "user", id: "alice", effect: "allow", reasons: [] }] as const;
const decided = {
  invocation: "one",
  time: new Date(NOW * 1000).toISOString(),
  tool: "send_payment",
  timings: {},
  verdicts,
};
const allowed: Allowed = { ...decided, outcome: "allowed", arguments: ARGUMENTS };
const denied = { ...decided, outcome: "denied", code: "proof_missing", message: "no proof" } as unknown as Denied;

describe("the record of a decision", () => {
  it("has what was decided, of which call, at which enforcement point, and what it stood on", async () => {
    const { point, audit } = scene.point({ pdp: { version: "0.54" } });
    const shown = { items: 1, of: 2 };
    await recordDecision(
      allowed,
      { ...notes, parsed: { to: "Globex", amount: 1 }, shown },
      payment(scene.inSession),
      point,
    );
    expect(audit.records).toMatchObject([
      {
        invocation: "one",
        audience: PAY,
        via: "session",
        tool: "send_payment",
        outcome: "allowed",
        tokens: [{ agent: "planner" }, { agent: "researcher", handed: expect.stringContaining("amount") }],
        argumentsHash: { received: expect.any(String), parsed: expect.any(String) },
        arguments: { to: "Globex" },
        shown,
        pdp: { version: "0.54" },
      },
    ]);
  });

  it.each<[string, AuditSink["record"], string]>([
    [
      "throws",
      () => {
        throw new Error("full");
      },
      "full",
    ],
    ["rejects", () => Promise.reject(new Error("full")), "full"],
    ["does not answer", () => never, "no answer within 10 ms"],
  ])("is missed where the sink %s", async (_, record, says) => {
    const { point } = scene.point({ deadlineMs: 10, audit: { record } });
    await expect(recordDecision(allowed, notes, payment(scene.inSession), point)).rejects.toThrow(says);
  });
});

describe("an allowance whose record was missed", () => {
  it("is taken back, by the same name", async () => {
    const { point, audit } = scene.point();
    takeBack(decided, point);
    await settled();
    expect(audit.outcomes).toMatchObject([{ invocation: "one", audience: PAY, outcome: "refused", durationMs: 0 }]);
  });
});

describe("a stranger", () => {
  it("is counted, with the chain that they claim to be part of", async () => {
    const { point, audit } = scene.point();
    countStranger(denied, notes, point);
    countStranger(denied, { ...notes, caller: undefined as never }, point);
    await settled();
    expect(audit.records).toEqual([]);
    expect(audit.unverifiedSamples).toMatchObject([
      { code: "proof_missing", audience: PAY, chainId: scene.chain.id },
      {},
    ]);
    expect(audit.unverifiedSamples[1]).not.toHaveProperty("chainId");
  });
});

describe("a sink that fails beside a call", () => {
  const record: AuditSink["record"] = () => {};
  const fail = (): never => {
    throw new Error("full");
  };
  it.each<[string, AuditSink]>([
    ["throws", { record, outcome: fail, unverified: fail }],
    ["rejects", { record, outcome: async () => fail(), unverified: (async () => fail()) as never }],
    ["takes records alone", { record }],
  ])("breaks neither the answer nor the process where it %s", async (_, audit) => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown): void => void unhandled.push(reason);
    process.on("unhandledRejection", note);
    const { point } = scene.point({ audit });
    takeBack(decided, point);
    countStranger(denied, notes, point);
    await settled();
    process.off("unhandledRejection", note);
    expect(unhandled).toEqual([]);
  });
});
