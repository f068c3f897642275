import { describe, expect, it } from "vitest";
import { byEveryTool, EVERY_TOOL, handsEveryTool, isEveryTool, toolGrantOf, toolWords } from "./every-tool.ts";
import { anyArguments, grant, readGrant } from "./index.ts";

const PAY = "https://pay.acme.example/mcp";
const DOCS = "https://docs.acme.example/mcp";
const every = readGrant({ [EVERY_TOOL]: {} });
const everyOfPay = readGrant({ [`${PAY}#${EVERY_TOOL}`]: {} });
const some = grant({ t: anyArguments });

describe("the key that hands over every tool", () => {
  it("is one name alone, behind an audience or not", () => {
    for (const id of [EVERY_TOOL, `${PAY}#${EVERY_TOOL}`]) expect(isEveryTool(id)).toBe(true);
    for (const id of ["*", "mcp:tools/list", `${EVERY_TOOL}x`, `x${EVERY_TOOL}`, `${EVERY_TOOL}#t`, ""]) {
      expect(isEveryTool(id), id).toBe(false);
    }
  });

  it("makes a grant one of every tool", () => {
    expect([every, everyOfPay, some, readGrant({})].map(handsEveryTool)).toEqual([true, true, false, false]);
  });

  it("reads as what it means", () => {
    expect([EVERY_TOOL, `${PAY}#${EVERY_TOOL}`, "t", `${PAY}#t`].map(toolWords)).toEqual([
      "every tool",
      `every tool of ${PAY}`,
      "t",
      `${PAY}#t`,
    ]);
  });

  it.each<[string, object, string]>([
    ["beside a tool", { [EVERY_TOOL]: {}, t: {} }, "who hands over every tool names no other"],
    ["with a constraint", { [EVERY_TOOL]: { a: { constraint_type: "wildcard" } } }, "with any arguments, {}"],
  ])("is refused %s", (_, written, why) => {
    expect(() => readGrant(written)).toThrow(why);
  });

  it("stands beside the same of another audience", () => {
    expect(handsEveryTool(readGrant({ [`${PAY}#${EVERY_TOOL}`]: {}, [`${DOCS}#${EVERY_TOOL}`]: {} }))).toBe(true);
  });
});

describe("a grant of every tool", () => {
  it("has any arguments for each tool's own name of that audience", () => {
    expect(byEveryTool(every, "t")).toEqual({});
    expect(byEveryTool(everyOfPay, `${PAY}#t`)).toEqual({});
    expect(toolGrantOf(every, "t")).toEqual({});
    expect(toolGrantOf(some, "t")).toEqual({});
  });

  it.each<[string, typeof every, string]>([
    ["an operation of MCP", every, "mcp:resources/read"],
    ["an operation of MCP at that audience", everyOfPay, `${PAY}#mcp:resources/read`],
    ["no name at all", every, ""],
    ["no name at that audience", everyOfPay, `${PAY}#`],
    ["a tool of another audience", everyOfPay, `${DOCS}#t`],
    ["a bare tool, where it is of an audience", everyOfPay, "t"],
    ["a tool of an audience, where it is bare", every, `${PAY}#t`],
    ["a tool that another grant names", some, "u"],
  ])("has nothing for %s", (_, handed, id) => {
    expect(byEveryTool(handed, id)).toBeUndefined();
    expect(toolGrantOf(handed, id)).toBeUndefined();
  });

  it("is nobody's to call as such", () => {
    expect(toolGrantOf(every, EVERY_TOOL)).toBeUndefined();
    expect(toolGrantOf(everyOfPay, `${PAY}#${EVERY_TOOL}`)).toBeUndefined();
  });
});
