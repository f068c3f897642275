import { describe, expect, it } from "vitest";
import { errorOf } from "../testing.fixture.ts";
import { checkToolMap, loadResource, type ToolEntry, type ToolMap, toolEntry } from "./tool-map.ts";

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

describe("the resource of a call", () => {
  const args = { id: "INV-7", n: 0, flag: true, amount: 900 };
  const failed = async (changed: Partial<ToolEntry>) =>
    (await errorOf(loadResource({ ...entry, ...changed }, "pay", args))).code;

  it("has the arguments, what the loader knows, and where its policy stands", async () => {
    const attributes = async () => ({ owner: "alice" });
    const whole = { ...entry, id: "id", scope: "acme", policyVersion: "2", attributes };
    expect(await loadResource(whole, "pay", args)).toEqual({
      kind: "payment",
      id: "INV-7",
      attr: { owner: "alice", args },
      scope: "acme",
      policyVersion: "2",
    });
  });

  it("has the tool's name for an id, an argument, or what a function makes of them", async () => {
    expect((await loadResource(entry, "pay", args)).id).toBe("pay");
    expect((await loadResource({ ...entry, id: "n" }, "pay", args)).id).toBe("0");
    expect((await loadResource({ ...entry, id: ({ id }) => `x-${String(id)}` }, "pay", args)).id).toBe("x-INV-7");
  });

  it.each<[string, Partial<ToolEntry>]>([
    ["an argument that is not there", { id: "nope" }],
    ["an argument that is inherited", { id: "toString" }],
    ["an argument that is no text and no number", { id: "flag" }],
    ["a function that gives nothing", { id: () => "" }],
    ["a function that gives undefined", { id: () => undefined as never }],
  ])("cannot be told where its id is %s", async (_, changed) => {
    expect(await failed(changed)).toBe("context_unavailable");
  });

  it("cannot be told where the function that makes its id throws", async () => {
    expect(
      await failed({
        id: () => {
          throw new Error("down");
        },
      }),
    ).toBe("context_unavailable");
  });

  it.each<[string, ToolEntry["attributes"]]>([
    ["rejects", async () => Promise.reject(new Error("down"))],
    [
      "throws",
      () => {
        throw new Error("down");
      },
    ],
    ["gives nothing", () => undefined as never],
    ["gives a list", () => [] as never],
    ["gives a text", () => "x" as never],
    ["gives what is no data", () => ({ at: new Date(0) }) as never],
    ["gives an attribute of our name", () => ({ args: { amount: 1 } })],
    [
      "gives what throws when it is read",
      () =>
        new Proxy(
          { a: 1 },
          {
            get: () => {
              throw new Error("x");
            },
          },
        ),
    ],
  ])("cannot be told where its loader %s", async (_, attributes) => {
    expect(await failed(attributes === undefined ? {} : { attributes })).toBe("context_unavailable");
  });

  it("is asked for with the arguments alone, never with who asks", async () => {
    const seen: unknown[][] = [];
    const attributes = (...given: unknown[]) => {
      seen.push(given);
      return {};
    };
    await loadResource({ ...entry, attributes }, "pay", args);
    expect(seen).toEqual([[args]]);
  });

  it("is not moved by a loader that changes its answer afterwards", async () => {
    const known = { owner: "alice" };
    const resource = await loadResource({ ...entry, attributes: () => known }, "pay", args);
    known.owner = "mallory";
    expect(resource.attr).toMatchObject({ owner: "alice" });
  });
});
