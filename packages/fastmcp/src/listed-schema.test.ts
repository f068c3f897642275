import { describe, expect, it } from "vitest";
import { listedSchema } from "./listed-schema.ts";
import type { AnyTool } from "./wrap-tool.ts";

/** A schema of a library that FastMCP does not know how to list. */
const foreign = { "~standard": { version: 1, vendor: "elsewhere", validate: (value: unknown) => ({ value }) } };
const tool = (outputSchema: unknown): AnyTool => ({ name: "pay", outputSchema, execute: async () => "" }) as never;

describe("the output schema that FastMCP lists", () => {
  it("cannot be read where FastMCP cannot list it, or lists none", async () => {
    expect(await listedSchema(tool(foreign), {})).toBeNull();
    expect(await listedSchema(tool(undefined), {})).toBeNull();
    expect(await listedSchema(tool("no schema"), {})).toBeNull();
  });
});
