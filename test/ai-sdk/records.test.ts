/** What a loop's record says, and what its model does not learn. */
import { authorizeTools } from "@hopwise/ai-sdk";
import type { AuthorizerOptions } from "@hopwise/core";
import { createAgentUIStreamResponse, ToolLoopAgent, type ToolSet, tool } from "ai";
import { describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { paymentSchema } from "../../examples/finance-team/pay-server.ts";
import { GOOD } from "../support/calls.ts";
import { LOOPS, scripted } from "../support/language-model.ts";
import { worldHere } from "../support/world.ts";

const world = await worldHere();

const ran: unknown[] = [];
const read_invoice = tool({
  inputSchema: z.object({ id: z.string() }),
  execute: async (input) => void ran.push(input),
});
const send_payment = tool({ inputSchema: paymentSchema, execute: async (input) => void ran.push(input) });
const tools = { read_invoice, send_payment };

async function guarded(options: Partial<AuthorizerOptions> = {}, delegation = world.planner) {
  const { authorizer, audit } = world.authorizer(options);
  return { tools: await authorizeTools(tools, { authorizer, delegation }), audit };
}

describe.each(LOOPS)("in a loop of %s", (_, loop) => {
  it.each<[string, unknown]>([
    ["of another type", { ...GOOD, amount: "lots" }],
    ["that are missing", {}],
    ["that a grant would refuse as well", { ...GOOD, amount: 1_000_000, currency: 7 }],
    ["that are no object", [1]],
  ])(
    "arguments %s, which the tool's schema refuses, are on record with that code, and nothing runs",
    async (__, input) => {
      const { tools: own, audit } = await guarded();
      const before = ran.length;
      const script = scripted([{ tool: "send_payment", input }], "done");
      await loop(script.model, own);
      await vi.waitFor(() =>
        expect(audit.records.map(({ tool: name, outcome, code }) => [name, outcome, code])).toEqual([
          ["mcp:tools/list", "allowed", undefined],
          ["send_payment", "denied", "arguments_refused"],
        ]),
      );
      expect(audit.records[1]).toMatchObject({
        stage: "arguments",
        via: "session",
        chain: { hops: [{ id: "alice" }, {}] },
      });
      expect(ran).toHaveLength(before);
      expect(script.results()[0]?.[1]).toContain("Invalid input for tool send_payment");
    },
  );

  it("arguments of a tool that its provider describes to the model are on record, too", async () => {
    const { authorizer, audit } = world.authorizer();
    const described = { type: "provider", isProviderExecuted: false, id: "any.read", args: {} } as const;
    const of = { read_invoice: { ...read_invoice, ...described } };
    const script = scripted([{ tool: "read_invoice", input: { id: 7 } }], "done");
    await loop(
      script.model,
      (await authorizeTools(of, { authorizer, delegation: world.planner })) as unknown as ToolSet,
    );
    await vi.waitFor(() => expect(audit.records[1]).toMatchObject({ code: "arguments_refused" }));
  });

  it("an invoice that is not there and one that is forbidden read the same to the model, and the record tells them apart", async () => {
    const { tools: own, audit } = await guarded();
    const script = scripted(
      [{ tool: "read_invoice", input: { id: "INV-21" } }],
      [{ tool: "read_invoice", input: { id: "INV-404" } }],
      "done",
    );
    await loop(script.model, own);
    const [forbidden, absent] = script.results();
    expect(forbidden?.[1]).toContain("Not allowed (policy_denied)");
    expect(absent).toEqual(forbidden);
    expect(audit.records.slice(1).map(({ code }) => code)).toEqual(["policy_denied", "resource_unknown"]);
  });

  it("a tool that was hidden cannot be called, and the record of the list says why it was hidden", async () => {
    const { tools: own, audit } = await guarded({}, world.researcher);
    const before = ran.length;
    const script = scripted([{ tool: "send_payment", input: GOOD }], "done");
    await loop(script.model, own);
    expect(ran).toHaveLength(before);
    expect(script.results()[0]?.[1]).toContain("unavailable tool 'send_payment'");
    expect(audit.records).toMatchObject([
      {
        shown: { items: 1, of: 2 },
        hidden: [{ code: "grant_tool_missing", stage: "grant", hop: 2, items: ["send_payment"] }],
      },
    ]);
  });
});

describe("a history that a browser sends back", () => {
  it("is no call, however often a schema refuses what stands in it, and calls that follow are on record", async () => {
    const { tools: own, audit } = await guarded();
    const script = scripted([{ tool: "send_payment", input: {} }], "done");
    const agent = new ToolLoopAgent({ model: script.model, tools: own });
    const parts = Array.from({ length: 20 }, (_, i) => ({
      type: "tool-send_payment",
      toolCallId: `c-${i}`,
      state: "output-error",
      input: { to: i },
      errorText: "no",
    }));
    const asks = { id: "1", role: "user", parts: [{ type: "text", text: "Pay." }] };
    const uiMessages = [asks, { id: "2", role: "assistant", parts }];
    const response = await createAgentUIStreamResponse({ agent, uiMessages });
    expect(await response.text()).toContain("done");
    // Refusals are written in their order: the call's is the last.
    await vi.waitFor(() => expect(audit.records.at(-1)).toMatchObject({ code: "arguments_refused" }));
    expect(audit.records).toHaveLength(2);
  });
});

describe("a tool whose refusals are on record", () => {
  it("keeps its schema: what it says of itself, and what it makes of its input", async () => {
    const { tools: own } = await guarded();
    const { inputSchema } = own.send_payment as unknown as typeof send_payment & { inputSchema: typeof paymentSchema };
    expect(inputSchema).toBeInstanceOf(z.ZodObject);
    expect(Object.keys(inputSchema.shape)).toEqual(Object.keys(paymentSchema.shape));
    expect(inputSchema.parse({ ...GOOD })).toEqual(paymentSchema.parse({ ...GOOD }));
    const script = scripted("done");
    await LOOPS[0]?.[1](script.model, own);
    expect(script.offered).toEqual([["read_invoice", "send_payment"]]);
  });
});
