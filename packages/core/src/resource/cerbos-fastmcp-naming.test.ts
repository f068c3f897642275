import { describe, expect, it } from "vitest";
import { cerbosFastmcpNaming } from "./cerbos-fastmcp-naming.ts";
import { loadResource } from "./load-resource.ts";
import type { ToolEntry } from "./tool-entry.ts";
import { checkToolMap, toolEntry } from "./tool-map.ts";

const query = (tool: string) => ({ tool, arguments: { uri: "docs://1", name: "greet" }, tenant: "t" });
const entryOf = (operation: string) => toolEntry(cerbosFastmcpNaming(), operation) as ToolEntry;

describe("the words of cerbos-fastmcp", () => {
  it("are a sound tool map, of the kind that the middleware takes by default, or of another", () => {
    expect(() => checkToolMap(cerbosFastmcpNaming())).not.toThrow();
    const kinds = (tools: ReturnType<typeof cerbosFastmcpNaming>) =>
      new Set(Object.values(tools).map(({ kind }) => kind));
    expect([...kinds(cerbosFastmcpNaming())]).toEqual(["mcp_server"]);
    expect([...kinds(cerbosFastmcpNaming({ kind: "acme" }))]).toEqual(["acme"]);
  });

  it("call a tool by its name in the action and the id, and give its arguments and where it was asked", async () => {
    const entry = entryOf("send_payment");
    expect((entry.action as (tool: string) => string)("send_payment")).toBe("tools/call::send_payment");
    expect((await loadResource(entry, query("send_payment"))).resource).toEqual({
      kind: "mcp_server",
      id: "send_payment",
      attr: { tool_name: "send_payment", source: "client", arguments: { uri: "docs://1", name: "greet" } },
    });
  });

  it("list a tool by its name, without arguments", () => {
    expect((entryOf("send_payment").list as (tool: string) => object)("send_payment")).toEqual({
      action: "tools/list::send_payment",
      id: "send_payment",
      attributes: { tool_name: "send_payment", source: "client", arguments: {} },
    });
  });

  it.each(["tools/list", "resources/list", "prompts/list"])("ask about %s as a whole by that name", (operation) => {
    const entry = entryOf(`mcp:${operation}`);
    expect(entry).toMatchObject({ kind: "mcp_server", action: operation });
    expect((entry.list as (tool: string) => object)("any")).toEqual({ action: operation, id: operation });
  });

  it.each([
    ["resources/read", "resources/list"],
    ["prompts/get", "prompts/list"],
  ])("show what %s gives wherever %s is allowed, without a question of its own", (operation, list) => {
    const whole = entryOf(`mcp:${list}`).list as (tool: string) => object;
    expect((entryOf(`mcp:${operation}`).list as typeof whole)(`mcp:${operation}`)).toEqual(whole(`mcp:${list}`));
  });

  it.each([
    ["resources/read", "docs://1"],
    ["prompts/get", "greet"],
  ])("ask about %s by what is read", async (operation, id) => {
    const entry = entryOf(`mcp:${operation}`);
    expect(entry.action).toBe(operation);
    expect((await loadResource(entry, query(`mcp:${operation}`))).resource).toEqual({
      kind: "mcp_server",
      id,
      attr: { arguments: { uri: "docs://1", name: "greet" } },
    });
  });
});
