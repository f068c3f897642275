import type { CallerView } from "@hopwise/core/adapter";
import { describe, expect, it } from "vitest";
import { caller, type RunningCall, runWithin, withCaller } from "./running-call.ts";

const ANN = { tenant: "acme" } as CallerView;
const BEN = { tenant: "globex" } as CallerView;

/** A call that the test ends. */
function callOf(found: CallerView): { readonly call: RunningCall; end(): void } {
  let ended = false;
  return {
    call: {
      get caller() {
        return ended ? undefined : found;
      },
    },
    end: () => {
      ended = true;
    },
  };
}

describe("the caller", () => {
  it("is that of the innermost call, until that ends: then nobody, and not the outer one", async () => {
    const [outer, inner] = [callOf(ANN), callOf(BEN)];
    expect(caller()).toBeUndefined();
    await runWithin(outer.call, async () => {
      expect(caller()).toBe(ANN);
      const left = runWithin(inner.call, async () => {
        expect(caller()).toBe(BEN);
        await Promise.resolve();
        inner.end();
        expect(caller()).toBeUndefined();
      });
      expect(caller()).toBe(ANN);
      await left;
      expect(caller()).toBe(ANN);
    });
    expect(caller()).toBeUndefined();
  });
});

describe("a context", () => {
  it("tells the caller of its own call wherever it is read, for as long as that runs", () => {
    const { call, end } = callOf(ANN);
    const given = { session: 1, caller: "root" };
    const context = runWithin(call, () => withCaller(given));
    expect([context.session, context.caller, given.caller]).toEqual([1, ANN, "root"]);
    expect(runWithin(callOf(BEN).call, () => context.caller)).toBe(ANN);
    end();
    expect(context.caller).toBeUndefined();
  });

  it("outside of a call stays the object that it is", () => {
    const given = { caller: "own" };
    expect(withCaller(given)).toBe(given);
  });
});
