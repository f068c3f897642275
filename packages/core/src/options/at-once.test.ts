import { describe, expect, it } from "vitest";
import { HopwiseError, isOwn } from "../errors.ts";
import { HopwiseError as HostsError } from "../host-error.ts";
import { answeringAtOnce, behavedClock, behavedRule, secondsBy } from "./at-once.ts";

const rejecting = () => Promise.reject(new Error("nobody waits for it")) as never;
const failing = () => {
  throw new Error("no answer");
};

describe("a function of a host that must answer at once", () => {
  it("gives its answer, called as it was", () => {
    const host = {
      rate: 2,
      of: answeringAtOnce(
        function (this: { rate: number }, n: number) {
          return this.rate * n;
        } as (n: number) => number,
        "a rate",
      ),
    };
    expect(host.of(3)).toBe(6);
  });

  it.each<[string, () => unknown]>([
    ["a promise", async () => 5],
    ["a promise that rejects", rejecting],
    // biome-ignore lint/suspicious/noThenProperty: another library's promise
    ["a promise of another make", () => ({ then: () => {} })],
  ])("refuses %s in its place, and handles what becomes of it", (_, run) => {
    expect(() => answeringAtOnce(run, "a rate")()).toThrow(
      expect.objectContaining({
        code: "attributes_invalid",
        message: "a rate, must answer at once, and gave a promise",
      }),
    );
  });

  it("is a clock without a time where it throws, or gives something else than a number", () => {
    for (const clock of [rejecting, failing, () => "5", () => 5n, () => new Date(), () => undefined]) {
      expect(behavedClock(clock as never)()).toBeNaN();
    }
    // In seconds, in microseconds, in nanoseconds; and what is no time at all.
    for (const time of [1.8e9, 1.8e15, 1.8e18, -1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      expect(behavedClock(() => time)()).toBeNaN();
    }
    for (const time of [0, 1.8e12, 9.9e13]) expect(behavedClock(() => time)()).toBe(time);
    expect(behavedClock(() => 1500)()).toBe(1500);
  });

  it("is a rule that says yes by nothing but true", () => {
    for (const answer of [1, "yes", {}, Promise.resolve(true), undefined]) {
      expect(behavedRule(() => answer, "a rule")()).toBe(false);
    }
    expect(behavedRule(() => true, "a rule")()).toBe(true);
    expect(() => behavedRule(failing, "a rule")()).toThrow(expect.objectContaining({ code: "guard_failed" }));
  });
});

it("a time is told in seconds, or refused: with the name of the function, where its caller gets the error", () => {
  expect(secondsBy(() => 1500)).toBe(1.5);
  expect(() => secondsBy(() => Number.NaN)).toThrow(expect.objectContaining({ code: "state_unavailable" }));
  const refusal = { code: "config_invalid", message: expect.stringMatching(/^issue: /), pointer: "/clock" };
  expect(() => secondsBy(() => Number.NaN, "issue")).toThrow(expect.objectContaining(refusal));
});

describe("a clock", () => {
  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, "2000" as never, undefined as never])(
    "that says %s gave no time: every comparison with it would be false, also those that refuse",
    (said) => {
      const refusal = {
        code: "state_unavailable",
        message: "the clock gave no time in milliseconds since the epoch",
      };
      expect(() => secondsBy(() => said)).toThrow(expect.objectContaining(refusal));
    },
  );
});

describe("the text of an error", () => {
  it("is ours where this package wrote it, and a host's where a host did, by whatever class", () => {
    class Derived extends HostsError {}
    expect(isOwn(new HopwiseError("revoked", "m"))).toBe(true);
    for (const theirs of [
      new HostsError("revoked", "m"),
      new Derived("revoked", "m"),
      new Error("m"),
      "m",
      undefined,
    ]) {
      expect(isOwn(theirs)).toBe(false);
    }
    expect(isOwn(Object.create(new HopwiseError("revoked", "m")))).toBe(false);
  });

  it("is of one class for whoever catches it", () => {
    expect(new HopwiseError("revoked", "m")).toBeInstanceOf(HostsError);
    expect(new HostsError("revoked", "m")).toBeInstanceOf(HopwiseError);
    expect(new HostsError("revoked", "m").constructor.name).toBe("HopwiseError");
  });
});
