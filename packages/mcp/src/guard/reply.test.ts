import { describe, expect, it } from "vitest";
import { notRunOf, operationOf } from "../protocol/index.ts";
import {
  type Answers,
  allowed,
  CALL,
  codesIn,
  createStand,
  denied,
  PENDING,
  request,
  settled,
} from "./guard.fixture.ts";
import { deny, fail, reply } from "./reply.ts";

async function flying(answers: Answers = {}, method = "tools/call", admitted = true, params: object = CALL) {
  const stand = createStand(answers);
  const call = request("own", method, params as typeof CALL);
  const flight = stand.guard.flights.begin(call, operationOf(call));
  const admission = await stand.guard.authorizer.admit({ tool: "pay", credential: undefined });
  if (admitted && admission.outcome === "admitted") flight.admission = admission;
  stand.asked.length = 0;
  return { ...stand, flight };
}

const result = { content: [{ type: "text", text: "paid" }] };
describe("an answer of the server", () => {
  it("reaches its caller under the caller's own id, on the stream of that request, once", async () => {
    const { guard, flight, sent } = await flying();
    flight.decision = allowed();
    const answer = { jsonrpc: "2.0", id: flight.id, result } as const;
    await Promise.all([reply(guard, answer), reply(guard, answer)]);
    await reply(guard, answer);
    expect(sent).toEqual([{ message: { jsonrpc: "2.0", id: "own", result }, options: { relatedRequestId: "own" } }]);
  });

  it("says of which type it is where its request is of a newer version of MCP, also where it was denied or changed", async () => {
    const newer = { ...CALL, _meta: { "io.modelcontextprotocol/protocolVersion": "2026-07-28" } };
    const obligations = { redact: ["/iban"], limit: {} };
    const json = { content: [{ type: "text", text: '{"iban":1}' }], resultType: "complete" };
    for (const [decision, given, type] of [
      [allowed(), result, "complete"],
      [allowed(), { resultType: "input_required" }, "input_required"],
      [denied(), result, "complete"],
      [allowed({ obligations }), json, "complete"],
    ] as const) {
      const { guard, flight, sent } = await flying({}, "tools/call", true, newer);
      flight.decision = decision;
      await reply(guard, { jsonrpc: "2.0", id: flight.id, result: given });
      expect(sent[0]?.message.result).toMatchObject({ resultType: type });
      const older = await flying();
      older.flight.decision = denied();
      await reply(older.guard, { jsonrpc: "2.0", id: older.flight.id, result });
      expect(older.sent[0]?.message.result).not.toHaveProperty("resultType");
    }
  });

  it.each([
    ["a list", "tools/list", { tools: [], ttlMs: 900, cacheScope: "public" }, {}],
    ["a resource", "resources/read", { contents: [], ttlMs: 900, cacheScope: "public" }, {}],
    ["a resource of a server that says how long alone", "resources/read", { contents: [], ttlMs: 900 }, {}],
    [
      "a resource that policies changed",
      "resources/read",
      { contents: [{ uri: "x:1", text: '{"iban":1}' }], ttlMs: 900, cacheScope: "public" },
      { obligations: { redact: ["/iban"], limit: {} } },
    ],
  ])("is kept by no cache, whatever its server says: %s", async (_, method, given, changed) => {
    const newer = { uri: "x:1", _meta: { "io.modelcontextprotocol/protocolVersion": "2026-07-28" } };
    const { guard, flight, sent } = await flying({}, method, true, newer);
    flight.decision = allowed(changed);
    await reply(guard, { jsonrpc: "2.0", id: flight.id, result: given });
    expect(sent[0]?.message.result).toMatchObject({ resultType: "complete", cacheScope: "private", ttlMs: 0 });

    const older = await flying({}, method, true, { uri: "x:1" });
    older.flight.decision = allowed();
    await reply(older.guard, { jsonrpc: "2.0", id: older.flight.id, result: given });
    expect(older.sent[0]?.message.result).toEqual({ ...given, cacheScope: "private", ttlMs: 0 });
    const oldest = await flying({}, method, true, { uri: "x:1" });
    oldest.flight.decision = allowed();
    await reply(oldest.guard, { jsonrpc: "2.0", id: oldest.flight.id, result: { contents: [], tools: [] } });
    expect(oldest.sent[0]?.message.result).toEqual({ contents: [], tools: [], cacheScope: "private", ttlMs: 0 });
  });

  it("goes nowhere where its request was withdrawn, or never was", async () => {
    const { guard, flight, sent, asked } = await flying();
    guard.flights.end(flight);
    await reply(guard, { jsonrpc: "2.0", id: flight.id, result });
    await reply(guard, { jsonrpc: "2.0", id: "own", result });
    await reply(guard, { jsonrpc: "2.0", id: 99, result });
    expect({ sent, asked }).toEqual({ sent: [], asked: [] });
  });

  it("is on record as returned once it has left", async () => {
    const { guard, flight, sent, outcomes } = await flying();
    flight.decision = allowed();
    guard.inner.send = async (message) => {
      expect(outcomes).toEqual([]);
      sent.push({ message, options: undefined });
    };
    await reply(guard, { jsonrpc: "2.0", id: flight.id, result });
    expect(outcomes).toEqual([{ outcome: "returned", result, redacted: [] }]);
    expect(sent).toHaveLength(1);
  });

  it("that cannot be sent is a fault that the host hears of, and its caller has left; it is not sent again", async () => {
    const { guard, flight, faults, outcomes } = await flying();
    let tried = 0;
    guard.inner.send = () => {
      tried++;
      return Promise.reject(new Error("the stream is gone"));
    };
    flight.decision = allowed();
    await reply(guard, { jsonrpc: "2.0", id: flight.id, result });
    expect({ tried, faults }).toEqual({ tried: 1, faults: [new Error("the stream is gone")] });
    expect(outcomes).toEqual([{ outcome: "withdrawn" }]);
  });

  it("that cannot be checked is withheld: its caller gets a denial, and the host alone learns why", async () => {
    const { guard, flight, sent, faults, asked } = await flying(
      { list: () => Promise.reject(new Error("hunter2")) },
      "tools/list",
    );
    await reply(guard, { jsonrpc: "2.0", id: flight.id, result: { tools: [{ name: "pay" }] } });
    expect(codesIn({ sent })).toEqual(["guard_failed"]);
    expect(JSON.stringify(sent)).not.toContain("hunter2");
    expect(faults).toEqual([new Error("hunter2")]);
    expect(asked.map(([what]) => what)).toEqual(["list", "admission.refuse"]);
  });
});

describe("a denial", () => {
  it("is a tool's result for who called a tool, and an error for everything else", async () => {
    const tool = await flying();
    await deny(tool.guard, tool.flight, denied());
    expect(tool.sent[0]?.message).toMatchObject({ id: "own", result: { isError: true } });
    const other = await flying({}, "resources/read");
    await deny(other.guard, other.flight, denied());
    expect(other.sent[0]?.message).toMatchObject({ id: "own", error: { code: 4303 } });
  });

  it.each(["proof_missing", "proof_nonce_required"])(
    "that asks for a proof (%s) is an error also for a tool: its client answers it, not its model",
    async (code) => {
      const { guard, flight, sent } = await flying();
      await deny(guard, flight, denied(code));
      expect(sent[0]?.message).toMatchObject({ id: "own", error: { code: 4301, data: { code } } });
    },
  );

  it("is also what a decision that waits for approval comes to", async () => {
    for (const [decision, code] of [
      [denied("agent_unknown"), "agent_unknown"],
      [PENDING, "approval_required"],
    ] as const) {
      const { guard, flight, sent } = await flying();
      await deny(guard, flight, notRunOf(decision as never));
      expect(codesIn({ sent })).toEqual([code]);
    }
  });
});

describe("a fault of the guard", () => {
  const failed = async (prepared: Awaited<ReturnType<typeof flying>>) => {
    await fail(prepared.guard, prepared.flight, new Error("hunter2"));
    return prepared;
  };
  const words = { code: "guard_failed", message: "the guard of the transport failed" };

  it("ends the call's admission, so that it is on record", async () => {
    const { asked, sent, faults } = await failed(await flying());
    expect(asked).toEqual([["admission.refuse", words]]);
    expect(codesIn({ sent })).toEqual(["guard_failed"]);
    expect(faults).toEqual([new Error("hunter2")]);
  });

  it("before a call was admitted is counted as a stranger's, by its tool or its method", async () => {
    expect((await failed(await flying({}, "tools/call", false))).asked).toEqual([["refuse", { tool: "pay" }, words]]);
    expect((await failed(await flying({}, "ping", false))).asked).toEqual([["refuse", { tool: "ping" }, words]]);
  });

  it("after a call was decided names that decision, and writes no second one", async () => {
    const prepared = await flying();
    prepared.flight.decision = allowed({ invocation: "decided" });
    const { asked, sent } = await failed(prepared);
    expect(asked).toEqual([]);
    expect(JSON.stringify(sent)).toContain('"invocation":"decided"');
    expect(codesIn({ sent }), "it may have run: to call again would run it twice").toEqual(["result_withheld"]);
  });

  it("after a call was denied says that the guard failed", async () => {
    const prepared = await flying();
    prepared.flight.decision = denied();
    expect(codesIn(await failed(prepared))).toEqual(["guard_failed"]);
  });

  it("is a denial also where it cannot be recorded", async () => {
    for (const admitted of [true, false]) {
      const { sent } = await failed(
        await flying({ refuse: () => Promise.reject(new Error("it ended before")) }, "tools/call", admitted),
      );
      expect(codesIn({ sent })).toEqual(["guard_failed"]);
    }
    await settled();
  });
});
