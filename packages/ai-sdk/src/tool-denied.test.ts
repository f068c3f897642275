import type { Allowed } from "@hopwise/core";
import { expect, it } from "vitest";
import { notShown } from "./tool-denied.ts";

it("a result that may not be shown is told with the call's record, and the host program learns why", () => {
  const why = new Error("the result has no /iban");
  const error = notShown({ invocation: "i-1" } as Allowed, "result_withheld", why);
  const { code, message, retryable, invocation, decision, cause } = error;
  expect({ code, retryable, invocation, decision, cause }).toEqual({
    ...{ code: "result_withheld", retryable: false, invocation: "i-1", decision: undefined },
    cause: why,
  });
  expect(message).toMatch(/^Not allowed \(result_withheld\)\. /);
  expect(message).not.toContain("iban");
});
