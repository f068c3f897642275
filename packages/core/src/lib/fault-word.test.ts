import { describe, expect, it } from "vitest";
import { HopwiseError } from "../host-error.ts";
import { faultWord, whyNoAnswer } from "./fault-word.ts";

const coded = (code: unknown, message = "hunter2"): Error => Object.assign(new Error(message), { code });

describe("what may be told of somebody else's error", () => {
  it.each<[string, unknown, string | undefined]>([
    ["its code", coded("ECONNREFUSED"), "ECONNREFUSED"],
    ["the code of the error behind it", new TypeError("fetch failed", { cause: coded("ENOTFOUND") }), "ENOTFOUND"],
    ["its class", new RangeError("hunter2"), "RangeError"],
    ["its class before what stands behind it", new RangeError("x", { cause: new TypeError("y") }), "RangeError"],
    [
      "the class of what stands behind an error of no class",
      new Error("x", { cause: new TypeError("y") }),
      "TypeError",
    ],
    ["nothing of a class that is a sentence", Object.assign(new Error("x"), { name: "for hunter2" }), undefined],
    ["nothing of an error of no class", new Error("hunter2"), undefined],
    ["nothing of a code that is a sentence", coded("the password is hunter2"), undefined],
    ["nothing of a code that is an address", coded("postgres://admin:hunter2@db"), undefined],
    ["nothing of a code with a line in it", coded("E\nallowed"), undefined],
    ["nothing of a long code", coded("E".repeat(65)), undefined],
    ["nothing of an error of ours that a host threw", new HopwiseError("revoked", "hunter2"), undefined],
    ["nothing of a number", coded(14), undefined],
    ["nothing of a text", "hunter2", undefined],
    ["nothing of nothing", undefined, undefined],
  ])("is %s", (_, error, word) => {
    expect(faultWord(error)).toBe(word);
  });

  it("is nothing where it throws when it is looked at, and comes to an end where it stands behind itself", () => {
    const trap = new Proxy({}, { get: () => expect.fail("hunter2") });
    const circle = new Error("x") as Error & { cause?: unknown };
    circle.cause = circle;
    expect([faultWord(trap), faultWord(circle)]).toEqual([undefined, undefined]);
  });

  it("is put in words where it is of a connection", () => {
    expect(whyNoAnswer(new TypeError("fetch failed", { cause: coded("ECONNREFUSED") }))).toBe(
      "connection refused (ECONNREFUSED)",
    );
    expect(whyNoAnswer(new TypeError("hunter2"))).toBe("the request failed (TypeError)");
    expect(whyNoAnswer("hunter2")).toBe("the request failed");
    expect(whyNoAnswer(coded("constructor"))).toBe("the request failed (constructor)");
  });
});
