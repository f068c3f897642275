import { describe, expect, it, vi } from "vitest";
import { inFrontOf } from "./in-front-of.ts";
import type { JsonRpcMessage, McpTransport, SendOptions } from "./jsonrpc.ts";

const PING = { jsonrpc: "2.0", id: 1, method: "ping" } as const;

/** As those of the SDKs are: a class, with members that only its own methods reach. */
class OwnTransport implements McpTransport {
  readonly #sent: unknown[] = [];
  #resolver: unknown;
  onmessage?: () => void;
  onclose?: () => void;
  onerror?: () => void;
  sessionId?: string;
  start = vi.fn(async () => {});
  close = vi.fn(async () => {});
  async send(message: JsonRpcMessage, options?: SendOptions): Promise<void> {
    this.#sent.push([message, options]);
  }
  get sent(): readonly unknown[] {
    return this.#sent;
  }
  setScopeChallengeResolver(resolver: unknown): void {
    this.#resolver = resolver;
  }
  challenge(): unknown {
    return this.#resolver;
  }
}

describe("a transport in front of another one", () => {
  it("hands on what it is told", async () => {
    const inner = new OwnTransport();
    const outer = inFrontOf(inner, {});
    await outer.start();
    await outer.close();
    await outer.send(PING, { relatedRequestId: 2 });
    expect(inner.start).toHaveBeenCalledOnce();
    expect(inner.close).toHaveBeenCalledOnce();
    expect(inner.sent).toEqual([[PING, { relatedRequestId: 2 }]]);
  });

  it.each(["onmessage", "onclose", "onerror", "sessionId"] as const)("has the other one's %s, as it is now", (name) => {
    const inner = new OwnTransport();
    const outer = inFrontOf(inner, {});
    const [own, other] = name === "sessionId" ? ["a", "b"] : [() => {}, () => {}];
    Object.assign(inner, { [name]: own });
    expect(outer[name]).toBe(own);
    Object.assign(outer, { [name]: other });
    expect(inner[name]).toBe(other);
  });

  it("takes what a server tells its transport, of which this package knows nothing: as which scopes its tools want", () => {
    const inner = new OwnTransport();
    const outer = inFrontOf(inner, {});
    const resolver = (): void => {};
    expect("setScopeChallengeResolver" in outer).toBe(true);
    outer.setScopeChallengeResolver(resolver);
    expect(inner.challenge()).toBe(resolver);
    expect(outer).toBeInstanceOf(OwnTransport);
  });

  it("has members of its own, which leave the other one's as they are", async () => {
    const inner = new OwnTransport();
    const send = vi.fn(async () => {});
    const outer = inFrontOf(inner, { send });
    await outer.send(PING);
    expect(send).toHaveBeenCalledWith(PING);
    expect(inner.sent).toEqual([]);
  });

  it("stands in front of one whose members are fixed, too", () => {
    const inner = Object.freeze({ start: async () => {}, close: async () => {}, send: async () => {} });
    const send = async (): Promise<void> => {};
    expect(inFrontOf<McpTransport>(inner, { send }).send).toBe(send);
  });

  it("has no member that the other one does not have", () => {
    const inner: McpTransport = { start: async () => {}, close: async () => {}, send: async () => {} };
    expect(inFrontOf(inner, {}).setProtocolVersion).toBeUndefined();
  });
});
