import { describe, expect, it } from "vitest";
import { returnedResult } from "./remote-result.ts";
import { ToolDenied } from "./tool-denied.ts";
import { ToolPending } from "./tool-pending.ts";

const thrownBy = (result: unknown): unknown => {
  try {
    return ["returned", returnedResult(result)];
  } catch (error) {
    return error;
  }
};

const denial = (data: unknown) => ({
  content: [{ type: "text", text: "Not allowed (policy_denied). Why." }],
  isError: true,
  _meta: { "dev.hopwise/denial": data },
});

describe("the result of a remote call", () => {
  it.each([
    { content: [{ type: "text", text: "paid" }] },
    { content: [{ type: "text", text: "paid" }], isError: false },
    // What a tool's own output schema made of a result.
    { isError: true, reason: "none" },
    { isError: true, content: "paid" },
    "paid",
    null,
    undefined,
  ])("is given as it is where the tool ran: %j", (result) => {
    expect(returnedResult(result)).toBe(result);
  });

  it("is a ToolDenied where the server denied the call, with what the server says of it", () => {
    const error = thrownBy(denial({ code: "policy_denied", retryable: true, invocation: "i-1" })) as ToolDenied;
    expect(error).toBeInstanceOf(ToolDenied);
    expect(error.message).toBe("Not allowed (policy_denied). Why.");
    expect([error.code, error.retryable, error.invocation, error.decision]).toEqual([
      "policy_denied",
      true,
      "i-1",
      undefined,
    ]);
  });

  it("is a ToolPending where the call waits for people, with all that the server says of it", () => {
    const told = { request: "r-1", reason: "large", approvers: 2, invocation: "i-1", url: "https://acme.example/r-1" };
    const waits = { ...denial(undefined), _meta: { "dev.hopwise/pending": { ...told, until: 1_800_000_000 } } };
    const error = thrownBy(waits) as ToolPending;
    expect(error).toBeInstanceOf(ToolPending);
    const { request, reason, approvers, untilSeconds, invocation, url, decision } = error;
    expect({ request, reason, approvers, untilSeconds, invocation, url, decision }).toEqual({
      ...told,
      untilSeconds: 1_800_000_000,
      decision: undefined,
    });
  });

  it("is never retryable by anything but true, and names no record that is no text", () => {
    const error = thrownBy(
      denial({ code: "policy_denied", retryable: "yes", invocation: { toString: 1 } }),
    ) as ToolDenied;
    expect([error.retryable, error.invocation]).toEqual([false, undefined]);
  });

  it.each([
    [denial(undefined)],
    [denial(null)],
    [denial("denied")],
    [denial({ code: 7 })],
    [{ isError: true, content: [] }],
  ])("is an error where the tool failed, or the server says nothing that can be understood: %j", (result) => {
    const error = thrownBy(result) as Error;
    expect([error instanceof Error, error instanceof ToolDenied, error.cause]).toEqual([true, false, result]);
    expect(error.message).toBe(result.content.length === 0 ? "The tool failed." : "Not allowed (policy_denied). Why.");
  });
});
