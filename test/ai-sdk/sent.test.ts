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

  it("is nobody's where nothing comes of what was sent, which is held against the grant all the same", async () => {
    const { tools, ran, refused } = await guarded(z.looseObject({}).transform(() => undefined) as never);
    const { model } = scripted([{ tool: "send_payment", input: { to: "ACME", memo: "x" } }]);
    await generateText({ model, tools, prompt: "Pay.", stopWhen: isStepCount(2) });
    expect({ ran, refused: refused() }).toEqual({ ran: [], refused: [["grant_argument_refused", "/memo"]] });
  });

  it("is the tool's own in another framework, which has the schema read what was sent by the Standard Schema", async () => {
    const { tools, ran, refused } = await guarded(WITH_DEFAULT);
    const { "~standard": door } = Object(tools.send_payment).inputSchema as typeof WITH_DEFAULT;
    for (const sent of [SENT, READ]) {
      const read = await door.validate(sent);
      if ("value" in read) await tools.send_payment?.execute?.(read.value, OPTIONS)?.catch(() => {});
    }
    expect({ ran, refused: refused() }).toEqual({ ran: [READ], refused: REFUSED });
  });

  it("is not where execute is called directly: nobody knows what was sent", async () => {
    const { tools, ran, refused } = await guarded(WITH_DEFAULT);
    await expect(tools.send_payment?.execute?.(READ, OPTIONS)).rejects.toThrow(/Not allowed/);
    expect({ ran, refused: refused() }).toEqual({ ran: [], refused: REFUSED });
  });

  it.each([
    ["is where a hook of the loop gives a copy of what the schema made", {}, { ran: [READ], refused: [] }],
    ["is not where a hook of the loop changes what the schema made", { to: "Acme" }, { ran: [], refused: REFUSED }],
  ])("%s", async (_, change, expected) => {
    const { tools, ran, refused } = await guarded(WITH_DEFAULT);
    const { model } = scripted([{ tool: "send_payment", input: SENT }]);
    const refine = { send_payment: (input: object) => ({ ...input, ...change }) } as never;
    await generateText({
      model,
      tools,
      prompt: "Pay.",
      stopWhen: isStepCount(2),
      experimental_refineToolInput: refine,
    });
    expect({ ran, refused: refused() }).toEqual(expected);
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

  it("is not in a call that was approved in a message history which does not say what was sent", async () => {
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

describe("a call that a person approved is judged as it would be without", () => {
  const SCHEMAS = {
    "a default that nobody sent": [WITH_DEFAULT, SENT, { ran: [READ], refused: [] }],
    "a default that was sent": [WITH_DEFAULT, READ, { ran: [], refused: REFUSED }],
    "an argument that the schema drops": [
      z.object({ to: z.string() }),
      { to: "ACME", why: "x" },
      { ran: [], refused: [["grant_argument_refused", "/why"]] },
    ],
  } as const;
  const HISTORIES = {
    "in this process": (messages: ModelMessage[]) => messages,
    "in one that got it as JSON": (messages: ModelMessage[]) => JSON.parse(JSON.stringify(messages)),
  };
  const rows = Object.keys(SCHEMAS).flatMap((of) => Object.keys(HISTORIES).map((where) => [of, where] as const));

  it.each(rows)("%s, %s", async (of, where) => {
    const [schema, input, expected] = SCHEMAS[of as keyof typeof SCHEMAS];
    const { tools } = await guarded(schema);
    const toolApproval = { send_payment: "user-approval" } as const;
    const { model } = scripted([{ tool: "send_payment", input }]);
    const asked = await generateText({ model, tools, prompt: "Pay.", toolApproval });
    const [approvalId] = asked.content.flatMap((it) => (it.type === "tool-approval-request" ? [it.approvalId] : []));
    if (approvalId === undefined) throw new Error("nobody was asked");
    const messages: ModelMessage[] = [
      { role: "user", content: "Pay." },
      ...asked.response.messages,
      { role: "tool", content: [{ type: "tool-approval-response", approvalId, approved: true }] },
    ];
    const later = await guarded(schema);
    const history = HISTORIES[where as keyof typeof HISTORIES](messages);
    await generateText({ model: scripted("done").model, tools: later.tools, messages: history, toolApproval });
    expect({ ran: later.ran, refused: later.refused() }).toEqual(expected);
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
