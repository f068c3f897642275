import { describe, expect, it } from "vitest";
import { waitingCalls } from "./waiting-calls.ts";

const PAY = { tool: "pay", arguments: { to: "Globex", amount: 5 } };

describe("the calls of a tool set that wait", () => {
  it("are known by their tool and arguments, in whatever order a model writes these", async () => {
    const calls = waitingCalls();
    expect(await calls.named(PAY)).toBeUndefined();
    calls.waits(PAY, "one");
    expect(await calls.named({ tool: "pay", arguments: { amount: 5, to: "Globex" } })).toBe("one");
    expect(await calls.named({ tool: "pay", arguments: { to: "Globex", amount: 6 } })).toBeUndefined();
    expect(await calls.named({ ...PAY, tool: "pay_later" })).toBeUndefined();
  });

  it("are known by what JSON has of their arguments, however deep", async () => {
    const calls = waitingCalls();
    const day = new Date(0);
    calls.waits({ tool: "pay", arguments: [{ 9: 1, 10: { b: day, a: undefined } }] }, "one");
    expect(await calls.named({ tool: "pay", arguments: [{ 10: { b: day.toJSON() }, 9: 1 }] })).toBe("one");
    expect(await calls.named({ tool: "pay", arguments: [{ 10: { b: new Date(1) }, 9: 1 }] })).toBeUndefined();
    expect(await calls.named({ tool: "pay", arguments: [{ 10: {}, 9: 1 }] })).toBeUndefined();
  });

  it("name no request that was used, whoever gave its name", async () => {
    const calls = waitingCalls(() => "kept");
    expect(await calls.named(PAY)).toBe("kept");
    calls.used(PAY);
    expect(await calls.named(PAY)).toBeUndefined();
    calls.waits(PAY, "next");
    expect(await calls.named(PAY)).toBe("next");
  });

  it("name what the host says now, whatever it said, or was remembered, before", async () => {
    let said: unknown = "one";
    const calls = waitingCalls(() => said as never);
    expect(await calls.named(PAY)).toBe("one");
    said = "two";
    expect(await calls.named(PAY)).toBe("two");
    calls.waits(PAY, "three");
    expect(await calls.named(PAY)).toBe("two");
    said = undefined;
    expect(await calls.named(PAY)).toBe("two");
    calls.used(PAY);
    calls.waits(PAY, "four");
    said = "two";
    expect(await calls.named(PAY)).toBe("four");
  });

  it("do not remember what is no name, nor what was not taken for one", async () => {
    let said: unknown;
    const calls = waitingCalls(() => said as never);
    for (said of [5, null, {}, true]) {
      await expect(calls.named(PAY)).rejects.toMatchObject({ code: "config_invalid" });
    }
    said = "odd";
    expect(await calls.named(PAY)).toBe("odd");
    calls.misnamed(PAY);
    said = undefined;
    expect(await calls.named(PAY)).toBeUndefined();
  });

  it("name the request that was made last, where the one before lapsed", async () => {
    const calls = waitingCalls();
    calls.waits(PAY, "one");
    calls.waits(PAY, "two");
    expect(await calls.named(PAY)).toBe("two");
  });

  it("are forgotten one after another where a loop asks for ever", async () => {
    const calls = waitingCalls();
    for (let i = 0; i <= 1000; i++) calls.waits({ tool: "pay", arguments: i }, `request ${i}`);
    expect(await calls.named({ tool: "pay", arguments: 0 })).toBeUndefined();
    expect(await calls.named({ tool: "pay", arguments: 1 })).toBe("request 1");
  });

  it("take arguments that are no JSON for one another, and fail at none", async () => {
    const calls = waitingCalls();
    const circle: { self?: unknown } = {};
    circle.self = circle;
    calls.waits({ tool: "pay", arguments: circle }, "odd");
    calls.used({ tool: "pay", arguments: 5n });
    expect(await calls.named({ tool: "pay", arguments: circle })).toBeUndefined();
  });
});
