import { describe, expect, it, vi } from "vitest";
import { memoryState, type State } from "../state/index.ts";
import { changesOf } from "./changes.ts";

const withChanges = (onChange: unknown): State => ({ revocations: { find: () => undefined, onChange } }) as never;

describe("who listens to an authorizer", () => {
  it("is told that something was revoked, or lifted, until it ends that; what it throws ends nothing", async () => {
    const state = memoryState();
    const told = vi.fn(() => {
      throw new Error("hunter2");
    });
    const end = changesOf({ state, trust: [] }, told);
    state.revocations.revoke({ agent: "planner" });
    await state.revocations.lift({ agent: "planner" });
    expect(told).toHaveBeenCalledTimes(2);
    end();
    end();
    state.revocations.revoke({ agent: "planner" });
    expect(told).toHaveBeenCalledTimes(2);
  });

  it.each<[string, State | undefined]>([
    ["no state", undefined],
    ["a state that cannot tell", { revocations: { find: () => undefined } } as never],
    ["one that throws", withChanges(() => Promise.reject(new Error("x")))],
    [
      "one that fails at once",
      withChanges(() => {
        throw new Error("x");
      }),
    ],
    ["one whose method is none", withChanges(5)],
    ["one whose end throws", withChanges(() => () => Promise.reject(new Error("x")))],
  ])("hears nothing of %s, and does no harm", async (_, state) => {
    changesOf({ ...(state && { state }), trust: [] }, () => {})();
    await new Promise((resolve) => setImmediate(resolve));
  });

  it("is a function", () => {
    expect(() => changesOf({ trust: [] }, "x" as never)).toThrow(/listener must be/);
  });
});
