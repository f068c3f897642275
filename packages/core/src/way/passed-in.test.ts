import { describe, expect, it } from "vitest";
import { DEFAULT_LIMITS } from "../token/index.ts";
import { listedItems, parsedCall, sessionCall } from "./passed-in.ts";

function revoked(of: object): never {
  const { proxy, revoke } = Proxy.revocable(of, {});
  revoke();
  return proxy as never;
}
const failing = new Proxy([{ tool: "pay" }], {
  get: () => {
    throw new Error("hunter2");
  },
});

describe("what is passed in, and fails when it is read", () => {
  it.each<[what: string, read: () => unknown]>([
    ["items, revoked", () => listedItems("list", revoked([]), DEFAULT_LIMITS)],
    ["items that throw", () => listedItems("list", failing, DEFAULT_LIMITS)],
    ["an item, revoked", () => listedItems("list", [revoked({})], DEFAULT_LIMITS)],
    ["an output schema, revoked", () => sessionCall("authorize", { tool: "pay", outputSchema: revoked({}) })],
    ["an output schema, a list that is revoked", () => parsedCall("decide", { outputSchema: revoked([]) })],
    ["an input schema, revoked", () => parsedCall("decide", { inputSchema: revoked({}) })],
  ])("is refused as that: %s", (_, read) => {
    expect(read).toThrow(
      expect.objectContaining({
        code: "config_invalid",
        message: expect.stringMatching(/; got something that fails when it is read$/),
      }),
    );
  });
});
