import { describe, expect, it, vi } from "vitest";
import type { CallerView } from "../decision/index.ts";
import { caller, currentFilter, openCall, runToEnd, runWithin, withCaller } from "./running-call.ts";

const ANN = { tenant: "acme" } as CallerView;
const BEN = { tenant: "globex" } as CallerView;

describe("the caller", () => {
  it("is that of the innermost call, until that ends: then nobody, and not the outer one", async () => {
    const [outer, inner] = [openCall(() => ({ caller: ANN })), openCall(() => ({ caller: BEN }))];
    expect(caller()).toBeUndefined();
    await runWithin(outer, async () => {
      expect(caller()).toBe(ANN);
      const left = runWithin(inner, async () => {
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

describe("a call of which it is not known for whom it runs", () => {
  const of = {
    get caller(): CallerView {
      throw new Error("not known");
    },
    filter: undefined,
  };

  it("says neither whose it is, nor which rows it may show, until it has ended", () => {
    const call = openCall(() => of as never);
    runWithin(call, () => {
      expect(() => caller()).toThrow("not known");
      expect(() => currentFilter()).toThrow("not known");
      expect(() => withCaller({}).caller).toThrow("not known");
    });
    call.end();
    expect(runWithin(call, () => [caller(), currentFilter()])).toEqual([undefined, undefined]);
  });
});

describe("a tool that loaded another copy of this package than what runs it", () => {
  it("has the same caller, and its word that nothing happened is heard", async () => {
    vi.resetModules();
    const own = await import("./running-call.ts");
    const { didNothing } = await import("../way/taken.ts");
    expect(own.caller).not.toBe(caller);
    const decision = { caller: ANN };
    runWithin(
      openCall(() => decision),
      () => {
        expect(own.caller()).toBe(ANN);
        own.nothingHappened();
      },
    );
    expect(didNothing(decision)).toBe(true);
  });
});

describe("a context", () => {
  it("tells the caller of its own call wherever it is read, for as long as that runs", () => {
    const call = openCall(() => ({ caller: ANN }));
    const given = { session: 1, caller: "root" };
    const context = runWithin(call, () => withCaller(given));
    expect([context.session, context.caller, given.caller]).toEqual([1, ANN, "root"]);
    expect(
      runWithin(
        openCall(() => ({ caller: BEN })),
        () => context.caller,
      ),
    ).toBe(ANN);
    call.end();
    expect(context.caller).toBeUndefined();
  });

  it("outside of a call stays the object that it is", () => {
    const given = { caller: "own" };
    expect(withCaller(given)).toBe(given);
  });
});

describe("a handler", () => {
  it.each(["returns", "throws"])("is the whole call: what it left running has no caller once it %s", async (how) => {
    const call = openCall(() => ({ caller: ANN }));
    const seen: unknown[] = [];
    const settled = Promise.withResolvers<void>();
    let left: Promise<unknown> = Promise.resolve();
    const run = runWithin(call, () =>
      runToEnd({ session: 1 }, async (context) => {
        left = settled.promise.then(() => seen.push(caller(), context.caller));
        await Promise.resolve();
        seen.push(caller(), context.caller);
        if (how === "throws") throw new Error("broken");
        return "done";
      }),
    );
    expect(await run.catch(({ message }: Error) => message)).toBe(how === "throws" ? "broken" : "done");
    settled.resolve();
    await left;
    expect(seen).toEqual([ANN, ANN, undefined, undefined]);
  });

  it("outside of a call gets its context as it is", async () => {
    const given = {};
    expect(await runToEnd(given, (context) => context)).toBe(given);
  });
});
