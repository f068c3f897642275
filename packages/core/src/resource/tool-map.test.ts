import { describe, expect, it } from "vitest";
import { errorOf } from "../world.fixture.ts";
import type { ToolEntry, ToolMap } from "./tool-entry.ts";
import {
  actionOf,
  checkGivesRows,
  checkMapped,
  checkToolMap,
  hasOwnEntry,
  isNamed,
  listEntry,
  listedAs,
  toolEntry,
  uriTemplatesOf,
} from "./tool-map.ts";

const entry: ToolEntry = { kind: "payment", action: "send" };

describe("a tool map", () => {
  it.each([
    ["", "it is empty"],
    ["mcp:resources/delete", 'it begins with "mcp:"'],
    ["mcp:", 'it begins with "mcp:"'],
    ["mcp:tools/call", 'it begins with "mcp:"'],
    ["pay#send", 'it contains "#"'],
    ["https://pay.acme.example/mcp#send", 'it contains "#"'],
  ])("is refused with a tool of the name %j", async (name, problem) => {
    const error = await errorOf(() => checkToolMap({ [name]: entry }));
    expect(error.code).toBe("config_invalid");
    expect(error.message).toContain(problem);
  });

  it("is refused with a listing action that is the action of a call: no schema sees its arguments", async () => {
    for (const broken of [
      { pay: { ...entry, list: "send" } },
      { pay: { ...entry, list: "list" }, list_payments: { kind: "payment", action: "list" } },
      { pay: { kind: "mcp_resource", action: "send", list: "read" } },
    ]) {
      expect((await errorOf(() => checkToolMap(broken))).code).toBe("config_invalid");
    }
    const sound = { pay: { ...entry, list: "list" }, list_invoices: { kind: "invoice", action: "list" } };
    expect(() => checkToolMap(sound)).not.toThrow();
  });

  it("may name operations of MCP, any other tool by its name, and all the others together", () => {
    const tools = {
      pay: entry,
      "*": entry,
      "mcp:resources/read": entry,
      "mcp:prompts/get": entry,
      "mcp:tools/list": entry,
    };
    expect(() => checkToolMap(tools)).not.toThrow();
  });
});

describe("the entry of a tool", () => {
  const star: ToolEntry = { kind: "other", action: "call" };
  const tools: ToolMap = { pay: entry, "*": star };

  it("is its own, or that of all the others", () => {
    expect(toolEntry(tools, "pay")).toBe(entry);
    expect(toolEntry(tools, "Pay")).toBe(star);
    expect(toolEntry({ pay: entry }, "Pay")).toBeUndefined();
  });

  it("is never one that an object inherits", () => {
    for (const name of ["constructor", "toString", "__proto__", "hasOwnProperty"]) {
      expect(toolEntry({ pay: entry }, name)).toBeUndefined();
    }
  });

  it("of resources and prompts of MCP is known, and may be another", () => {
    expect(toolEntry(tools, "mcp:resources/read")).toEqual({ kind: "mcp_resource", action: "read", id: "uri" });
    expect(toolEntry(tools, "mcp:prompts/get")).toEqual({ kind: "mcp_prompt", action: "get", id: "name" });
    expect(toolEntry({ "mcp:resources/read": entry }, "mcp:resources/read")).toBe(entry);
  });

  it("of resources and prompts is the map's own, or one of the defaults, and adapters can tell which", () => {
    const [read, get] = ["mcp:resources/read", "mcp:prompts/get"];
    expect([read, get, "toString"].map((name) => hasOwnEntry({ "*": entry }, name))).toEqual([false, false, false]);
    expect([read, get].map((name) => hasOwnEntry({ "shop://{id}": entry }, name))).toEqual([true, false]);
    expect([read, get].map((name) => hasOwnEntry({ [name]: entry }, name))).toEqual([true, true]);
  });

  it("of any other operation of MCP is none, even where there is one for all the others", () => {
    for (const name of ["mcp:tools/list", "mcp:completion/complete", "mcp:resources/subscribe", "mcp:x"]) {
      expect(toolEntry(tools, name)).toBeUndefined();
    }
  });
});

describe("a list itself", () => {
  it("is asked about where the map has an entry for it under its own name, and not where it has one for all", () => {
    expect(listEntry({ "mcp:tools/list": entry }, "mcp:tools/list")).toBe(entry);
    expect(listEntry({ "*": entry }, "mcp:tools/list")).toBeUndefined();
    expect(listEntry({}, "constructor")).toBeUndefined();
  });
});

describe("a tool that somebody wants to have guarded", () => {
  const refusal = async (run: () => void): Promise<string[]> => {
    const { code, message } = await errorOf(run);
    return [code, message];
  };

  it("must have an entry, its own or that of all the others", async () => {
    expect(() => checkMapped({ pay: entry }, "pay")).not.toThrow();
    expect(() => checkMapped({ "*": entry }, "pay")).not.toThrow();
    expect(await refusal(() => checkMapped({ pay: entry }, "Pay"))).toEqual([
      "config_invalid",
      'the tool map has no entry for "Pay": say which resource and action it is, or give "*" an entry',
    ]);
  });

  it("must have a name that a tool may have", async () => {
    expect(await refusal(() => checkMapped({ "*": entry }, "pay#send"))).toEqual([
      "config_invalid",
      expect.stringMatching(/^a tool may not be called "pay#send": .*"#"/),
    ]);
  });

  it("is refused with words that say which entry is wrong, and how", async () => {
    expect((await refusal(() => checkToolMap({ pay: { ...entry, list: "send" } })))[1]).toBe(
      'tools: "pay" needs a listing action of its own, which is that of no call of the kind "payment"',
    );
  });

  it("may not have a source of the name of its arguments, whatever these are called", async () => {
    const source = { find: () => ({}) };
    const checking = (sources: ToolEntry["sources"], argumentsAs?: string) => () =>
      checkToolMap({ pay: { ...entry, sources: sources ?? {}, ...(argumentsAs !== undefined && { argumentsAs }) } });
    expect((await refusal(checking({ args: source })))[1]).toContain("tools.pay.sources.args is Hopwise's own name");
    expect((await refusal(checking({ input: source }, "input")))[0]).toBe("config_invalid");
    expect(checking({ args: source }, "input")).not.toThrow();
  });
});

describe("the action of a tool", () => {
  it("is the entry's, or what the entry makes of the tool's name", () => {
    expect(actionOf(entry, "pay")).toBe("send");
    expect(actionOf({ ...entry, action: (tool) => `call ${tool}` }, "pay")).toBe("call pay");
  });
});

describe("a tool that gives rows", () => {
  const filter = { arguments: {} };
  const rows: ToolEntry = { kind: "invoice", action: "read", filter };
  const refusal = async (tools: ToolMap): Promise<string> => {
    const { code, message } = await errorOf(() => checkToolMap(tools));
    expect(code).toBe("config_invalid");
    return message;
  };

  it.each<[string, Partial<ToolEntry>]>([
    ["id", { id: "number" }],
    ["attributes", { attributes: () => ({}) }],
    ["sources", { sources: {} }],
  ])("has no %s: its rows bring that", async (name, more) => {
    expect(() => checkToolMap({ list_invoices: rows })).not.toThrow();
    expect(() => checkToolMap({ list_invoices: { ...rows, [name]: undefined } })).not.toThrow();
    expect(await refusal({ list_invoices: { ...rows, ...more } })).toBe(
      `tools: "list_invoices" gives rows (filter), which bring their own ids and attributes; leave out ${name}`,
    );
  });

  it.each(["*", "mcp:tools/list", "shop://orders"])("is one tool, and not what %s stands for", async (name) => {
    expect(await refusal({ [name]: rows })).toBe(`tools: "${name}" stands for no one tool, so it cannot have a filter`);
    expect(() => checkToolMap({ [name]: { kind: "invoice", action: "read" } })).not.toThrow();
  });

  it("is one by its entry, and is asked for rows by no other", async () => {
    const tools = { list_invoices: rows, pay: entry };
    expect(() => checkGivesRows(tools, "rows", "list_invoices")).not.toThrow();
    // Of a tool without an entry the way itself says so.
    expect(() => checkGivesRows(tools, "rows", "delete_all")).not.toThrow();
    expect(await errorOf(() => checkGivesRows(tools, "rows", "pay"))).toMatchObject({
      code: "config_invalid",
      message:
        'rows: the tool map does not say that "pay" gives rows; give its entry a filter, such as { arguments: {} }, or ask by authorize',
    });
  });
});

describe("the names of a tool map", () => {
  it("are those of tools, of templates of URIs, of operations of MCP, and one for all the others", () => {
    const tools = { pay: entry, "*": entry, "shop://{id}": entry, "mcp:tools/list": entry };
    expect(uriTemplatesOf(tools).map((read) => read("shop://1")?.template)).toEqual(["shop://{id}"]);
    // A list asks for them once for each of its URIs.
    expect(uriTemplatesOf(tools)).toBe(uriTemplatesOf(tools));
    expect(Object.keys(tools).filter((name) => isNamed(tools, name))).toEqual(["pay"]);
    expect(["list", "toString"].map((name) => isNamed(tools, name))).toEqual([false, false]);
    for (const name of ["", "shop://{id}", "shop://7"]) expect(toolEntry(tools, name)).toBeUndefined();
  });

  it("are refused in words that say which, and why", async () => {
    const [one, other] = [{ "pay#send": entry }, { "shop://{id}": entry, "mcp:resources/read": entry }];
    expect((await errorOf(() => checkToolMap(one))).message).toMatch(
      /^tools: "pay#send" cannot be a tool's name: it contains "#"/,
    );
    expect((await errorOf(() => checkToolMap(other))).message).toBe(
      'tools: "mcp:resources/read" stands beside templates of URIs; a resource that they do not name would pass by it, so name all of them, or none',
    );
    expect((await errorOf(() => checkToolMap({ "pay\u202ey": entry }))).message).toContain("cannot be a tool's name");
    expect((await errorOf(() => checkMapped({ "*": entry }, "pay\u202ey"))).message).toContain(
      "a tool may not be called",
    );
  });
});

it("policies are asked about an item of a list by its own action, by what a function says of it, or by a plan", () => {
  expect(listedAs({ list: "list" }, "pay")).toEqual({ action: "list" });
  expect(listedAs({ list: (tool) => ({ action: `list ${tool}`, id: "7" }) }, "pay")).toEqual({
    action: "list pay",
    id: "7",
  });
  expect(listedAs({}, "pay")).toBeUndefined();
});
