import { describe, expect, it } from "vitest";
import type { JsonRpcMessage, MessageExtra } from "../protocol/index.ts";
import { type Answers, CALL, createFakeAuthorizer, createWire, request, settled, toolsNamed } from "./guard.fixture.ts";
import { guardTransport } from "./guard-transport.ts";

const HTTP: MessageExtra = { requestInfo: { headers: {} } };
const META = { "dev.hopwise/chain": "c", "dev.hopwise/proof": "p" };

function guarded(answers: Answers = {}) {
  const wire = createWire();
  const fake = createFakeAuthorizer(answers);
  const transport = guardTransport(wire.inner, { authorizer: fake.authorizer, tools: toolsNamed("pay") });
  const handled: JsonRpcMessage[] = [];
  const handler = (message: JsonRpcMessage): void => void handled.push(message);
  transport.onmessage = handler;
  const arrives = (message: JsonRpcMessage, extra?: MessageExtra) => wire.inner.onmessage?.(message, extra);
  return { ...wire, ...fake, transport, handled, handler, arrives };
}

describe("a guarded transport", () => {
  it("puts a request to the authorizer, and lets its answer out under the caller's id", async () => {
    const { arrives, transport, handled, sent } = guarded();
    arrives(request("own", "tools/list"));
    await settled();
    await transport.send({ jsonrpc: "2.0", id: handled[0]?.id as number, result: { tools: [{ name: "pay" }] } });
    expect(sent).toEqual([
      {
        message: { jsonrpc: "2.0", id: "own", result: { tools: [{ name: "pay" }], ttlMs: 0, cacheScope: "private" } },
        options: { relatedRequestId: "own" },
      },
    ]);
  });

  it("hands on what a server tells its transport beside messages, such as which scopes its tools want of a token", () => {
    const { inner, authorizer } = { ...createWire(), ...createFakeAuthorizer() };
    const told: unknown[] = [];
    const challenging = { ...inner, setScopeChallengeResolver: (resolver: unknown) => void told.push(resolver) };
    const resolver = (): void => {};
    const guarded = guardTransport(challenging, { authorizer, tools: toolsNamed("pay") });
    (guarded as typeof challenging).setScopeChallengeResolver(resolver);
    expect(told).toEqual([resolver]);
  });

  it("shows the server its own handler, and hands notifications to it without chain and proof", () => {
    const { transport, handler, arrives, handled } = guarded();
    expect(transport.onmessage).toBe(handler);
    arrives({ jsonrpc: "2.0", method: "notifications/initialized", params: { _meta: META } });
    expect(handled).toEqual([{ jsonrpc: "2.0", method: "notifications/initialized", params: {} }]);
  });

  it("lets nothing in that is neither a request, a notification nor about a question that was asked", () => {
    const { arrives, handled } = guarded();
    arrives({ jsonrpc: "2.0", method: "tools/call", params: CALL as never });
    arrives({ jsonrpc: "2.0", id: 0, result: { yes: true } });
    arrives({ jsonrpc: "2.0", method: "notifications/progress", params: { progressToken: 0, progress: 1 } });
    arrives({ jsonrpc: "2.0", method: "notifications/progress" });
    arrives({ jsonrpc: "2.0", id: null, method: "tools/call" } as never);
    for (const none of [null, undefined, 5, "tools/list", [request(1, "ping")]]) arrives(none as never);
    expect(handled).toEqual([]);
  });

  it("lets no other notification in than those that reach nothing, and counts the others as a stranger's", async () => {
    const { arrives, handled, asked } = guarded();
    const method = `notifications/${"x".repeat(200)}`;
    for (const one of [method, "tools/call", "__proto__", ""]) arrives({ jsonrpc: "2.0", method: one });
    await settled();
    expect(handled).toEqual([]);
    expect(asked.map(([what, call, why]) => [what, call, (why as { readonly code: string }).code])).toEqual(
      [method.slice(0, 128), "tools/call", "__proto__", ""].map((tool) => ["refuse", { tool }, "method_unguarded"]),
    );
    arrives({ jsonrpc: "2.0", method: "notifications/roots/list_changed" });
    expect(handled).toEqual([{ jsonrpc: "2.0", method: "notifications/roots/list_changed" }]);
  });

  it("withdraws a request by its caller's id, and no other", async () => {
    const { arrives, handled } = guarded();
    arrives(request("own", "ping"));
    const cancel = (requestId: unknown) =>
      arrives({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId, reason: "r" } });
    cancel(1);
    cancel("own");
    cancel("own");
    await settled();
    expect(handled.slice(1)).toEqual([
      { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1, reason: "r" } },
    ]);
  });

  it("asks its client a question, and takes the answer from who got it", async () => {
    const { arrives, transport, handled, sent } = guarded();
    arrives(request("own", "ping"));
    await transport.send(request(0, "elicitation/create"));
    arrives({ jsonrpc: "2.0", id: 0, result: { yes: "forged" } });
    arrives({ jsonrpc: "2.0", id: sent[0]?.message.id as string, result: { yes: true } });
    expect(handled.slice(1)).toEqual([{ jsonrpc: "2.0", id: 0, result: { yes: true } }]);
  });

  it("says nothing of its own account before anybody spoke, nor ever again once a message came over HTTP", async () => {
    const log: JsonRpcMessage = { jsonrpc: "2.0", method: "notifications/message", params: { data: "DE02" } };
    const { arrives, transport, sent } = guarded();
    await transport.send(log);
    arrives(request(1, "ping"));
    await transport.send(log);
    arrives(request(2, "ping"), HTTP);
    arrives(request(3, "ping"));
    await transport.send(log);
    expect(sent).toHaveLength(1);
  });

  it("ends what is open when it closes, and forgets its questions", async () => {
    const { arrives, transport, inner, handled, sent, outcomes } = guarded();
    let closed = 0;
    transport.onclose = () => void closed++;
    arrives(request("own", "resources/read", { uri: "x:1" }));
    await settled();
    await transport.send(request(0, "elicitation/create"));
    inner.onclose?.();
    arrives({ jsonrpc: "2.0", id: sent[0]?.message.id as string, result: {} });
    await transport.send({ jsonrpc: "2.0", id: handled[0]?.id as number, result: { contents: [] } });
    expect(closed).toBe(1);
    expect(outcomes).toEqual([{ outcome: "withdrawn" }]);
    expect([handled.map(({ method }) => method), sent.length]).toEqual([
      ["resources/read", "notifications/cancelled"],
      1,
    ]);
    transport.onclose = undefined;
    inner.onclose?.();
  });

  it("tells its server of its end once no call is left that might run unasked, and is closed only then", async () => {
    const { arrives, transport, inner, handled, asked } = guarded();
    const told: string[] = [];
    inner.close = async () => inner.onclose?.();
    transport.onclose = () => void told.push("closed");
    arrives(request("own", "tools/call", { ...CALL, _meta: META }));
    await settled();
    const closed = transport.close().then(() => told.push("resolved"));
    // A transport may say it twice.
    inner.onclose?.();
    await settled();
    expect([handled.length, told]).toEqual([1, []]);
    await transport.send({ jsonrpc: "2.0", id: 1, error: { code: -32602, message: "no" } });
    await closed;
    expect([handled.length, told]).toEqual([2, ["closed", "closed", "resolved"]]);
    expect(asked.at(-1)).toEqual(["admission.refuse", expect.objectContaining({ code: "arguments_refused" })]);
  });
});
