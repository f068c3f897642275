import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { RequestScope } from "./decide-tool.ts";
import { type Answers, codesIn, createStand, pay, request, settled } from "./guard.fixture.ts";
import { PATIENCE_MS } from "./handed-over.ts";
import { receive, withdraw, withdrawAll } from "./receive.ts";
import { reply } from "./reply.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

const LIST = request("own", "tools/list");

/** A guard whose server got these requests, and the scopes in which it did. */
async function handed(requests: readonly ReturnType<typeof request>[], answers: Answers = {}) {
  const stand = createStand(answers);
  const scopes: RequestScope[] = [];
  stand.guard.handler = (message) => {
    stand.handled.push(message);
    if (message.method !== "notifications/cancelled") scopes.push(stand.guard.tools.scope.getStore() as RequestScope);
  };
  for (const one of requests) receive(stand.guard, one, undefined);
  await settled();
  const pass = async (ms: number): Promise<void> => {
    await vi.advanceTimersByTimeAsync(ms);
    await settled();
  };
  return { ...stand, scopes, pass };
}

describe("a request that a server does not bring to its decision", () => {
  it.each([
    [
      "a tool call, whose function may run",
      pay(),
      /^the tool "pay" asked for no .* and may run on$/,
      "result_withheld",
    ],
    ["a list", LIST, /^the server gave no list within 30000 ms$/, "guard_failed"],
  ])("is refused in the end, on record, and the host is told: %s", async (_, message, why, code) => {
    const stand = await handed([message]);
    await stand.pass(PATIENCE_MS - 1);
    expect([stand.sent, stand.asked.length]).toEqual([[], 1]);
    await stand.pass(1);
    expect(codesIn(stand)).toEqual([code]);
    expect(stand.sent[0]?.message.id).toBe("own");
    expect(stand.asked.slice(1)).toEqual([
      ["admission.refuse", { code: "guard_failed", message: expect.stringMatching(why) }],
    ]);
    expect(stand.faults.map((fault) => fault.message)).toEqual([expect.stringMatching(why)]);
    expect(stand.handled[1]).toEqual({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } });
    expect(stand.guard.flights.all()).toEqual([]);
  });

  it("runs nothing where it asks after that, and what it answers is not sent", async () => {
    const stand = await handed([pay()]);
    await stand.pass(PATIENCE_MS);
    expect(await stand.scopes[0]?.decide({})).toMatchObject({ outcome: "denied", code: "guard_failed" });
    await reply(stand.guard, { jsonrpc: "2.0", id: 1, result: { content: [] } });
    expect(stand.asked.map(([what]) => what)).toEqual(["admit", "admission.refuse"]);
    expect(stand.sent).toHaveLength(1);
  });

  it("is on record also where its caller has left, but for a list, which nobody reads", async () => {
    for (const [message, asked] of [
      [pay(), ["admit", "admission.refuse"]],
      [LIST, ["admit"]],
    ] as const) {
      const stand = await handed([message]);
      withdraw(stand.guard, stand.guard.flights.called("own") as never);
      await stand.pass(PATIENCE_MS);
      expect([stand.asked.map(([what]) => what), stand.sent]).toEqual([asked, []]);
    }
  });

  it("is waited for no longer where nothing can be recorded", async () => {
    const stand = await handed([pay()], { refuse: () => Promise.reject(new Error("ended")) });
    await stand.pass(PATIENCE_MS);
    expect(codesIn(stand)).toEqual(["result_withheld"]);
  });

  it("may be tried again where the function of its name is known to ask: it did not run", async () => {
    const stand = await handed([pay("a"), pay("b")]);
    await stand.scopes[0]?.decide({});
    await settled();
    await stand.pass(PATIENCE_MS);
    expect(codesIn(stand)).toEqual(["guard_failed"]);
    expect(stand.faults.map((fault) => fault.message)).toEqual([expect.stringMatching(/does not end$/)]);
  });
});

it("a function that ran without asking is not tried again where its refusal cannot be recorded", async () => {
  const stand = await handed([pay()], { refuse: () => Promise.reject(new Error("full")) });
  await reply(stand.guard, { jsonrpc: "2.0", id: 1, result: { content: [] } });
  expect(codesIn(stand)).toEqual(["result_withheld"]);
});

describe("a request that is decided, or answered, in time", () => {
  it("may run for as long as it likes", async () => {
    const stand = await handed([pay()]);
    await stand.scopes[0]?.decide({});
    await stand.pass(PATIENCE_MS * 2);
    expect([stand.sent, stand.faults]).toEqual([[], []]);
    await reply(stand.guard, { jsonrpc: "2.0", id: 1, result: { content: [] } });
    expect(stand.sent).toMatchObject([{ message: { result: { content: [] } } }]);
  });

  it("is not refused while its answer is looked at", async () => {
    const { promise, resolve } = Promise.withResolvers<never>();
    const stand = await handed([LIST], { list: () => promise });
    const replied = reply(stand.guard, { jsonrpc: "2.0", id: 1, result: { tools: [] } });
    await stand.pass(PATIENCE_MS);
    resolve({ outcome: "listed", shown: [] } as never);
    await replied;
    expect(stand.sent).toMatchObject([{ message: { result: { tools: [] } } }]);
  });
});

/** What of an answer shows that a schema refused, and that a function ran. */
const REFUSED = { error: { code: -32602, message: "no" } };
const RAN = { result: { content: [] } };

describe("a call whose caller left before its tool asked", () => {
  const cancelled = { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } };
  const left = async () => {
    const stand = await handed([pay()]);
    withdraw(stand.guard, stand.guard.flights.called("own") as never);
    expect(stand.handled, "a server answers nothing that was cancelled").toHaveLength(1);
    return stand;
  };

  it("is cancelled once the tool asks, which does not begin then", async () => {
    const stand = await left();
    await stand.scopes[0]?.decide({});
    expect(stand.handled.slice(1)).toEqual([cancelled]);
    expect([stand.scopes[0]?.begins?.(), stand.outcomes]).toEqual([
      false,
      [{ outcome: "withdrawn", nothingHappened: true }],
    ]);
    await reply(stand.guard, { jsonrpc: "2.0", id: 1, ...RAN });
    expect([stand.sent, stand.guard.flights.all()]).toEqual([[], []]);
  });

  it.each([
    [REFUSED, "arguments_refused", []],
    [RAN, "tool_unguarded", [expect.objectContaining({ message: expect.stringContaining("ran without a decision") })]],
  ] as const)("is on record as what the server answers, which nobody gets: %j", async (answer, code, faults) => {
    const stand = await left();
    await reply(stand.guard, { jsonrpc: "2.0", id: 1, ...answer });
    await reply(stand.guard, { jsonrpc: "2.0", id: 1, ...answer });
    await stand.pass(PATIENCE_MS);
    expect(stand.asked.slice(1)).toEqual([["admission.refuse", expect.objectContaining({ code })]]);
    expect([stand.sent, stand.faults, stand.guard.flights.all()]).toEqual([[], faults, []]);
    expect(stand.guard.tools.has("pay")).toBe(code !== "tool_unguarded");
  });

  it("keeps the process only once the connection closes, whose end is told after it", async () => {
    // Not by a spy: whoever restores it later would bring back the timers of this test.
    const { setTimeout: own } = globalThis;
    const made: NodeJS.Timeout[] = [];
    const noting = (...given: Parameters<typeof own>): NodeJS.Timeout => {
      const timer = own(...given);
      made.push(timer);
      return timer;
    };
    globalThis.setTimeout = Object.assign(noting, own);
    try {
      const stand = await handed([pay()]);
      const keeps = (): unknown => made.map((timer) => timer.hasRef());
      expect(keeps()).toEqual([false]);
      const closed = withdrawAll(stand.guard);
      expect(keeps()).toEqual([true]);
      await stand.pass(PATIENCE_MS);
      await closed;
      expect(withdrawAll(stand.guard)).toBeUndefined();
    } finally {
      globalThis.setTimeout = own;
    }
  });

  it("is cancelled in the end where the server shows nothing", async () => {
    const stand = await left();
    await stand.pass(PATIENCE_MS);
    expect([stand.handled.slice(1), stand.guard.flights.all()]).toEqual([[cancelled], []]);
  });
});

describe("the calls of a tool that has not asked yet", () => {
  const three = ["a", "b", "c"].map((id) => pay(id));

  it("reach the server one by one, all of them once it asked", async () => {
    const stand = await handed(three);
    expect(stand.scopes).toHaveLength(1);
    await stand.scopes[0]?.decide({});
    await settled();
    expect(stand.scopes).toHaveLength(3);
  });

  it("have their turn as soon as the server refused the one before, though its caller had left", async () => {
    const stand = await handed(three);
    withdraw(stand.guard, stand.guard.flights.called("a") as never);
    await reply(stand.guard, { jsonrpc: "2.0", id: 1, ...REFUSED });
    await settled();
    expect(stand.scopes).toHaveLength(2);
  });

  it("are refused with the reason where those before them took all the time, or did not end", async () => {
    const stand = await handed(three);
    await stand.pass(PATIENCE_MS - 1);
    receive(stand.guard, pay("d"), undefined);
    await reply(stand.guard, { jsonrpc: "2.0", id: 1, ...REFUSED });
    await stand.pass(1);
    const words = stand.asked.filter(([what]) => what === "admission.refuse").map(([, why]) => Object(why).message);
    expect(words.slice(1)).toEqual([
      expect.stringMatching(/^the tool "pay" asked for no decision within/),
      expect.stringMatching(/^the calls of the tool "pay" before this one took 30000 ms/),
      'a call of "pay" before this one did not end',
    ]);
    expect(stand.scopes, "what was refused is not handed over, though its turn came at that moment").toHaveLength(2);
  });

  it("reach it no more where the first one ran without asking: its caller reads that it ran", async () => {
    const stand = await handed(three);
    await reply(stand.guard, { jsonrpc: "2.0", id: 1, result: { content: [] } });
    await settled();
    expect(stand.scopes).toHaveLength(1);
    expect(codesIn(stand)).toEqual(["result_withheld", "policy_denied", "policy_denied"]);
    expect(JSON.stringify(stand.sent[0])).toContain("The tool ran");
  });

  it("wait also for one whose caller left, since it may run; and none waits longer than a call may take", async () => {
    const stand = await handed(three);
    withdraw(stand.guard, stand.guard.flights.called("a") as never);
    await settled();
    expect(stand.scopes).toHaveLength(1);
    await stand.pass(PATIENCE_MS);
    expect(codesIn(stand)).toEqual(["guard_failed", "guard_failed"]);
    expect(stand.scopes).toHaveLength(1);
    receive(stand.guard, pay("d"), undefined);
    await settled();
    expect(stand.scopes).toHaveLength(2);
  });
});
