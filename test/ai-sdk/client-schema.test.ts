/** A client holds a result against a schema of its own once the tool has run: a model must not take that for a failure. */
import { authorizeTools } from "@hopwise/ai-sdk";
import type { ToolSet } from "ai";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { LOOPS, scripted } from "../support/language-model.ts";
import { clientOf } from "../support/mcp/pay-server.ts";
import { OPEN_TO_ALICE, plannerWith, serveHere } from "../support/mcp/server.ts";
import { worldHere } from "../support/world.ts";

const world = await worldHere();

const inputSchema = z.object({ name: z.string() });
const receipt = z.object({ receipt: z.string() });
const RAN =
  "Error: The tool ran, and its result is not what the outputSchema of this client allows. Do not call it again; report it.";

/** What the tool gives, and what its server lists of that; and what the client expects of it. */
const MISFITS: readonly (readonly [
  string,
  { readonly outputSchema?: typeof receipt; readonly gives: unknown },
  z.ZodType,
])[] = [
  [
    "another schema than its server lists",
    { outputSchema: receipt, gives: { receipt: "r1" } },
    z.object({ id: z.string() }),
  ],
  ["a schema, and gets a text that does not fit", { gives: '{"receipt":"r1"}' }, z.object({ id: z.string() })],
  ["a schema, and gets a sentence", { gives: "paid" }, receipt],
];

describe.each(LOOPS)("in a loop of %s", (_, loop) => {
  it.each(MISFITS)(
    "the model of a client that expects %s reads that the tool ran",
    async (_, { gives, ...listed }, outputSchema) => {
      let ran = 0;
      const execute = async () => {
        ran++;
        return gives as never;
      };
      const { url } = await serveHere(world, {
        stateless: true, // with sessions, FastMCP lets each client wait for a second
        map: { open: OPEN_TO_ALICE },
        add: (server) => server.addTool({ name: "open", parameters: inputSchema, ...listed, execute }),
      });
      const delegation = await plannerWith(world, "open");
      const client = await clientOf(url, delegation);
      const schemas = { open: { inputSchema, outputSchema } };
      const tools = await authorizeTools((await client.tools({ schemas })) as ToolSet, {
        authorizer: world.authorizer().authorizer,
        delegation,
      });
      const script = scripted([{ tool: "open", input: { name: "x" } }], "I report it.");
      await loop(script.model, tools);
      expect(script.results()).toEqual([["open", RAN]]);
      expect(ran).toBe(1);
    },
  );
});
