import { describe, expect, it, vi } from "vitest";

describe("which function decides a call, and which carries it to its server", () => {
  it("is known to every copy of this package: no call is decided, and spent, twice", async () => {
    const one = await import("./own-execute.ts");
    vi.resetModules();
    const other = await import("./own-execute.ts");
    expect(other.bindingOf).not.toBe(one.bindingOf);
    const [deciding, bound] = [() => {}, () => {}];
    const binding = { audience: "https://pay.example/mcp", tool: "pay", delegation: async () => expect.unreachable() };
    one.noteDeciding(deciding);
    one.bindExecute(bound, binding);
    expect([other.isDeciding(deciding), other.bindingOf(bound)]).toEqual([true, binding]);
    // By identity alone: a function round it is another one.
    expect([other.isDeciding(() => deciding()), other.bindingOf(() => bound())]).toEqual([false, undefined]);
  });
});
