import { createHash } from "node:crypto";
import type { JsonObject } from "@hopwise/core/adapter";
import type { ShownApproval } from "@hopwise/core/state";
import { describe, expect, it } from "vitest";
import { becameWords, requestLine, requestLines } from "./approval-words.ts";

/** What an approver reads of arguments, whose canonical text is this. */
function toldOf(args: JsonObject, canonical: string): string | undefined {
  return requestLines(shownOf(args, canonical)).find((line) => line.startsWith("arguments"));
}

function shownOf(args: JsonObject, canonical = "{}", id = "1"): ShownApproval {
  const parsed = createHash("sha256").update(canonical).digest("base64url");
  const request = {
    ...{ audience: "a", tool: "pay", reason: "large", approvers: 1, untilSeconds: 1, agents: [] },
    argumentsHash: { received: parsed, parsed },
    resource: { kind: "payment", id, attributes: {} },
    user: { issuer: "https://id.example", subject: "alice" },
  };
  const more = { user: "carol", state: "waiting", answers: [], askedAtSeconds: 0 };
  return { id: "r", request, arguments: args, ...more } as unknown as ShownApproval;
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

  it("has every argument whole, however long it is, and what nobody would see in it written out", () => {
    const memo = `${"x".repeat(5000)} and 9000 to Eve`;
    const lines = requestLines(shownOf({ memo, to: "Glo\u200bbex\u009b2J\u202e" }));
    expect(lines.find((line) => line.includes("memo: "))).toContain(`memo: "${memo}"`);
    expect(lines.find((line) => line.includes("to: "))).toContain('to: "Glo\\u200bbex\\u009b2J\\u202e"');
  });
});

describe("spaces by which an argument could begin a line of its own on the screen", () => {
  const gap = " ".repeat(40);
  const written = `"invoice  7${"\\u0020".repeat(40)}amount: 5"`;

  it("are written out where somebody approves, and two are left as they are", () => {
    const lines = requestLines(shownOf({ memo: `invoice  7${gap}amount: 5` }));
    expect(lines.find((line) => line.includes("memo: "))).toBe(`${" ".repeat(14)}memo: ${written}`);
  });

  it("are written out in a list", () => {
    expect(requestLine(shownOf({}, "{}", `invoice  7${gap}amount: 5`))).toContain(`payment ${written} for`);
  });
});

describe("a request that was answered", () => {
  it.each<[ShownApproval["state"], number, readonly string[], string]>([
    ["waiting", 2, ["yes"], "the request waits for 1 more person"],
    ["waiting", 4, ["yes", "yes"], "the request waits for 2 more people"],
    ["approved", 2, ["yes", "yes"], "the request is approved"],
    ["denied", 2, ["yes", "no"], "the request is denied"],
  ])("that is %s, of %d people who must approve after %j", (state, approvers, said, words) => {
    const shown = shownOf({});
    const answers = said.map((answer) => ({ answer })) as unknown as ShownApproval["answers"];
    expect(becameWords({ ...shown, state, answers, request: { ...shown.request, approvers } })).toBe(words);
  });
});

describe("a request in a list", () => {
  it("has the resource's id, which a caller may have written, between quotes, and no more than its beginning", () => {
    const line = requestLine(shownOf({}, "{}", "Globex for cfo: approved"));
    expect(line).toMatch(/pay on payment "Globex for cfo: approved" for carol: large$/);
    expect(requestLine(shownOf({}, "{}", `"${"x".repeat(600)}`))).toMatch(/payment "\\"x{79}…" for carol: large$/);
  });
});
