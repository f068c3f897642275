import type { Allowed } from "@hopwise/core";
import type { Outcome } from "@hopwise/core/audit";
import { describe, expect, it } from "vitest";
import { checkAnswer } from "./check-answer.ts";
import { begins, decideOrRefuse } from "./decide-flight.ts";
import type { Flight } from "./flights.ts";
import { type Answers, allowed, codesIn, pay, received, settled } from "./guard.fixture.ts";
import { createGuardedTools } from "./guarded-tools.ts";
import { reply } from "./reply.ts";

const decision = {
  outcome: "allowed",
  invocation: "1",
  tool: "read_invoice",
  obligations: { redact: ["/iban"], limit: {} },
} as unknown as Allowed;

/** The answer to an allowed call whose result the policies oblige to change, and what was recorded of it. */
async function checked(answer: object, operation: object = { kind: "tool", tool: "read_invoice", arguments: {} }) {
  const outcomes: Outcome[] = [];
  const ran = { returned: false };
  const flight = { id: 1, operation, tool: "read_invoice", admission: {}, decision, ran } as unknown as Flight;
  const rules = {
    tools: createGuardedTools(),
    report: () => {},
    reportOutcome: (_: Allowed, outcome: Outcome) => outcomes.push(outcome),
  };
  return { shown: await checkAnswer({ jsonrpc: "2.0", id: 1, ...answer } as never, flight, rules), outcomes };
}

describe("an answer that policies oblige to change", () => {
  it.each<[string, object]>([
    ["a hole among its blocks", { content: [null] }],
    ["a block whose resource is missing", { content: [{ type: "resource" }] }],
    ["a message without content", { messages: [{ role: "user" }] }],
    ["a text that is no JSON", { content: [{ type: "text", text: "DE02" }] }],
  ])("is withheld, and recorded so, where it has %s", async (_, result) => {
    const { shown, outcomes } = await checked({ result });
    expect(shown).toMatchObject({
      result: { isError: true, content: [{ text: expect.stringContaining("Not allowed") }] },
    });
    expect(outcomes).toMatchObject([{ outcome: "returned", withheld: true }]);
  });

  it.each<[string, object]>([
    ["a result beside an error", { error: { code: 1, message: "DE02", data: "DE02" }, result: { iban: "DE02" } }],
    ["an error with data", { error: { code: 1, message: "DE02", data: "DE02" } }],
    ["a member that JSON-RPC does not know", { result: { content: [] }, iban: "DE02" }],
  ])("carries nothing else out: not %s", async (_, answer) => {
    expect(JSON.stringify((await checked(answer)).shown)).not.toContain("DE02");
  });
});

it("a resource that was read has the URI that was asked for, whatever its server calls it", async () => {
  const contents = [{ uri: "x:DE02", text: '{"iban":"DE02"}' }];
  const read = { kind: "data", tool: "mcp:resources/read", arguments: { uri: "x:1" } };
  expect((await checked({ result: { contents } }, read)).shown).toMatchObject({
    result: { contents: [{ uri: "x:1", text: '{"iban":"[redacted]"}' }] },
  });
});

describe("an answer that nobody decided about", () => {
  const answered = async (answers: Answers, before: (stand: Awaited<ReturnType<typeof received>>) => void) => {
    const stand = await received(pay(), answers);
    before(stand);
    await reply(stand.guard, { jsonrpc: "2.0", id: 1, result: { content: [], isError: true } });
    return stand;
  };

  it("is withheld while the decision is under way, which is no fault, and has a record of its own", async () => {
    const { promise, resolve } = Promise.withResolvers<ReturnType<typeof allowed>>();
    let flight: Flight | undefined;
    const stand = await answered({ decide: () => promise }, ({ guard }) => {
      flight = guard.flights.get(1);
      void decideOrRefuse(guard, flight as Flight, {});
    });
    expect(codesIn(stand)).toEqual(["guard_failed"]);
    expect(stand.sent).toMatchObject([
      { message: { result: { _meta: { "dev.hopwise/denial": { invocation: "one" } } } } },
    ]);
    expect(stand.faults).toEqual([]);
    expect(stand.asked.map(([what]) => what)).toEqual(["admit", "decide"]);
    resolve(allowed());
    await settled();
    expect(begins(stand.guard, flight as never)).toBe(false);
    expect(stand.outcomes).toEqual([{ outcome: "failed", nothingHappened: true }]);
  });

  it("names the tool to the host where the tool ran", async () => {
    const stand = await received(pay());
    await reply(stand.guard, { jsonrpc: "2.0", id: 1, result: { content: [] } });
    expect(stand.faults.map(({ message }) => message)).toEqual([
      'the tool "pay" ran without a decision; its result is withheld, and it is not called again',
    ]);
    expect([stand.guard.tools.has("pay"), stand.guard.tools.size]).toEqual([false, 1]);
  });
});

it("a resource that was answered without a decision is a fault", async () => {
  const read = { kind: "data", tool: "mcp:resources/read", arguments: { uri: "x:1" } };
  const flight = { id: 1, operation: read, admission: {}, ran: { returned: false } } as unknown as Flight;
  const { guard } = await received(pay());
  const answer = { jsonrpc: "2.0", id: 1, result: { contents: [] } } as const;
  await expect(checkAnswer(answer, flight, guard)).rejects.toThrow("without a decision");
});
