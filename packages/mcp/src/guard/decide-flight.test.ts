import type { Decision } from "@hopwise/core";
import { describe, expect, it } from "vitest";
import { operationOf } from "../protocol/index.ts";
import { begins, decideFlight, decideOrRefuse } from "./decide-flight.ts";
import type { Flight, Flights } from "./flights.ts";
import { type Answers, allowed, CALL, createStand, denied, request } from "./guard.fixture.ts";
import { noteListed } from "./server-lists.ts";

/** A request that was admitted, unless `admit` denies it. */
async function flying(answers: Answers = {}, method = "tools/call") {
  const stand = createStand(answers);
  const call = request(7, method, CALL);
  const flight = stand.guard.flights.begin(call, operationOf(call));
  const admission = await stand.guard.authorizer.admit({ tool: "pay", credential: undefined });
  if (admission.outcome === "admitted") flight.admission = admission;
  stand.asked.length = 0;
  return { ...stand, flight };
}

const FAILED = { outcome: "failed", nothingHappened: true };
const obligations = { redact: ["/iban"], limit: {} };

describe("the decision about a request", () => {
  it("is on what the schema made of its arguments, and says that obligations are done", async () => {
    const { guard, flight, asked } = await flying();
    const decision = await decideFlight(guard, flight, { to: "Globex" });
    expect(asked).toEqual([["decide", { parsed: { to: "Globex" }, fulfils: true, filters: true }]]);
    expect(flight.decision).toBe(decision);
    expect(guard.owed).toBe(false);
  });

  it("is also on what the server lists of the tool's result, by which that is then changed", async () => {
    const outputSchema = { type: "object" };
    const { guard, flight, asked } = await flying();
    await decideOrRefuse(guard, flight, {}, () => ({ outputSchema }));
    expect(asked).toEqual([["decide", { parsed: {}, fulfils: true, filters: true, outputSchema }]]);
    expect(flight.outputSchema).toBe(outputSchema);
  });

  it("is on what callers were told of the result, where the tool's wrapper does not say", async () => {
    const outputSchema = { type: "object" };
    const { guard, flight, asked } = await flying();
    noteListed(guard.listed, {
      jsonrpc: "2.0",
      id: 1,
      result: { tools: [{ name: "pay", outputSchema }, { name: "x" }] },
    });
    await decideOrRefuse(guard, flight, {});
    await decideOrRefuse(guard, flight, {}, () => ({ outputSchema: null }));
    expect(asked.map(([, call]) => (call as { outputSchema?: unknown }).outputSchema)).toEqual([outputSchema, null]);
  });

  it.each<[string, () => Promise<never>]>([
    ["fails", () => Promise.reject(new Error("hunter2"))],
    [
      "fails at once",
      () => {
        throw new Error("hunter2");
      },
    ],
    ["never answers", () => new Promise(() => {})],
  ])("knows nothing of results, and its host hears of it, where the wrapper's function %s", async (_, announced) => {
    const { guard, flight, asked, faults } = await flying();
    const inputSchema = { type: "object" };
    noteListed(guard.listed, { jsonrpc: "2.0", id: 1, result: { tools: [{ name: "pay", inputSchema }] } });
    expect(await decideOrRefuse(guard, flight, {}, announced)).toMatchObject({ outcome: "allowed" });
    expect(asked).toEqual([["decide", { parsed: {}, inputSchema, fulfils: true, filters: true, outputSchema: null }]]);
    expect(faults.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^the function that says what is announced gave no answer in time, .*what "pay" announces/),
    ]);
    expect(faults[0]?.message).not.toContain("hunter2");
  });

  it("is on the arguments that callers were told of, else on those of which the tool's wrapper knows", async () => {
    const [told, known] = [{ type: "object" }, { type: "object", properties: {} }];
    const { guard, flight, asked } = await flying();
    await decideOrRefuse(guard, flight, {}, () => ({ inputSchema: known }));
    noteListed(guard.listed, { jsonrpc: "2.0", id: 1, result: { tools: [{ name: "pay", inputSchema: told }] } });
    await decideOrRefuse(guard, flight, {}, () => ({ inputSchema: known }));
    expect(asked.map(([, call]) => (call as { inputSchema?: unknown }).inputSchema)).toEqual([known, told]);
  });

  it("is none where the request was not admitted", async () => {
    const { guard, flight, asked } = await flying({ admit: async () => denied() });
    await expect(decideFlight(guard, flight, {})).rejects.toThrow("was not admitted");
    expect(asked).toEqual([]);
  });

  it("that obliges to change the result is remembered for as long as the transport lives", async () => {
    const decisions = [allowed(), allowed({ obligations }), allowed()];
    const { guard, flight } = await flying({ decide: async () => decisions.shift() ?? denied() });
    const owed: boolean[] = [];
    for (let i = 0; i < 4; i++) {
      await decideFlight(guard, flight, {});
      owed.push(guard.owed);
    }
    expect(owed).toEqual([false, true, true, true]);
  });

  it.each<readonly [string, Decision, (flight: Flight, flights: Flights) => unknown, boolean, readonly unknown[]]>([
    ["its caller waits", allowed(), () => {}, true, []],
    [
      "its caller left",
      allowed(),
      (flight, { leave }) => leave(flight),
      false,
      [{ outcome: "withdrawn", nothingHappened: true }],
    ],
    ["it was answered", allowed(), (flight, { end }) => end(flight), false, [FAILED]],
    ["its server answers just now", allowed(), (flight) => Object.assign(flight, { answered: true }), false, [FAILED]],
    ["its caller left, and it was denied", denied(), (flight, { leave }) => leave(flight), false, []],
  ])("lets nothing begin too late, and gives back what it took: %s", async (_, decision, then, may, outcomes) => {
    const stand = await flying({ decide: async () => decision });
    then(stand.flight, stand.guard.flights);
    await decideFlight(stand.guard, stand.flight, {});
    expect(stand.outcomes).toEqual([]);
    expect(begins(stand.guard, stand.flight)).toBe(may);
    expect(stand.outcomes).toEqual(outcomes);
  });
});

describe("the decision that a tool's wrapper asks for", () => {
  it("is the same where nothing fails", async () => {
    const decision = allowed();
    const { guard, flight, faults } = await flying({ decide: async () => decision });
    expect(await decideOrRefuse(guard, flight, {})).toBe(decision);
    expect(faults).toEqual([]);
  });

  it("is a denial on record where the authorizer fails, and the host alone learns why", async () => {
    const fault = new RangeError("hunter2");
    const { guard, flight, asked, faults } = await flying({ decide: () => Promise.reject(fault) });
    const decision = await decideOrRefuse(guard, flight, {});
    expect(decision).toMatchObject({ outcome: "denied", code: "guard_failed" });
    expect(flight.decision).toBe(decision);
    expect(asked.at(-1)).toEqual([
      "refuse",
      { tool: "pay" },
      { code: "guard_failed", message: "the guard of the transport failed" },
    ]);
    expect(faults).toEqual([fault]);
  });

  it("is a denial of no tool in particular where the request names none", async () => {
    const { guard, flight, asked } = await flying({ decide: () => Promise.reject(new Error("away")) }, "ping");
    await decideOrRefuse(guard, flight, {});
    expect(asked.at(-1)?.[1]).toEqual({ tool: "" });
  });

  it("that comes a second time takes back nothing of the first, which may oblige to change the result", async () => {
    const decisions = [allowed({ obligations })];
    const { guard, flight } = await flying({
      decide: async () => {
        const [first] = decisions.splice(0);
        if (first === undefined) throw new Error("an admission ends once");
        return first;
      },
    });
    const first = await decideOrRefuse(guard, flight, {});
    expect(await decideOrRefuse(guard, flight, {})).toMatchObject({ outcome: "denied", code: "guard_failed" });
    expect(flight.decision).toBe(first);
    expect(flight.decision).toMatchObject({ outcome: "allowed", obligations });
  });
});
