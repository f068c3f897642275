import { describe, expect, it } from "vitest";
import { errorOf } from "../testing.fixture.ts";
import { checkToolMap, type ToolEntry, type ToolMap, toolEntry } from "./tool-map.ts";

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

  it("is refused with an entry without a kind or an action", async () => {
    for (const broken of [
      { ...entry, kind: "" },
      { ...entry, action: "" },
    ]) {
      expect((await errorOf(() => checkToolMap({ pay: broken }))).code).toBe("config_invalid");
    }
  });

  it("is refused with a listing action that is empty, or that is the action of a call: no schema sees its arguments", async () => {
    for (const broken of [
      { pay: { ...entry, list: "" } },
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

  it("of any other operation of MCP is none, even where there is one for all the others", () => {
    for (const name of ["mcp:tools/list", "mcp:completion/complete", "mcp:resources/subscribe", "mcp:x"]) {
      expect(toolEntry(tools, name)).toBeUndefined();
    }
  });
});
