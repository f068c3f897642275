import { describe, expect, it } from "vitest";
import { errorOf } from "../world.fixture.ts";
import type { ToolEntry, ToolMap } from "./tool-entry.ts";
import { actionOf, checkMapped, checkToolMap, hasOwnEntry, listEntry, toolEntry } from "./tool-map.ts";

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
