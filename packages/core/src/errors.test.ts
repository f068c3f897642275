import { inspect } from "node:util";
import { describe, expect, it, vi } from "vitest";
import { HopwiseError, isRefusal, refusalOf } from "./errors.ts";

describe("an error of Hopwise", () => {
  it("is recognised across two copies of the package, in both directions, by instanceof", async () => {
    vi.resetModules();
    const copy = await import("./errors.ts");
    expect(copy.HopwiseError).not.toBe(HopwiseError);
    const theirs: unknown = new copy.HopwiseError("revoked", "m");
    const ours: unknown = new HopwiseError("revoked", "m");
    expect([theirs instanceof HopwiseError, ours instanceof copy.HopwiseError]).toEqual([true, true]);
    expect([isRefusal(theirs), copy.isRefusal(ours)]).toEqual([true, true]);
  });

  it("is not what a caller can write as JSON, nor any other error", () => {
    const written = JSON.parse('{"name":"HopwiseError","code":"revoked","message":"m","dev.hopwise/error":true}');
    for (const other of [written, new Error("m"), null, undefined, "HopwiseError", () => {}]) {
      expect(other instanceof HopwiseError).toBe(false);
    }
  });

  it("is not one of a version that has a code which this one does not know: nothing could be said of it", () => {
    const later = new HopwiseError("revoked", "m");
    Object.defineProperty(later, "code", { value: "budget_exhausted_in_a_later_version" });
    expect(later instanceof HopwiseError).toBe(false);
  });

  it("shows no member that it does not have, and no mark, when it is printed or written down", () => {
    const error = new HopwiseError("grant_argument_refused", "m", { pointer: "/a", hop: undefined });
    expect(inspect(error)).not.toMatch(/undefined|Symbol/);
    expect(Object.keys(error).sort()).toEqual(["code", "name", "pointer"]);
    expect(refusalOf(error)).toStrictEqual({ code: "grant_argument_refused", message: "m", pointer: "/a" });
  });

  it("has everything that was said of it, as plain data", () => {
    const detail = { hop: 2, pointer: "/a", rule: "r", reason: "w", wouldPass: { grantableBy: 1 }, nonce: "n" };
    const cause = new Error("of the host");
    const error = new HopwiseError("grant_argument_refused", "m", { ...detail, cause });
    expect(refusalOf(error)).toStrictEqual({ code: "grant_argument_refused", message: "m", ...detail });
    expect(error.cause).toBe(cause);
    expect(error).toMatchObject(detail);
  });

  it("is safe to print where it may quote a stranger, and whole where it speaks of one's own files", () => {
    const text = "a\u001b[31mred\nline";
    expect(new HopwiseError("policy_denied", text).message).toBe("a [31mred line");
    expect(new HopwiseError("config_invalid", text).message).toBe(text);
  });

  it("points at a place that is safe to print and short where a stranger may have named it, and at one's own as it is", () => {
    const at = (pointer: string, code: "grant_argument_refused" | "config_invalid" = "grant_argument_refused") =>
      new HopwiseError(code, "m", { pointer }).pointer;
    expect(at("/to/0/a b~1c")).toBe("/to/0/a b~1c");
    expect(at("/\u009b31m\u202e\u2028\u001b[31m\n")).toBe("/\\u009b31m\\u202e\\u2028\\u001b[31m\\u000a");
    expect(at(`/${"x".repeat(60_000)}`)).toHaveLength(501);
    for (const own of ["/\u202e", `/${"x".repeat(60_000)}`]) expect(at(own, "config_invalid")).toBe(own);
  });
});
