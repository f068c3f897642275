import { describe, expect, it } from "vitest";
import { wireView } from "./wire-view.ts";

describe("what leaves of a denial", () => {
  it("is the code with its words, whether to try again, the record's name, the hop and the nonce, in this order", () => {
    const view = wireView({ code: "proof_nonce_required", invocation: "abc", hop: 2, nonce: "n-1" });
    expect(Object.keys(view)).toEqual(["code", "message", "retryable", "invocation", "hop", "nonce"]);
    expect(view).toMatchObject({
      code: "proof_nonce_required",
      retryable: true,
      invocation: "abc",
      hop: 2,
      nonce: "n-1",
    });
  });

  it("says of everything that policies deny, or that is not there, that the user may not have it", () => {
    const denied = wireView({ code: "policy_denied", hop: 2, invocation: "abc" });
    expect(denied.hop).toBe(0);
    expect(wireView({ code: "resource_unknown", invocation: "abc" })).toEqual(denied);
  });

  it("names no record where a guard refused by itself, and no hop where none was refused", () => {
    expect(Object.keys(wireView({ code: "guard_failed" }))).toEqual(["code", "message", "retryable"]);
  });
});
