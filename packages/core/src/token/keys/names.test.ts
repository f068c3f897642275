import { describe, expect, it } from "vitest";
import {
  AGENT_NAME,
  grantedProblem,
  isAudience,
  isListing,
  MCP_OPERATIONS,
  operationProblem,
  toolIdOf,
  toolNameProblem,
  toolOf,
} from "./names.ts";

const PAY = "https://pay.acme.example/mcp";

describe("names", () => {
  it.each([PAY, "urn:acme:pay", "stdio:pay", "https://pay.acme.example/mcp?tenant=1", `https://${"a".repeat(504)}`])(
    "of an enforcement point may be %s",
    (text) => expect(isAudience(text)).toBe(true),
  );

  it.each([
    "",
    "pay",
    "/mcp",
    "//pay",
    `${PAY}#`,
    `${PAY}#x`,
    ` ${PAY}`,
    `${PAY}\n`,
    `${PAY}/é`,
    "https://pаy.example",
    `https://${"a".repeat(505)}`,
  ])("of an enforcement point may not be %j", (text) => expect(isAudience(text)).toBe(false));

  it("of tools are bare where the root has one audience, and qualified where it has several", () => {
    expect(toolIdOf("pay", PAY, [PAY])).toBe("pay");
    expect(toolIdOf("pay", PAY, [PAY, "urn:b"])).toBe(`${PAY}#pay`);
  });

  it("of tools are read again as they were written, by what the root says", () => {
    for (const root of [[PAY], [PAY, "urn:b#c"]]) {
      for (const audience of root)
        expect(toolOf(toolIdOf("pay", audience, root), root)).toEqual({ tool: "pay", audience });
    }
    expect(toolOf("a#b", [PAY]), "with one audience, nothing is taken apart").toEqual({ tool: "a#b", audience: PAY });
    expect(toolOf("pay", [PAY, "urn:b"]), "of no audience: the first").toEqual({ tool: "pay", audience: PAY });
  });

  it("of tools cannot be taken for an operation of MCP or a qualified id", () => {
    expect(["pay", "resources/read", "MCP:x", "a:b"].map(toolNameProblem)).toEqual(Array(4).fill(undefined));
    for (const name of ["", "mcp:tools/list", "mcp:", "a#b", "#"]) expect(toolNameProblem(name)).toBeTypeOf("string");
  });

  it("are refused with what is wrong with them", () => {
    expect(toolNameProblem("")).toBe("it is empty");
    expect(toolNameProblem("mcp:tools/list")).toBe('it begins with "mcp:", which names operations of MCP');
    expect(toolNameProblem("a#b")).toBe('it contains "#", which separates an audience from a tool');
  });

  it("in a grant are those of tools and of the operations of MCP that are known, and no others", () => {
    expect(["pay", ...MCP_OPERATIONS].map(operationProblem)).toEqual(Array(10).fill(undefined));
    expect(operationProblem("mcp:tools/call")).toBe("it names an operation of MCP that is not known");
    expect(operationProblem("mcp:")).toBe("it names an operation of MCP that is not known");
    expect(operationProblem("a#b")).toBe(toolNameProblem("a#b"));
    expect(operationProblem("")).toBe(toolNameProblem(""));
    expect(grantedProblem("mcp:tools/*")).toBeUndefined();
    for (const name of ["pay", "mcp:tools/call", "a#b"]) expect(grantedProblem(name)).toBe(operationProblem(name));
  });

  it("of agents are paths of words, from end to end", () => {
    for (const name of ["planner", "a", "planner/reader/a-1", "v1.2_x", "x".repeat(128)])
      expect(AGENT_NAME.test(name)).toBe(true);
    for (const name of ["", ".", "-a", "a/", "a b", "a\n", "agent:a", "é", "x".repeat(129)])
      expect(AGENT_NAME.test(name)).toBe(false);
  });

  it("of lists are told from names of tools", () => {
    expect(["mcp:tools/list", "mcp:resources/templates/list"].map(isListing)).toEqual([true, true]);
    expect(["tools/list", "mcp:resources/read", "list", "mcp:list "].map(isListing)).toEqual(Array(4).fill(false));
  });
});
