import { describe, expect, it } from "vitest";
import type { RequestScope } from "./decide-tool.ts";
import {
  admitAsked,
  allowed,
  CALL,
  codesIn,
  createStand,
  denied,
  META,
  PENDING,
  pay,
  received,
  request,
  settled,
} from "./guard.fixture.ts";
import { receive, withdraw } from "./receive.ts";

const read = request("own", "resources/read", { uri: "x:1", _meta: META });

describe("a tool call", () => {
  it("is put to the authorizer with what came, and reaches the server without chain and proof, under an id of the guard's", async () => {
    const stand = await received(pay());
    expect(stand.asked).toEqual([
      [
        "admit",
        { tool: "pay", arguments: CALL.arguments, traceparent: "00-1", credential: { chain: "c", proof: "p" } },
      ],
    ]);
    expect(stand.handled).toEqual([
      request(1, "tools/call", {
        name: "pay",
        arguments: { to: "ACME" },
        _meta: { traceparent: "00-1", progressToken: 1 },
      }),
    ]);
    expect(stand.sent).toEqual([]);
  });

  it.each([
    ["AAAAAAAAAAAAAAAAAAAAAA", {}],
    [5, {}],
    [null, META],
    ["AAAAAAAAAAAAAAAAAAAAAA", META],
  ])("is put to the authorizer with the approval that it names (%j), which no handler sees", async (approval, meta) => {
    const _meta = { ...meta, "dev.hopwise/approval": approval };
    const stand = await received(request("own", "tools/call", { ...CALL, _meta }));
    expect(admitAsked(stand)).toMatchObject({ tool: "pay", approval });
    expect(stand.handled).toHaveLength(1);
    expect(JSON.stringify(stand.handled)).not.toContain("dev.hopwise");
  });

  it("reaches the server with the arguments that were admitted, whatever its caller does to the message meanwhile", async () => {
    const stand = createStand();
    const message = request("own", "tools/call", { name: "pay", arguments: { to: "Mallory" } });
    receive(stand.guard, message, undefined);
    Object.assign(message.params as object, { name: "delete_all", arguments: {} });
    await settled();
    expect(stand.handled).toMatchObject([{ params: { name: "pay", arguments: { to: "ACME" } } }]);
  });

  it("runs within a scope that knows its tool, and decides on its behalf", async () => {
    const scopes: (RequestScope | undefined)[] = [];
    const stand = createStand();
    stand.guard.handler = () => void scopes.push(stand.guard.tools.scope.getStore());
    receive(stand.guard, pay(), undefined);
    receive(stand.guard, request("other", "resources/list"), undefined);
    await settled();
    expect(scopes.map((it) => it?.tool)).toEqual(["pay", undefined]);
    expect(await scopes[0]?.decide({ to: "Globex" })).toMatchObject({ outcome: "allowed" });
    expect(stand.asked.at(-1)).toEqual(["decide", { parsed: { to: "Globex" }, fulfils: true, filters: true }]);
  });

  it("comes to the server with what its transport told of it, as every request does", async () => {
    const stand = createStand({ decide: async () => allowed() });
    const told: unknown[] = [];
    stand.guard.handler = (message, extra) => void told.push([message.method, extra]);
    const extra = { authInfo: { token: "of alice" } };
    const sent = [pay(), request(2, "tools/list"), request(3, "resources/read", { uri: "x:1" }), request(4, "ping")];
    for (const message of sent) receive(stand.guard, message, extra);
    await settled();
    expect(told).toEqual(expect.arrayContaining(sent.map(({ method }) => [method, extra])));
  });

  it("is denied where it is not admitted, and the server never hears of it", async () => {
    const stand = await received(pay(), { admit: async () => denied("agent_unknown") });
    expect([stand.handled, codesIn(stand)]).toEqual([[], ["agent_unknown"]]);
    expect(stand.sent[0]?.message).toMatchObject({ id: "own", result: { isError: true } });
  });

  it("of a tool that is not wrapped is refused as if there were none, on record, and the host is told", async () => {
    const name = `dele"te_${"x".repeat(200)}`;
    const stand = await received(request(1, "tools/call", { name, arguments: {} }));
    expect(stand.handled).toEqual([]);
    const [, refusal] = stand.asked.at(-1) as [string, { code: string; message: string }];
    expect(refusal.code).toBe("tool_unguarded");
    expect(refusal.message).toBe(
      `no guarded tool is called ${JSON.stringify(name.slice(0, 128))}; it was removed, or never added`,
    );
    expect(stand.faults.map(({ message }) => message)).toEqual([refusal.message]);
    expect(codesIn(stand)).toEqual(["policy_denied"]);
  });
});

describe("a resource or a prompt", () => {
  it("is decided before the server is asked, and read with the arguments that were checked", async () => {
    const stand = await received(read, { decide: async () => allowed({ arguments: { uri: "x:checked" } }) });
    expect(stand.asked.map(([what]) => what)).toEqual(["admit", "decide"]);
    expect(stand.asked[1]?.[1]).toEqual({ parsed: undefined, fulfils: true, filters: true });
    expect(stand.handled).toMatchObject([{ method: "resources/read", params: { uri: "x:checked" } }]);
  });

  it("is not read where it is denied, or has to be approved first", async () => {
    for (const [decision, code] of [
      [denied(), "policy_denied"],
      [PENDING, "approval_required"],
    ] as const) {
      const stand = await received(read, { decide: async () => decision });
      expect([stand.handled, codesIn(stand)]).toEqual([[], [code]]);
      expect(stand.sent[0]?.message).toHaveProperty("error");
    }
  });
});

describe("a list", () => {
  it("is admitted before the server is asked, with no arguments of its own", async () => {
    const stand = await received(request(1, "tools/list", { cursor: "c" }));
    expect(admitAsked(stand)).toEqual({ tool: "mcp:tools/list", traceparent: undefined, credential: undefined });
    expect(stand.handled).toEqual([request(1, "tools/list", { cursor: "c" })]);
  });
});

describe("a request about which no authorizer is asked", () => {
  it("passes where it keeps a session going, without chain and proof", async () => {
    const stand = await received(request("own", "ping", { _meta: META }));
    expect(stand.handled).toEqual([request(1, "ping", { _meta: { traceparent: "00-1", progressToken: 1 } })]);
    expect(stand.asked).toEqual([]);
  });

  it("is refused where it could reach data that is not checked, by a name of at most 128 characters", async () => {
    const method = `completion/${"x".repeat(200)}`;
    const stand = await received(request("own", method));
    expect(stand.sent[0]?.message).toMatchObject({
      id: "own",
      error: { code: -32601, data: { code: "method_unguarded" } },
    });
    expect(stand.sent[0]?.message.error?.message).toContain(`"${method.slice(0, 128)}" yet`);
    expect(stand.handled).toEqual([]);
    // Counted as a stranger's, by a name of the same length.
    expect(stand.asked).toMatchObject([["refuse", { tool: method.slice(0, 128) }, { code: "method_unguarded" }]]);
  });

  it("is refused where two readers could take it for two, or one for none", async () => {
    const metas = [null, "meta", ["meta"], { progressToken: {} }, { progressToken: 1.5 }, { progressToken: null }];
    for (const params of [["pay"], "pay", ...metas.map((_meta) => ({ ...CALL, _meta }))]) {
      const stand = await received({ ...request("own", "tools/call"), params } as never);
      expect([codesIn(stand), stand.handled]).toEqual([["arguments_malformed"], []]);
      expect(stand.asked).toMatchObject([["refuse", { tool: "tools/call" }, { code: "arguments_malformed" }]]);
    }
  });
});

describe("a request as the server gets it", () => {
  it("has nothing but what a request has, as it was when it came", async () => {
    const progress: { progressToken: unknown } = { progressToken: 1 };
    const stand = createStand();
    receive(stand.guard, { ...request("own", "ping", { _meta: progress }), result: {}, more: 1 } as never, undefined);
    const list = request("list", "tools/list", { _meta: progress });
    receive(stand.guard, list, undefined);
    // Its caller is in the same process.
    progress.progressToken = {};
    await settled();
    expect(stand.handled).toEqual([
      request(1, "ping", { _meta: { progressToken: 1 } }),
      request(2, "tools/list", { _meta: { progressToken: 1 } }),
    ]);
  });
});

describe("a second request with the id of one that is under way", () => {
  it("ends both: either may come from another caller, who must not get the other's answer", async () => {
    const stand = createStand();
    receive(stand.guard, read, undefined);
    await settled();
    receive(stand.guard, read, undefined);
    await settled();
    expect(stand.handled.map(({ method }) => method)).toEqual(["resources/read", "notifications/cancelled"]);
    expect(stand.handled[1]?.params).toEqual({ requestId: 1, reason: "another request has the same id" });
    expect(stand.sent).toMatchObject([
      {
        message: { id: "own", error: { data: { code: "arguments_malformed" } } },
        options: { relatedRequestId: "own" },
      },
    ]);
    expect(stand.asked.filter(([what]) => what === "admit")).toHaveLength(1);
    expect(stand.guard.flights.all()).toEqual([]);
  });

  it("harms nothing where even that cannot be said", async () => {
    const stand = createStand();
    receive(stand.guard, pay(), undefined);
    stand.guard.inner.send = () => Promise.reject(new Error("the stream is gone"));
    receive(stand.guard, pay(), undefined);
    await settled();
    expect(stand.faults).toEqual([new Error("the stream is gone")]);
  });
});

describe("a request whose check fails", () => {
  it("is denied, and the host alone learns why", async () => {
    const stand = await received(pay(), { admit: () => Promise.reject(new Error("hunter2")) });
    expect([stand.handled, codesIn(stand)]).toEqual([[], ["guard_failed"]]);
    expect(stand.faults).toEqual([new Error("hunter2")]);
    expect(JSON.stringify(stand.sent)).not.toContain("hunter2");
  });

  it("harms nothing where even its denial cannot be sent", async () => {
    const stand = createStand({ admit: () => Promise.reject(new Error("away")) });
    stand.guard.inner.send = () => Promise.reject(new Error("the stream is gone"));
    receive(stand.guard, pay(), undefined);
    await settled();
    expect(stand.faults.map(({ message }) => message)).toEqual(["away", "the stream is gone"]);
  });

  it("is denied where the server's own handler throws", async () => {
    const stand = createStand();
    stand.guard.handler = () => {
      throw new Error("hunter2");
    };
    receive(stand.guard, pay(), undefined);
    await settled();
    expect(codesIn(stand)).toEqual(["result_withheld"]);
  });
});

describe("a request that is withdrawn", () => {
  it("is not handed over any more where it was still being checked, nor answered", async () => {
    const stand = createStand();
    receive(stand.guard, pay(), undefined);
    withdraw(stand.guard, stand.guard.flights.called("own") as never, "bored");
    await settled();
    expect(stand.handled).toEqual([
      { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1, reason: "bored" } },
    ]);
    expect(stand.sent).toEqual([]);
    expect(stand.asked.at(-1)).toMatchObject(["admission.refuse", { code: "call_withdrawn" }]);
  });

  it("is on record, too, where it left while it waited for the turn of its tool", async () => {
    const stand = await received(pay());
    receive(stand.guard, { ...pay(), id: "second" }, undefined);
    await settled();
    withdraw(stand.guard, stand.guard.flights.called("second") as never);
    stand.guard.flights.get(1)?.handedOver?.answered();
    await settled();
    expect(stand.asked.at(-1)).toMatchObject(["admission.refuse", { code: "call_withdrawn" }]);
    expect(stand.handled.map(({ method }) => method)).toEqual(["tools/call", "notifications/cancelled"]);
  });

  it("is reported as withdrawn, once, where it had been allowed", async () => {
    const stand = await received(read);
    const flight = stand.guard.flights.called("own") as never;
    withdraw(stand.guard, flight);
    withdraw(stand.guard, flight);
    expect(stand.outcomes).toEqual([{ outcome: "withdrawn" }]);
  });
});
