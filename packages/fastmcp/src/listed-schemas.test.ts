import { describe, expect, it } from "vitest";
import { listedSchemas } from "./listed-schemas.ts";
import type { AnyTool } from "./wrap-tool.ts";

/** A schema of a library that FastMCP does not know how to list. */
const foreign = { "~standard": { version: 1, vendor: "elsewhere", validate: (value: unknown) => ({ value }) } };
const tool = (more: object): AnyTool => ({ name: "pay", execute: async () => "", ...more }) as never;

describe("the schemas that FastMCP lists", () => {
  it("cannot be read where FastMCP cannot list them", async () => {
    for (const unread of [foreign, "no schema"]) {
      expect(await listedSchemas(tool({ outputSchema: unread }), {})).toEqual({
        inputSchema: undefined,
        outputSchema: null,
      });
    }
  });
});
