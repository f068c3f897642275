import { expect, it } from "vitest";
import { addUp } from "./obligations.ts";

it("gives obligations that nobody changes any more: sinks are told of them before they are fulfilled", () => {
  const owed = addUp([
    { redact: ["/iban"], limit: { "/rows": 5 } },
    { redact: [], limit: { "/rows": 3 } },
  ]);
  expect(owed).toEqual({ redact: ["/iban"], limit: { "/rows": 3 } });
  for (const part of [owed, owed.redact, owed.limit, addUp([])]) expect(Object.isFrozen(part)).toBe(true);
});
