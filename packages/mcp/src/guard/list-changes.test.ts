import type { Authorizer } from "@hopwise/core";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { MessageExtra } from "../protocol/index.ts";
import { createFakeAuthorizer, createWire, request, settled, toolsNamed } from "./guard.fixture.ts";
import { guardTransport } from "./guard-transport.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => void vi.useRealTimers());

const HTTP: MessageExtra = { requestInfo: { headers: {} } };
const EVERY_LIST = { tools: { listChanged: true }, resources: { listChanged: true }, prompts: { listChanged: true } };

/** A session whose client was told these capabilities. */
async function session(capabilities: object, extra?: MessageExtra, sessionId?: string) {
  const wire = createWire();
  const listeners = new Set<() => void>();
  const onChange: Authorizer["onChange"] = (listener) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  };
  const authorizer = { ...createFakeAuthorizer().authorizer, onChange };
  if (sessionId !== undefined) Object.assign(wire.inner, { sessionId });
  const transport = guardTransport(wire.inner, { authorizer, tools: toolsNamed("pay") });
  let id: unknown;
  transport.onmessage = (message) => {
    id = message.id;
  };
  transport.onclose = () => {};
  wire.inner.onmessage?.(request("i", "initialize"), extra);
  await settled();
  await transport.send({ jsonrpc: "2.0", id: id as number, result: { capabilities } });
  const begin = (): void => wire.inner.onmessage?.({ jsonrpc: "2.0", method: "notifications/initialized" }, extra);
  begin();
  const told = wire.sent[0]?.message.result?.["capabilities"];
  wire.sent.length = 0;
  return { ...wire, told, listeners, begin, change: () => listeners.forEach((tell) => void tell()) };
}

const methods = ({ sent }: Pick<Awaited<ReturnType<typeof session>>, "sent">): readonly unknown[] =>
  sent.map(({ message }) => message.method);
const ALL = ["tools", "resources", "prompts"].map((list) => `notifications/${list}/list_changed`);

describe("a client whose server told it that lists may change", () => {
  it("hears that something was revoked or lifted, at most once a second", async () => {
    const open = await session(EVERY_LIST);
    for (let i = 0; i < 50; i++) open.change();
    await vi.advanceTimersByTimeAsync(0);
    expect(methods(open)).toEqual(ALL);
    open.change();
    await vi.advanceTimersByTimeAsync(999);
    expect(methods(open)).toEqual(ALL);
    await vi.advanceTimersByTimeAsync(1);
    expect(methods(open)).toEqual([...ALL, ...ALL]);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(methods(open)).toHaveLength(6);
    expect(JSON.stringify(open.sent)).not.toMatch(/params|relatedRequestId/);
  });

  it("hears of those lists alone that its server has, and was told so of each, also by a server that does not say it", async () => {
    const open = await session({ tools: {}, prompts: { listChanged: false }, logging: {}, resources: "none" });
    expect(open.told).toEqual({ tools: { listChanged: true }, prompts: { listChanged: true }, logging: {} });
    open.change();
    await vi.advanceTimersByTimeAsync(0);
    expect(methods(open)).toEqual([ALL[0], ALL[2]]);
  });

  it("is listened for once, and not at all once it has gone", async () => {
    const open = await session(EVERY_LIST);
    open.begin();
    expect(open.listeners.size).toBe(1);
    open.change();
    open.inner.onclose?.();
    await vi.advanceTimersByTimeAsync(5000);
    expect([open.listeners.size, methods(open)]).toEqual([0, []]);
    open.begin();
    expect(open.listeners.size).toBe(0);
  });

  it("is told over HTTP where it has a session, and never where each request stands alone", async () => {
    expect((await session(EVERY_LIST, HTTP, "s1")).listeners.size).toBe(1);
    const alone = await session({ tools: {} }, HTTP);
    expect([alone.listeners.size, alone.told]).toEqual([0, { tools: {} }]);
  });

  it("is told nothing where its server has no lists", async () => {
    for (const capabilities of [{}, { logging: { listChanged: true } }]) {
      expect((await session(capabilities)).listeners.size).toBe(0);
    }
  });

  it("that does not take the notice ends nothing", async () => {
    const open = await session(EVERY_LIST);
    open.inner.send = () => Promise.reject(new Error("gone"));
    open.change();
    await vi.advanceTimersByTimeAsync(0);
    expect(open.faults).toEqual([]);
  });
});
