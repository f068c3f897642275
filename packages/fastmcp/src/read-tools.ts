import { atLeast, atOnce, func, list, maybe, number, readerOf, type Shape, such, text } from "@hopwise/core/options";
import type { AnyTool } from "./wrap-tool.ts";

const SCHEMA = such("a Standard Schema, such as z.object({ … })", (value) => {
  const { validate } = Object(Object(value)["~standard"]) as { readonly validate?: unknown };
  return typeof validate === "function";
});

/** What a guard relies on, and what FastMCP would take in silence. Its own other members are FastMCP's to judge. */
const TOOL: Shape = atLeast<
  Pick<AnyTool, "name" | "execute" | "parameters" | "outputSchema" | "canAccess" | "timeoutMs">
>(
  {
    name: text("a tool's name, such as send_payment"),
    execute: func("the function that the tool runs"),
    parameters: maybe(SCHEMA),
    outputSchema: maybe(SCHEMA),
    // FastMCP does not wait for its answer: a promise would let everybody in.
    canAccess: maybe(atOnce("a function that tells who may see the tool")),
    timeoutMs: maybe(number({ min: 1, max: 86_400_000, example: 30_000 })),
  },
  "a tool, such as { name, parameters, execute }",
);

const readOne = readerOf<AnyTool>("addTool", TOOL);

/** Checks a tool before a server gets it. @throws {HopwiseError} `config_invalid` for what can be no tool */
export function readTool(tool: AnyTool): AnyTool {
  readOne(tool);
  return tool;
}

/**
 * Checks tools before a server gets them. They stay the objects that they are: they may have their members from a class.
 *
 * @throws {HopwiseError} `config_invalid` for what can be no tool
 */
export function readTools(called: string, tools: readonly AnyTool[]): readonly AnyTool[] {
  readerOf(called, list(TOOL, "a list of tools"))(tools);
  return tools;
}
