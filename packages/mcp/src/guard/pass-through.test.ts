import { describe, expect, it, vi } from "vitest";
import type { McpTransport } from "../protocol/index.ts";
import { createWire } from "./guard.fixture.ts";
import { passThrough } from "./pass-through.ts";

describe("a transport in front of another one", () => {
  it("hands on what it is told", async () => {
    const { inner, sent } = createWire();
    const calls = { start: vi.fn(inner.start), close: vi.fn(inner.close), setProtocolVersion: vi.fn() };
    const outer = passThrough(Object.assign(inner, calls));
    await outer.start();
    await outer.close();
    outer.setProtocolVersion?.("2025-06-18");
    const ping = { jsonrpc: "2.0", id: 1, method: "ping" } as const;
    await outer.send(ping, { relatedRequestId: 2 });
    expect(calls.start).toHaveBeenCalledOnce();
    expect(calls.close).toHaveBeenCalledOnce();
    expect(calls.setProtocolVersion).toHaveBeenCalledWith("2025-06-18");
    expect(sent).toEqual([{ message: ping, options: { relatedRequestId: 2 } }]);
  });

  it.each(["onmessage", "onclose", "onerror", "sessionId"] as const)("has the other one's %s, as it is now", (name) => {
    const { inner } = createWire();
    const outer = passThrough(inner);
    const [own, other] = name === "sessionId" ? ["a", "b"] : [() => {}, () => {}];
    Object.assign(inner, { [name]: own });
    expect(outer[name]).toBe(own);
    Object.assign(outer, { [name]: other });
    expect(inner[name]).toBe(other);
  });

  it("needs no protocol version to be taken", () => {
    const { inner } = createWire();
    expect((inner as McpTransport).setProtocolVersion).toBeUndefined();
    expect(() => passThrough(inner).setProtocolVersion?.("2025-06-18")).not.toThrow();
  });
});
