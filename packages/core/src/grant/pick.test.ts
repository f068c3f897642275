import { describe, expect, it } from "vitest";
import { errorOf } from "../world.fixture.ts";
import {
  anyArguments,
  grant,
  isMade,
  isNarrower,
  noArguments,
  oneOf,
  pick,
  range,
  readGrant,
  wildcard,
} from "./index.ts";

const mine = grant({
  send_payment: { to: oneOf("Globex"), amount: range({ max: 1000 }) },
  read_invoice: { id: wildcard() },
  ping: noArguments,
  search: anyArguments,
  "mcp:resources/read": { uri: oneOf("config://app") },
});

describe("a part of a grant", () => {
  it("has the tools that are named, just as the whole has them, and is a grant", () => {
    const part = pick(mine, "send_payment", "mcp:resources/read", "ping", "search");
    expect(Object.keys(part)).toEqual(["send_payment", "mcp:resources/read", "ping", "search"]);
    for (const [tool, constraints] of Object.entries(part)) expect(constraints).toEqual(mine[tool]);
    expect([isMade(part), isNarrower(mine, part), Object.isFrozen(part)]).toEqual([true, true, true]);
    expect(isNarrower(part, mine)).toBe(false);
  });

  it("may be of tools that are known only when it runs, such as those that a model chose", () => {
    const chosen: readonly string[] = JSON.parse('["ping", "search"]');
    expect(Object.keys(pick(mine, ...chosen))).toEqual(chosen);
  });

  it("can stand beside tools that are written anew", () => {
    const part = grant({
      ...pick(mine, "read_invoice", "ping"),
      send_payment: { to: oneOf("Globex"), amount: range({ max: 9 }) },
    });
    expect(part["read_invoice"]).toEqual(mine["read_invoice"]);
    expect(isNarrower(mine, part)).toBe(true);
  });

  it("of every tool is any tool with any arguments, but for an operation of MCP", async () => {
    const every = readGrant({ "mcp:tools/*": {} });
    expect(pick(every, "read_invoice")).toEqual({ read_invoice: {} });
    expect(isNarrower(every, pick(every, "read_invoice"))).toBe(true);
    for (const none of ["mcp:resources/read", "mcp:tools/*"]) {
      expect(await errorOf(() => pick(every, none))).toMatchObject({ code: "config_invalid", pointer: "/tools/0" });
    }
  });

  it.each<[what: string, run: () => unknown, pointer: string, says: RegExp]>([
    [
      "a tool that it does not have",
      () => pick(mine, "ping", "read_invoic"),
      "/tools/1",
      /did you mean "read_invoice"\?$/,
    ],
    ["a name that all objects have", () => pick(mine, "constructor"), "/tools/0", /; there is "send_payment", /],
    [
      "the bare name of a tool of an audience",
      () => pick(readGrant({ "https://pay.example#pay": {} }), "pay"),
      "/tools/0",
      /did you mean "https:\/\/pay\.example#pay"\?$/,
    ],
    ["no tool", () => pick(mine), "/tools/0", /^pick: tools\.?\[?0\]? is missing/],
    ["a list of tools", () => pick(mine, ["ping"] as never), "/tools/0", /got a list$/],
    ["a mere object", () => pick({ ping: {} }, "ping"), "/grant", /uncopied; got an object$/],
    ["a delegation", () => pick({ grant: mine } as never, "ping"), "/grant", /uncopied/],
  ])("is refused for %s", async (_, run, pointer, says) => {
    const error = await errorOf(run);
    expect(error).toMatchObject({ code: "config_invalid", pointer });
    expect(error.message).toMatch(says);
  });
});
