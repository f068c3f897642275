/** What a guarded server warns of when it starts: resources and prompts that would be denied in silence. */
import type { ToolEntry, ToolMap } from "@hopwise/core";
import type { FastMCP } from "fastmcp";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { z } from "zod";
import { emptyServer, OPEN_TO_ALICE, start } from "../support/mcp/server.ts";
import { quietConsole } from "../support/quiet.ts";
import { worldHere } from "../support/world.ts";

const world = await worldHere();
quietConsole("log");

const READ: ToolEntry = { kind: "page", action: "read", id: "uri" };
const GET: ToolEntry = { kind: "letter", action: "get", id: "name" };
const load = async () => ({ text: "x" });

const tool = (server: FastMCP): void =>
  server.addTool({ name: "open", parameters: z.object({}), execute: async () => "ran" });
const resource = (server: FastMCP): void => server.addResource({ uri: "doc://terms", name: "terms", load });
const template = (server: FastMCP): void =>
  server.addResourceTemplate({ uriTemplate: "doc://{name}", name: "docs", arguments: [], load });
const prompt = (server: FastMCP): void => server.addPrompt({ name: "letter", load: async () => "x" });

/** Starts a server that has these, and gives what it warned of. */
async function warningsOf(
  has: readonly ((server: FastMCP) => void)[],
  map: ToolMap,
  onWarning?: (text: string) => void,
): Promise<readonly string[]> {
  const { authorizer } = world.authorizer({ tools: { open: OPEN_TO_ALICE, ...map } });
  const heard: string[] = [];
  const server = emptyServer(authorizer, { onWarning: onWarning ?? ((text) => void heard.push(text)) });
  for (const add of has) add(server);
  const { stop } = await start(server);
  onTestFinished(stop);
  return heard;
}

const OF_RESOURCES = expect.stringMatching(
  /"mcp:resources\/read": \{ kind: "mcp_resource", action: "read", id: "uri" \}/,
);
const OF_PROMPTS = expect.stringMatching(/"mcp:prompts\/get": \{ kind: "mcp_prompt", action: "get", id: "name" \}/);

describe("a guarded server that starts", () => {
  it.each<[string, Parameters<typeof warningsOf>[0], ToolMap, readonly unknown[]]>([
    ["a resource that the map does not name", [resource], {}, [OF_RESOURCES]],
    ["a resource template that the map does not name", [template], {}, [OF_RESOURCES]],
    ["both", [resource, template], {}, [OF_RESOURCES]],
    ["a prompt that the map does not name", [prompt], {}, [OF_PROMPTS]],
    ["resources and prompts", [prompt, resource], {}, [OF_RESOURCES, OF_PROMPTS]],
    ["both, where * stands for all tools", [prompt, resource], { "*": OPEN_TO_ALICE }, [OF_RESOURCES, OF_PROMPTS]],
    ["both, of which one is named", [prompt, resource], { "mcp:resources/read": READ }, [OF_PROMPTS]],
    ["both, which are named", [prompt, resource], { "mcp:resources/read": READ, "mcp:prompts/get": GET }, []],
    ["resources by templates of URIs", [resource, template], { "doc://{name}": READ }, []],
    ["tools alone", [tool], {}, []],
    ["nothing", [], {}, []],
  ])("with %s warns once of each, and says what to add", async (_, has, map, warnings) => {
    expect(await warningsOf(has, map)).toEqual(warnings);
  });

  it("warns on the console where nobody else listens", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const server = emptyServer(world.authorizer({ tools: {} }).authorizer);
    prompt(server);
    const { stop } = await start(server);
    onTestFinished(stop);
    expect(warn.mock.calls).toEqual([[OF_PROMPTS]]);
    warn.mockRestore();
  });

  const fail = (): never => {
    throw new Error("the log is full");
  };
  it.each([
    ["at once", fail],
    ["later", async () => fail()],
  ])("serves where its own warning fails %s", async (_, onWarning) => {
    await expect(warningsOf([resource], {}, onWarning)).resolves.toEqual([]);
  });
});
