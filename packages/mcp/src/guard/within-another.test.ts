import { describe, expect, it } from "vitest";
import { operationOf } from "../protocol/index.ts";
import type { Flight } from "./flights.ts";
import { allowed, CALL, createStand, request } from "./guard.fixture.ts";
import { sendWord } from "./outgoing.ts";
import { reply } from "./reply.ts";
import { WITHIN_ANOTHER } from "./within-another.ts";

const REQUESTS = {
  tool: ["tools/call", CALL],
  resource: ["resources/read", { uri: "res://mine" }],
  prompt: ["prompts/get", { name: "mine" }],
  list: ["prompts/list", {}],
  ping: ["ping", {}],
} as const;

/** Two requests of one transport, of which the server runs the second within the first. */
async function two(kind: keyof typeof REQUESTS) {
  const stand = createStand();
  const { guard } = stand;
  const [method, params] = REQUESTS[kind];
  const [first, second] = ["a", "b"].map((id) => {
    const asked = request(id, method, params as typeof CALL);
    return guard.flights.begin(asked, operationOf(asked));
  }) as [Flight, Flight];
  const admission = await guard.authorizer.admit({ tool: "pay", credential: undefined });
  if (admission.outcome === "admitted") second.admission = admission;
  const within = <T>(run: () => T): T => guard.tools.scope.run({ flight: first } as never, run);
  const answers = (message: object) => within(() => reply(guard, { jsonrpc: "2.0", id: second.id, ...message }));
  const says = (message: object) =>
    within(() => sendWord(guard, { jsonrpc: "2.0", ...message }, { relatedRequestId: second.id }));
  return { ...stand, second, answers, says };
}

describe("what a server answers within another request", () => {
  it.each(["tool", "resource", "prompt", "list"] as const)("is withheld: of a %s", async (kind) => {
    const { answers, second, sent, faults, outcomes } = await two(kind);
    second.asked = kind !== "list";
    if (second.asked) second.decision = allowed();
    await answers({ result: { of: "the first one's caller" } });
    expect(JSON.stringify(sent)).toContain("result_withheld");
    expect(JSON.stringify(sent)).not.toContain("caller");
    expect(faults).toEqual([new Error(WITHIN_ANOTHER)]);
    expect(outcomes).toEqual(second.asked ? [{ outcome: "returned", result: undefined, withheld: true }] : []);
  });

  it("is its answer, of what nobody is asked about", async () => {
    const { answers, sent, faults } = await two("ping");
    await answers({ result: {} });
    expect([sent.map(({ message }) => message), faults]).toEqual([[{ jsonrpc: "2.0", id: "b", result: {} }], []]);
  });

  it.each([
    ["that it may have run, where no function of its name has asked yet", true, "result_withheld"],
    ["that the guard failed, where its function is known to ask", false, "guard_failed"],
  ])("says of a tool that failed %s", async (_, isFirst, code) => {
    const { answers, second, sent } = await two("tool");
    second.handedOver = { turn: { isFirst }, answers: () => {}, answered: () => {} } as never;
    await answers({ result: { isError: true, content: [] } });
    expect(JSON.stringify(sent)).toContain(code);
  });
});

describe("what a server says within another request", () => {
  const log = { method: "notifications/message", params: { data: "of the first one's caller" } };
  const question = { ...request(0, "elicitation/create", { message: "of the first one's caller?" }) };

  it.each(["resource", "prompt", "list"] as const)("does not leave: of a %s", async (kind) => {
    const { says, second, sent } = await two(kind);
    if (kind !== "list") second.decision = allowed();
    await says(log);
    await expect(says(question)).rejects.toThrow(WITHIN_ANOTHER);
    expect(sent).toEqual([]);
  });

  it("leaves where a tool says it, which runs for nobody else", async () => {
    const { says, second, sent } = await two("tool");
    second.decision = allowed();
    await says(log);
    expect(sent).toHaveLength(1);
  });
});
