import { createRequire } from "node:module";
import { createCompany } from "@hopwise/core/testing";
import { guard } from "@hopwise/fastmcp";
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { FastMCP } from "fastmcp";
import { EdgeFastMCP } from "fastmcp/edge";
import { describe, expect, it } from "vitest";

const INFO = { name: "x", version: "1.0.0" } as const;
const other = createRequire(import.meta.url)("fastmcp") as { FastMCP: typeof FastMCP };

describe("what is no FastMCP server", () => {
  it.each<readonly [string, unknown, RegExp]>([
    ["an EdgeFastMCP", new EdgeFastMCP(INFO), /EdgeFastMCP \(fastmcp\/edge\).*serve these tools with FastMCP/],
    ["one of another copy of FastMCP", new other.FastMCP(INFO), /another copy of fastmcp.*await import\("fastmcp"\)/],
    ["a server of the MCP SDK", new McpServer(INFO), /server of the MCP SDK; put guardTransport of @hopwise\/mcp/],
    ["its server below", new Server(INFO, {}), /server of the MCP SDK; put guardTransport of @hopwise\/mcp/],
    ["a promise of a server", Promise.resolve(new FastMCP(INFO)), /a promise; await it first/],
    ["the class", FastMCP, /a value of type function/],
    ["nothing", undefined, /a value of type undefined/],
    ["null", null, /it is null/],
    ["a text", "https://pay.example/mcp", /a value of type string/],
    ["the options of a server", INFO, /an object of another kind/],
    ["a proxy of a server", new Proxy(new FastMCP(INFO), {}), /behind a proxy; give the server itself/],
    ["an object with its methods", Object.create(FastMCP.prototype), /give the server itself/],
    ["a server that is frozen", Object.freeze(new FastMCP(INFO)), /frozen.*guard it first/],
    ["a list of servers", [new FastMCP(INFO)], /a list/],
  ])("is refused with the reason: %s", async (_, server, why) => {
    const { authorizer } = await createCompany();
    expect(() => guard(server as never, authorizer())).toThrow(
      expect.objectContaining({ code: "config_invalid", message: expect.stringMatching(why) }),
    );
  });
});
