/** What a model sent, where a loop hands a tool only what its schema made: known where it can be, else what was made counts. */
import { authorizeTools } from "@hopwise/ai-sdk";
import { grant, wildcard } from "@hopwise/core/grant";
import { createCompany } from "@hopwise/core/testing";
import { generateText, isStepCount, jsonSchema, type ModelMessage, type Tool, tool } from "ai";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { scripted } from "../support/language-model.ts";

const WITH_DEFAULT = z.object({ to: z.string(), currency: z.string().default("EUR") });
const SENT = { to: "ACME" };
const READ = { to: "ACME", currency: "EUR" };

/** A guarded tool of which a grant names `to` alone, and what it ran with. */
async function guarded(inputSchema: Tool["inputSchema"]) {
  const company = await createCompany();
  const ran: unknown[] = [];
  const send_payment = tool({
    inputSchema,
    execute: async (input: unknown) => {
      ran.push(input);
      return "paid";
    },
  } as never) as Tool;
  const delegation = await company.chain("alice", {
    to: "planner",
    grant: grant({ send_payment: { to: wildcard() } }),
  });
  const authorizer = company.authorizer();
  const tools = await authorizeTools({ send_payment }, { authorizer, delegation });
  return {
    tools,
    ran,
    refused: () => authorizer.audit.records.flatMap(({ code, pointer }) => (code ? [[code, pointer]] : [])),
  };
}
const REFUSED = [["grant_argument_refused", "/currency"]];
const OPTIONS = { toolCallId: "1", messages: [], context: {} };

describe("the default of a tool's own schema", () => {
  it("is the tool's own in a loop, which sent the rest", async () => {
    const { tools, ran, refused } = await guarded(WITH_DEFAULT);
    const { model } = scripted([{ tool: "send_payment", input: SENT }]);
    await generateText({ model, tools, prompt: "Pay.", stopWhen: isStepCount(2) });
    expect({ ran, refused: refused() }).toEqual({ ran: [READ], refused: [] });
  });

  it("is not where the model sent it, though it is the same value", async () => {
    const { tools, ran, refused } = await guarded(WITH_DEFAULT);
    const { model } = scripted([{ tool: "send_payment", input: READ }]);
    await generateText({ model, tools, prompt: "Pay.", stopWhen: isStepCount(2) });
    expect({ ran, refused: refused() }).toEqual({ ran: [], refused: REFUSED });
  });

  it("is not where execute is called directly: nobody knows what was sent", async () => {
    const { tools, ran, refused } = await guarded(WITH_DEFAULT);
    await expect(tools.send_payment?.execute?.(READ, OPTIONS)).rejects.toThrow(/Not allowed/);
    expect({ ran, refused: refused() }).toEqual({ ran: [], refused: REFUSED });
  });

  it("is not where a hook of the loop puts another object in the place of what the schema made", async () => {
    const { tools, ran, refused } = await guarded(WITH_DEFAULT);
    const { model } = scripted([{ tool: "send_payment", input: SENT }]);
    const refine = { send_payment: (input: object) => ({ ...input }) } as never;
    await generateText({
      model,
      tools,
      prompt: "Pay.",
      stopWhen: isStepCount(2),
      experimental_refineToolInput: refine,
    });
    expect({ ran, refused: refused() }).toEqual({ ran: [], refused: REFUSED });
  });

  it("is not where the schema gives one object for two inputs", async () => {
    const one = { ...READ };
    const announced = { type: "object", properties: { to: {}, currency: { default: "EUR" } } } as const;
    const { tools, ran, refused } = await guarded(
      jsonSchema(announced, { validate: () => ({ success: true, value: one }) }) as never,
    );
    const turn = [
      { tool: "send_payment", input: SENT },
      { tool: "send_payment", input: { to: "Globex" } },
    ];
    await generateText({ model: scripted(turn).model, tools, prompt: "Pay.", stopWhen: isStepCount(2) });
    expect({ ran, refused: refused() }).toEqual({ ran: [], refused: [...REFUSED, ...REFUSED] });
  });

  it("is not lost to a schema that changes what it reads", async () => {
    const announced = { type: "object", properties: { to: {}, currency: { default: "EUR" } } } as const;
    const validate = (value: unknown) => ({
      success: true as const,
      value: Object.assign(value as object, { memo: "x" }),
    });
    const { tools, ran, refused } = await guarded(jsonSchema(announced, { validate }) as never);
    const { model } = scripted([{ tool: "send_payment", input: SENT }]);
    await generateText({ model, tools, prompt: "Pay.", stopWhen: isStepCount(2) });
    expect({ ran, refused: refused() }).toEqual({ ran: [], refused: [["grant_argument_refused", "/memo"]] });
  });

  it("is not in a call that was approved in a message history, whose input the schema reads anew", async () => {
    const { tools, ran, refused } = await guarded(WITH_DEFAULT);
    const messages: ModelMessage[] = [
      { role: "user", content: "Pay." },
      {
        role: "assistant",
        content: [
          { type: "tool-call", toolCallId: "1", toolName: "send_payment", input: READ },
          { type: "tool-approval-request", approvalId: "a", toolCallId: "1" },
        ],
      },
      { role: "tool", content: [{ type: "tool-approval-response", approvalId: "a", approved: true }] },
    ];
    await generateText({ model: scripted("done").model, tools, messages, stopWhen: isStepCount(2) });
    expect({ ran, refused: refused() }).toEqual({ ran: [], refused: REFUSED });
  });
});

describe("a name in the tool map that the tool does not have", () => {
  it.each(["in a loop", "by a direct call of execute"])("is told as the slip that it is, %s", async (where) => {
    const company = await createCompany({ tools: { show: { kind: "chart", action: "read", id: "chrt" } } });
    const authorizer = company.authorizer();
    const show = tool({ inputSchema: z.object({ chart: z.string() }), execute: async () => "shown" });
    const tools = await authorizeTools({ show }, { authorizer, delegation: await company.chain("alice", "planner") });
    if (where === "in a loop") {
      const { model } = scripted([{ tool: "show", input: { chart: "7" } }]);
      await generateText({ model, tools, prompt: "Show.", stopWhen: isStepCount(2) });
    } else await expect(tools.show.execute?.({ chart: "7" }, OPTIONS)).rejects.toThrow(/Not allowed/);
    expect(authorizer.audit.records.at(-1)).toMatchObject({
      code: "attributes_invalid",
      message: expect.stringContaining(
        'names the argument "chrt" in id, and the tool has no such argument (did you mean "chart"?)',
      ),
    });
  });
});
