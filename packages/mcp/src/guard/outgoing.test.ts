import { describe, expect, it } from "vitest";
import { type JsonRpcMessage, operationOf } from "../protocol/index.ts";
import type { Flight } from "./flights.ts";
import { allowed, CALL, createStand, denied, request } from "./guard.fixture.ts";
import { sendWord } from "./outgoing.ts";

const log: JsonRpcMessage = { jsonrpc: "2.0", method: "notifications/message", params: { data: "DE02" } };
const changed: JsonRpcMessage = { jsonrpc: "2.0", method: "notifications/tools/list_changed" };
const question = request(0, "elicitation/create", { message: "sure?" });
const obligations = { redact: ["/iban"], limit: {} };

/** A server on a transport, in which one call runs. */
function speaking(overHttp: boolean | undefined = true) {
  const stand = createStand();
  const { guard } = stand;
  guard.overHttp = overHttp;
  const call = request("own", "tools/call", CALL);
  const flight = guard.flights.begin(call, operationOf(call));
  flight.decision = allowed();
  const say = (message: JsonRpcMessage, options?: { relatedRequestId: string | number }) =>
    sendWord(guard, message, options);
  const within = (of: Flight, message: JsonRpcMessage) =>
    guard.tools.scope.run({ flight: of, tool: "pay", decide: async () => denied() } as never, () => say(message));
  return { ...stand, questions: guard.questions, flight, say, within };
}

describe("what a server says while a call runs", () => {
  it("goes to that call's caller alone, under the id that the caller knows", async () => {
    const { say, within, flight, sent } = speaking();
    await say(log, { relatedRequestId: flight.id });
    await within(flight, log);
    expect(sent).toEqual(Array(2).fill({ message: log, options: { relatedRequestId: "own" } }));
  });

  it("goes nowhere once the call has ended, also where it ended in between", async () => {
    const { say, within, flight, guard, sent } = speaking();
    const saying = say(log, { relatedRequestId: flight.id });
    guard.flights.end(flight);
    await saying;
    await within(flight, log);
    await say(log, { relatedRequestId: flight.id });
    expect(sent).toEqual([]);
  });

  it("may be a question, which is sent under an id of its own", async () => {
    const { within, flight, sent, questions } = speaking();
    await within(flight, question);
    expect(sent).toMatchObject([
      { message: { method: "elicitation/create", id: expect.stringMatching(/^[0-9a-f-]{36}$/) } },
    ]);
    const id = sent[0]?.message.id as string;
    expect(questions.answered({ jsonrpc: "2.0", id, result: {} })).toEqual({ jsonrpc: "2.0", id: 0, result: {} });
  });

  it("that is a question fails where the call has ended, and no answer to it is taken", async () => {
    const { say, sent, flight, guard } = speaking();
    const asking = say(question, { relatedRequestId: flight.id });
    guard.flights.end(flight);
    await expect(asking).rejects.toThrow('"elicitation/create" can be asked here only while a call runs');
    await expect(say(question, { relatedRequestId: 99 })).rejects.toThrow("only while a call runs");
    expect(sent).toEqual([]);
  });

  it("that is a question is forgotten where it could not be sent", async () => {
    const { within, flight, guard, questions } = speaking();
    let id = "";
    guard.inner.send = async (message) => {
      id = message.id as string;
      throw new Error("the stream is gone");
    };
    await expect(within(flight, question)).rejects.toThrow("the stream is gone");
    expect(questions.answered({ jsonrpc: "2.0", id, result: {} })).toBeUndefined();
  });
});

describe.each([
  ["policies oblige to change a call's result", { obligations }],
  ["policies filter the rows of a call's result", { filter: {} as never }],
])("what a server says while %s", (_, bound) => {
  const obliged = () => {
    const stand = speaking();
    stand.flight.decision = allowed(bound);
    return stand;
  };

  it("is how far it has come, and not a word more", async () => {
    const { within, flight, sent } = obliged();
    const progress = { progressToken: 1, progress: 2, total: 3 };
    const method = "notifications/progress";
    await within(flight, { jsonrpc: "2.0", method, params: { ...progress, message: "DE02" } });
    await within(flight, { jsonrpc: "2.0", method, params: { progressToken: 1, progress: 2, later: "DE02" } });
    for (const data of [{ progress: { row: "DE02" } }, { progress: "DE02" }])
      await within(flight, { jsonrpc: "2.0", method, params: { progressToken: 1, ...data } as never });
    await within(flight, { jsonrpc: "2.0", method, params: { progressToken: 1, progress: 2, total: "DE02" } });
    const last = { progressToken: 1, progress: 2 };
    expect(sent.map(({ message }) => message.params)).toStrictEqual([progress, last, last]);
  });

  it("is nothing else: no log, and no question", async () => {
    const { within, flight, sent } = obliged();
    await within(flight, log);
    await expect(within(flight, question)).rejects.toThrow('"elicitation/create" cannot be asked in a call');
    expect(sent).toEqual([]);
  });

  it("is unchanged where the call was denied, or nothing is owed", async () => {
    const stand = speaking();
    for (const decision of [undefined, denied(), allowed()]) {
      stand.flight.decision = decision;
      await stand.within(stand.flight, log);
    }
    expect(stand.sent.map(({ message }) => message)).toEqual([log, log, log]);
  });
});

describe("what a server says outside of any call", () => {
  it("reaches its one client on stdio", async () => {
    const { say, sent } = speaking(false);
    await say(log);
    await say(question);
    expect(sent.map(({ message, options }) => [message.method, options])).toEqual([
      ["notifications/message", undefined],
      ["elicitation/create", undefined],
    ]);
  });

  it.each<[string, boolean | undefined, boolean]>([
    ["over HTTP, where others may hold the stream", true, false],
    ["before anybody spoke, when it is not known who listens", undefined, false],
    ["on stdio, once a result had to be changed: it may be of that call", false, true],
  ])("carries nothing %s", async (_, overHttp, owed) => {
    const { say, sent, guard } = speaking();
    guard.overHttp = overHttp;
    guard.owed = owed;
    await say(log);
    await expect(say(question)).rejects.toThrow("only while a call runs");
    await say(changed);
    await say(request(1, "ping"));
    await say(request(2, "roots/list"));
    for (const method of ["x/ping", "ping/x", "notifications/secrets/list_changed"])
      await say({ jsonrpc: "2.0", method });
    expect(sent.map(({ message }) => message.method)).toEqual([changed.method, "ping", "roots/list"]);
  });

  it("is said of a call that this transport does not know is said of no call at all", async () => {
    const { say, within, sent, flight } = speaking(false);
    await say(log, { relatedRequestId: 99 });
    await within({ ...flight, id: 99 }, changed);
    expect(sent).toEqual([{ message: changed, options: undefined }]);
  });
});
