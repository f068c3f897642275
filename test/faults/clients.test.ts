/** A client waits for what its host program gave: a source of delegations, what names an approval, a key store. */
import * as aiSdk from "@hopwise/ai-sdk";
import { createMcpClient, type DelegatedMcpClientOptions } from "@hopwise/ai-sdk/mcp";
import { type HeldDelegation, HopwiseError, hold, parseDelegation, serialize } from "@hopwise/core";
import { createCompany } from "@hopwise/core/testing";
import * as mcp from "@hopwise/mcp";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FAULTS, hangs } from "./host-faults.ts";

type AnyFunction = (...args: never) => unknown;

/** A call for which a host's function is asked, and what is sent once it answers. */
type Start = (misbehave: AnyFunction, sent: unknown[], signal?: AbortSignal) => Promise<unknown>;

/** A row for each member of the options that is, or may be, a function. A text says why nobody waits for it. */
type Waits<T> = {
  readonly [Name in keyof T as Extract<NonNullable<T[Name]>, AnyFunction> extends never ? never : Name]-?:
    | Start
    | string;
};

const company = await createCompany();
const held = await company.chain("alice", "planner");
const audience = company.audience;
const CALL = {
  jsonrpc: "2.0",
  id: 1,
  method: "tools/call",
  params: { name: "read_invoice", arguments: { id: "1" } },
} as const;

const withSigner = async (sign: AnyFunction): Promise<HeldDelegation> =>
  hold(await parseDelegation(serialize(held)), { publicJwk: held.signer.publicJwk, sign: sign as never });

/** Answers once, so that what asks first goes on. */
const afterOne = (misbehave: AnyFunction): (() => Promise<HeldDelegation>) => {
  let times = 0;
  return async () => (times++ === 0 ? held : misbehave(...([] as never))) as Promise<HeldDelegation>;
};

const fetching =
  (own: (misbehave: AnyFunction) => object | Promise<object>): Start =>
  async (misbehave, sent, signal) => {
    const post = async (...given: unknown[]): Promise<Response> => {
      sent.push(given);
      return new Response();
    };
    const options = { delegation: held, audience, ...(await own(misbehave)) } as mcp.CarryOptions;
    const init = { method: "POST", body: JSON.stringify(CALL), ...(signal && { signal }) };
    return mcp.carryingFetch(options, post)(audience, init);
  };

const sending =
  (own: (misbehave: AnyFunction) => object | Promise<object>): Start =>
  async (misbehave, sent, signal) => {
    const none = async (): Promise<void> => {};
    const send = async ({ method }: mcp.JsonRpcMessage): Promise<void> => {
      if (method === CALL.method) sent.push(method);
    };
    const options = { delegation: held, audience, ...(await own(misbehave)) } as mcp.CarryOptions;
    const carried = mcp.carryOver<mcp.McpTransport>({ start: none, close: none, send }, options);
    signal?.addEventListener("abort", () => {
      void carried.send({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: CALL.id } });
    });
    return carried.send(CALL);
  };

const carrying = (start: typeof fetching): Waits<mcp.CarryOptions> & { readonly signer: Start } => ({
  delegation: start((delegation) => ({ delegation })),
  approvals: start((approvals) => ({ approvals })),
  clock: "must answer at once",
  signer: start(async (sign) => ({ delegation: await withSigner(sign) })),
});

/** A client of a server that has one tool, over a transport in memory. */
async function clientWith(own: Partial<DelegatedMcpClientOptions>, sent: unknown[] = []) {
  const results: { readonly [method: string]: object } = {
    initialize: { protocolVersion: "2025-06-18", capabilities: { tools: {} }, serverInfo: { name: "s", version: "1" } },
    "tools/list": { tools: [{ name: "read_invoice", inputSchema: { type: "object" } }] },
  };
  const transport: mcp.McpTransport = {
    start: async () => {},
    close: async () => {},
    send: async ({ id, method = "" }) => {
      if (method === CALL.method) sent.push(method);
      const result = results[method] as Record<string, unknown> | undefined;
      if (id !== undefined && result !== undefined) transport.onmessage?.({ jsonrpc: "2.0", id, result });
    },
  };
  return createMcpClient({ transport: transport as never, delegation: held, audience, ...own });
}

const ofClients: Waits<DelegatedMcpClientOptions> & { readonly [more: string]: Start | string } = {
  delegation: async (delegation) => (await clientWith({ delegation: delegation as never })).tools(),
  "delegation, once the list is there": async (delegation) =>
    (await clientWith({ delegation: afterOne(delegation) })).tools(),
  approvals: async (approvals, sent) => {
    const tools = await (await clientWith({ approvals: approvals as never }, sent)).tools();
    return tools["read_invoice"]?.execute?.({ id: "1" }, { toolCallId: "1", messages: [] } as never);
  },
  onUncaughtError: "is told of an error",
};

const ofLoops: Waits<aiSdk.AuthorizeToolsOptions> & { readonly [more: string]: Start | string } = {
  delegation: (delegation) =>
    aiSdk.authorizeTools({}, { authorizer: company.authorizer(), delegation: delegation as never }),
  "delegation, once the session is open": async (misbehave) => {
    const delegation = (() => source()) as () => Promise<HeldDelegation>;
    let source: () => unknown = async () => held;
    const tools = await (await clientWith({ delegation })).tools();
    source = afterOne(misbehave);
    return aiSdk.authorizeTools(tools, { authorizer: company.authorizer(), delegation });
  },
  approvals: async (approvals, sent) => {
    const pay: aiSdk.AnyTool = { execute: async () => void sent.push("ran") };
    const options = { authorizer: company.authorizer(), delegation: held, approvals: approvals as never };
    const tools = await aiSdk.authorizeTools({ read_invoice: pay }, options);
    return tools.read_invoice.execute?.({ id: "1" } as never, {} as never);
  },
};

const doors = {
  carryingFetch: carrying(fetching),
  carryOver: carrying(sending),
  createMcpClient: ofClients,
  authorizeTools: ofLoops,
};
const rows = Object.entries(doors).flatMap(([door, waits]) =>
  Object.entries(waits).flatMap(([name, start]: [string, Start | string]) =>
    typeof start === "string" ? [] : [[`${door}: ${name}`, start] as const],
  ),
);
const HANGS = Object.entries(FAULTS).filter(([what]) => hangs(what));

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

/** What came of it; undefined while it is under way. */
function watched(run: Promise<unknown>): { settled?: unknown } {
  const seen: { settled?: unknown } = {};
  run.then(
    () => Object.assign(seen, { settled: "it went on" }),
    (error: unknown) => Object.assign(seen, { settled: error }),
  );
  return seen;
}

const turns = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
};

/** The same function, and when it was first asked: signing before that takes as long as it takes. */
function noting(misbehave: AnyFunction): { readonly ask: AnyFunction; readonly asked: Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const ask = (...given: never): unknown => {
    resolve();
    return misbehave(...given);
  };
  return { ask, asked: promise };
}

describe("a call of a client", () => {
  it.each(rows)("ends in time, and nothing is sent, where its host gives no answer: %s", async (name, start) => {
    expect(HANGS.length).toBeGreaterThan(1);
    for (const [, misbehave] of HANGS) {
      const sent: unknown[] = [];
      const { ask, asked } = noting(misbehave as AnyFunction);
      const seen = watched(start(ask, sent));
      await asked;
      await turns();
      expect(seen.settled).toBeUndefined();
      await vi.advanceTimersByTimeAsync(10_000);
      await turns();
      // What a loop calls tells the model, and browsers, no more than that.
      if (name === "authorizeTools: approvals") expect(String(seen.settled)).toContain("could not be checked");
      else expect(seen.settled).toBeInstanceOf(HopwiseError);
      if (seen.settled instanceof HopwiseError) {
        expect(seen.settled.code).toMatch(/^(signing_failed|delegation_unavailable)$/);
      }
      expect(sent).toEqual([]);
    }
  });

  const aborted = rows.filter(([name]) => name.startsWith("carry"));
  it.each(aborted)("ends soon after its caller does not want it any more, and is never sent: %s", async (_, start) => {
    let answer = (_: unknown): void => {};
    const late = () =>
      new Promise((resolve) => {
        answer = resolve;
      });
    const sent: unknown[] = [];
    const controller = new AbortController();
    const { ask, asked } = noting(late);
    const seen = watched(start(ask, sent, controller.signal));
    await asked;
    await turns();
    expect(seen.settled).toBeUndefined();
    const reason = new Error("the request was cancelled before it was sent");
    controller.abort(reason);
    await vi.advanceTimersByTimeAsync(20);
    await turns();
    expect(seen.settled).toEqual(reason);
    answer(held);
    await turns();
    expect(sent).toEqual([]);
  });

  it("is not begun where its caller had left before", async () => {
    const asked: unknown[] = [];
    const start = fetching((delegation) => ({ delegation }));
    const seen = watched(start(() => asked.push("asked"), [], AbortSignal.abort("left")));
    await turns();
    expect([seen.settled, asked]).toEqual(["left", []]);
  });
});
