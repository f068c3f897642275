import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import type { Outcome } from "../audit/index.ts";
import type { Allowed } from "../decision/index.ts";
import { sampleDecision } from "../testing/index.ts";
import { keepTaken } from "../way/taken.ts";
import { beginRun, runCall } from "./run-call.ts";
import { caller, nothingHappened } from "./running-call.ts";

const ALICE = { tenant: "acme" } as Allowed["caller"];
const REDACT = { redact: ["/iban"], limit: {} };

function scene(part: Partial<Allowed> = {}) {
  const outcomes: Outcome[] = [];
  const authorizer = { report: async (_: Allowed, outcome: Outcome) => void outcomes.push(outcome) };
  const allowed = { ...sampleDecision(), outcome: "allowed", arguments: { id: "INV-7" }, caller: ALICE, ...part };
  return { outcomes, authorizer, decision: keepTaken(allowed as Allowed, undefined) };
}

describe("an allowed call", () => {
  it("runs with the arguments that were decided, for its caller, and is on record with its result", async () => {
    const { authorizer, decision, outcomes } = scene();
    const seen: unknown[] = [];
    const shown = await runCall(authorizer, decision, async (args) => {
      await Promise.resolve();
      seen.push(args, caller());
      return "read";
    });
    expect([shown, ...seen]).toEqual(["read", { id: "INV-7" }, ALICE]);
    expect(outcomes).toEqual([{ outcome: "returned", result: "read", redacted: [] }]);
  });

  it("is not kept by its signal once it has ended: a program may have that for as long as it runs", async () => {
    const { signal } = new AbortController();
    for (const run of [() => "read", () => Promise.reject(new Error("down"))]) {
      const { authorizer, decision } = scene();
      await runCall(authorizer, decision, run, { signal }).catch(() => {});
      expect(getEventListeners(signal, "abort")).toEqual([]);
    }
  });

  it("shows its result as the policies oblige to", async () => {
    const { authorizer, decision, outcomes } = scene({ obligations: REDACT });
    expect(await runCall(authorizer, decision, () => ({ id: "INV-7", iban: "DE89" }))).toEqual({
      id: "INV-7",
      iban: "[redacted]",
    });
    expect(outcomes).toMatchObject([{ outcome: "returned", redacted: ["/iban"] }]);
  });

  it("shows nothing of a result that cannot be changed so: it says that the tool ran, and so does the record", async () => {
    const { authorizer, decision, outcomes } = scene({ obligations: REDACT });
    await expect(runCall(authorizer, decision, () => "the IBAN is DE89")).rejects.toMatchObject({
      code: "result_withheld",
      message: expect.not.stringContaining("DE89"),
    });
    expect(outcomes).toEqual([{ outcome: "returned", result: "the IBAN is DE89", withheld: true }]);
  });

  it("shows no rows that nobody checked", async () => {
    const filter = { kind: "invoice", applied: undefined, take() {}, check() {}, fail() {}, leaveOut() {} };
    const { authorizer, decision } = scene({ filter: filter as never });
    await expect(runCall(authorizer, decision, () => ["row"])).rejects.toMatchObject({ code: "filter_unapplied" });
  });

  it.each<[string, unknown]>([
    ["an error", new Error("of DE89")],
    ["undefined", undefined],
  ])(
    "that throws %s throws that on, but where the policies change its results: that may quote them",
    async (_, thrown) => {
      const fail = (): never => {
        throw thrown;
      };
      const free = scene();
      expect(await runCall(free.authorizer, free.decision, fail).catch((error: unknown) => [error])).toEqual([thrown]);
      const bound = scene({ obligations: REDACT });
      await expect(runCall(bound.authorizer, bound.decision, fail)).rejects.toThrow(/^The tool failed\.$/);
      expect([free.outcomes, bound.outcomes]).toEqual([[{ outcome: "failed" }], [{ outcome: "failed" }]]);
    },
  );

  it("is withdrawn where nobody waits any more, and what came of the tool afterwards changes nothing", async () => {
    const { authorizer, decision, outcomes } = scene();
    const left = new AbortController();
    await runCall(
      authorizer,
      decision,
      async () => {
        left.abort();
        return "late";
      },
      { signal: left.signal },
    );
    expect(outcomes).toEqual([{ outcome: "withdrawn" }]);
  });

  it("does not begin where nobody waits for it: what it took is given back", async () => {
    const { authorizer, decision, outcomes } = scene();
    const run = runCall(authorizer, decision, () => expect.unreachable(), { signal: AbortSignal.abort("gone") });
    await expect(run).rejects.toBe("gone");
    expect(outcomes).toEqual([{ outcome: "withdrawn", nothingHappened: true }]);
  });

  it("runs once: a second run would be a call that nobody decided", async () => {
    const { authorizer, decision } = scene();
    await runCall(authorizer, decision, () => nothingHappened());
    await expect(runCall(authorizer, decision, () => expect.unreachable())).rejects.toMatchObject({
      code: "config_invalid",
      message: "runCall: decision must be one that did not run yet: decide each call anew; got an object",
    });
  });

  it("is no copy of it: that would be another run, and its outcome another one", async () => {
    const { authorizer, decision, outcomes } = scene();
    for (const copy of [{ ...decision }, structuredClone(decision), JSON.parse(JSON.stringify(decision))]) {
      await expect(runCall(authorizer, copy, () => expect.unreachable())).rejects.toMatchObject({
        code: "config_invalid",
        pointer: "/decision",
        message: expect.stringContaining("a copy of it, as by a spread or JSON, is nobody's"),
      });
    }
    expect(outcomes).toEqual([]);
  });

  it("that is run in a way that cannot be right does not begin, and gives back what it took", async () => {
    for (const options of [{ signal: {} }, { outputSchema: 5 }, { nonsense: 1 }, null, 5]) {
      const { authorizer, decision, outcomes } = scene();
      const run = runCall(authorizer, decision, () => expect.unreachable(), options as never);
      await expect(run).rejects.toMatchObject({ code: "config_invalid" });
      expect(outcomes).toEqual([{ outcome: "failed", nothingHappened: true }]);
      // What it took is not there any more: who mends their mistake has it decided anew.
      await expect(runCall(authorizer, decision, () => expect.unreachable())).rejects.toThrow(/did not run yet/);
    }
  });

  it("is on record although whoever hears of its end fails, and then it has no caller any more", async () => {
    const { authorizer, decision, outcomes } = scene();
    const run = beginRun(authorizer, decision, {
      onEnd: () => {
        throw new Error("down");
      },
    });
    run.begins();
    run.withdrawn();
    expect(outcomes).toEqual([{ outcome: "withdrawn" }]);
    expect(run.within(() => caller())).toBeUndefined();
  });

  it("is begun of a decision that allows it, once", async () => {
    const { authorizer, decision } = scene();
    const begin = (of: unknown) => () => beginRun(authorizer, of as never);
    for (const odd of [undefined, null, {}, { outcome: "denied" }]) expect(begin(odd)).toThrow(/^beginRun: decision/);
    begin(decision)();
    expect(begin(decision)).toThrow(/did not run yet/);
    expect(() => beginRun(authorizer, scene().decision, null as never)).toThrow(/^beginRun: options must be/);
  });

  it("runs with what its schema made, where a projection was decided on in its place", async () => {
    const { authorizer, decision } = scene({ projected: true });
    await expect(runCall(authorizer, decision, () => expect.unreachable())).rejects.toThrow(/parsed is missing/);
    const parsed = { at: new Date(0) };
    const another = scene({ projected: true });
    const run = runCall(another.authorizer, another.decision, (args) => args["at"], { parsed });
    expect(await run).toBe(parsed.at);
  });
});
