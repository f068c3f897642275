import { createHash } from "node:crypto";
import type { JsonObject } from "@hopwise/core/adapter";
import type { ShownApproval } from "@hopwise/core/state";
import { describe, expect, it } from "vitest";
import { requestLines } from "./approval-words.ts";

/** What an approver reads of arguments, whose canonical text is this. */
function toldOf(args: JsonObject, canonical: string): string | undefined {
  const parsed = createHash("sha256").update(canonical).digest("base64url");
  const request = {
    ...{ audience: "a", tool: "pay", reason: "large", approvers: 1, untilSeconds: 1, agents: [] },
    argumentsHash: { received: parsed, parsed },
    resource: { kind: "payment", id: "1", attributes: {} },
    user: { issuer: "https://id.example", subject: "alice" },
  };
  const shown = { id: "r", request, arguments: args, answers: [], askedAtSeconds: 0 } as unknown as ShownApproval;
  return requestLines(shown).find((line) => line.startsWith("arguments"));
}

describe("a request, as who approves it sees it", () => {
  it.each<[string, JsonObject, string]>([
    ["ordered as letters", { b: [{ d: 1, c: 2 }], a: null }, '{"a":null,"b":[{"c":2,"d":1}]}'],
    ["that are numbers", { 9: 1, 10: 2, "": 3 }, '{"":3,"10":2,"9":1}'],
    ["that objects have", { b: 1, constructor: { y: 1, x: 2 } }, '{"b":1,"constructor":{"x":2,"y":1}}'],
  ])("says that all arguments are shown, also with names %s", (_, args, canonical) => {
    expect(toldOf(args, canonical)).toBe("arguments  these, and no others:");
  });

  it.each<[string, JsonObject, string]>([
    ["that were left out", { to: "Globex" }, '{"amount":5,"to":"Globex"}'],
    ["that no call can have", JSON.parse('{"__proto__":{"x":2}}'), '{"__proto__":{"x":2}}'],
    ["of which there is no canonical text", { to: "\ud800" }, '{"to":"\ud800"}'],
  ])("says that not all are shown where there are some %s", (_, args, canonical) => {
    expect(toldOf(args, canonical)).toContain("not all are shown");
  });
});
