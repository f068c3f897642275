import { expect, it } from "vitest";
import { forMore, saysForMore } from "./for-more.ts";

it("what to do where a limit refused is told with the limit and whose it is, and is known again in a message", () => {
  expect(forMore("maxDepth: 8")).toBe("for more, set limits: { maxDepth: 8 } of issuer and verifiers alike");
  expect(forMore("maxDepth: 8", "both")).toBe("for more, set limits: { maxDepth: 8 } of both alike");
  expect(saysForMore(`the chain is too long; ${forMore("maxDepth: 8")}`)).toBe(true);
  expect(saysForMore("the chain is too long, for more of them")).toBe(false);
});
