import { createCompany } from "@hopwise/core/testing";
import { describe, expect, it } from "vitest";
import { checkMayChange } from "./check-may-change.ts";

const authorizer = (await createCompany()).authorizer();
const check = (mayChange: unknown) => () => checkMayChange(mayChange as never, authorizer);

describe("what policies may do to results", () => {
  it("is said by JSON pointers, for tools that the tool map knows", () => {
    expect(check({})).not.toThrow();
    expect(check({ send_payment: { redact: ["/iban", "/lines/*/a~1b"], limit: ["/lines"] } })).not.toThrow();
  });

  it.each([
    ["a pointer without a slash", { send_payment: { redact: ["iban"] } }],
    ["the whole result", { send_payment: { limit: [""] } }],
    ["one pointer that is no list", { send_payment: { redact: "/iban" } }],
    ["limits with their numbers, which only policies give", { send_payment: { limit: { "/lines": 1 } } }],
    ["another word", { send_payment: { hide: ["/iban"] } }],
    ["a tool that the map does not know", { pay: { redact: ["/iban"] } }],
  ])("is refused with %s", (_, mayChange) => {
    expect(check(mayChange)).toThrow(expect.objectContaining({ code: "config_invalid" }));
  });
});
