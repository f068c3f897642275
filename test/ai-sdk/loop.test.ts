import { createHash } from "node:crypto";
import { authorizeTools, ToolDenied } from "@hopwise/ai-sdk";
import { serialize } from "@hopwise/core";
import { generateText, isStepCount, streamText, tool } from "ai";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { paymentSchema } from "../../examples/finance-team/pay-server.ts";
import { denied, GOOD } from "../support/calls.ts";
import { LOOPS, scripted } from "../support/language-model.ts";
import { plannerWith } from "../support/mcp/server.ts";
import { answering } from "../support/policy-clients.ts";
import { TOKEN_TEXT } from "../support/token-text.ts";
import { worldHere } from "../support/world.ts";

const world = await worldHere();

/** A payment and an invoice, as local tools that note what they were run with. */
function localTools() {
  const paid: unknown[] = [];
  const read: unknown[] = [];
  const tools = {
    send_payment: tool({
      description: "Pays a supplier",
      inputSchema: paymentSchema,
      execute: async (input) => {
        paid.push(input);
        return `paid ${input.amount}`;
      },
    }),
    read_invoice: tool({
      description: "Reads an invoice",
      inputSchema: z.object({ id: z.string() }),
      execute: async (input) => {
        read.push(input);
        return `invoice ${input.id}`;
      },
    }),
  };
  return { paid, read, tools };
}

const TOO_MUCH = { ...GOOD, amount: 9000 };
const REASON = `"payment of 9000 is above alice's limit of 1000"`;

describe.each(LOOPS)("in a loop of %s", (_, loop) => {
  it("a tool that was not handed over is not offered to the model, and cannot be called all the same", async () => {
    const { paid, read, tools } = localTools();
    const { authorizer } = world.authorizer();
    const guarded = await authorizeTools(tools, { authorizer, delegation: world.researcher });
    const script = scripted(
      [{ tool: "read_invoice", input: { id: "INV-7" } }],
      [{ tool: "send_payment", input: GOOD }],
      "I could not pay.",
    );
    const { text } = await loop(script.model, guarded);
    expect(script.offered).toEqual([["read_invoice"], ["read_invoice"], ["read_invoice"]]);
    expect(read).toEqual([{ id: "INV-7" }]);
    expect(paid).toEqual([]);
    expect(script.results().at(-1)?.[1]).toContain("unavailable tool 'send_payment'");
    expect(text).toBe("I could not pay.");
  });

  it("a denial is a result that the model reads, and the loop goes on to the next call", async () => {
    const { paid, tools } = localTools();
    const { authorizer, audit } = world.authorizer();
    const guarded = await authorizeTools(tools, { authorizer, delegation: world.planner });
    const script = scripted(
      [{ tool: "send_payment", input: TOO_MUCH }],
      [{ tool: "send_payment", input: GOOD }],
      "Paid 400.",
    );
    const { text } = await loop(script.model, guarded);
    expect(script.results()).toEqual([
      [
        "send_payment",
        `ToolDenied: Not allowed (policy_denied). The policy does not allow this call. Reason given: ${REASON}`,
      ],
      ["send_payment", "paid 400"],
    ]);
    expect(text).toBe("Paid 400.");
    expect(paid).toEqual([GOOD]);
    const calls = audit.records.filter((record) => record.tool === "send_payment");
    expect(calls.map(({ outcome, via }) => [outcome, via])).toEqual([
      ["denied", "session"],
      ["allowed", "session"],
    ]);
  });

  it("calls of one turn are decided each by itself: one is denied, the others run, each recorded once", async () => {
    const { paid, read, tools } = localTools();
    const { authorizer, audit } = world.authorizer();
    const guarded = await authorizeTools(tools, { authorizer, delegation: world.planner });
    const script = scripted([
      { tool: "send_payment", input: TOO_MUCH },
      { tool: "send_payment", input: GOOD },
      { tool: "read_invoice", input: { id: "INV-9" } },
    ]);
    await loop(script.model, guarded);
    expect(script.results().map(([name, text]) => [name, text.startsWith("ToolDenied")])).toEqual([
      ["send_payment", true],
      ["send_payment", false],
      ["read_invoice", false],
    ]);
    expect([paid, read]).toEqual([[GOOD], [{ id: "INV-9" }]]);
    expect(audit.records.map((record) => record.tool).sort()).toEqual([
      "mcp:tools/list",
      "read_invoice",
      "send_payment",
      "send_payment",
    ]);
  });

  it("a delegation that expires on the way ends in denials that the model can read", async () => {
    let now = Date.now();
    const { paid, tools } = localTools();
    const { authorizer } = world.authorizer({ clock: () => now });
    const { execute } = tools.read_invoice;
    tools.read_invoice.execute = async (...args) => {
      const result = await execute(...args);
      now += 2 * 3600_000;
      return result as string;
    };
    const guarded = await authorizeTools(tools, { authorizer, delegation: world.planner });
    const script = scripted(
      [{ tool: "read_invoice", input: { id: "INV-9" } }],
      [{ tool: "send_payment", input: GOOD }],
      "My time is over.",
    );
    const { text } = await loop(script.model, guarded);
    expect(script.results().map(([, result]) => result)).toEqual([
      "invoice INV-9",
      "ToolDenied: Not allowed (token_expired). Your delegation has expired. Ask for a new one.",
    ]);
    expect([paid, text]).toEqual([[], "My time is over."]);
  });

  it("what the schema made of the model's input is what the policies see and what the tool gets, frozen", async () => {
    const ran: unknown[] = [];
    const judged: unknown[] = [];
    const cerbos = answering((right, { resources }) => {
      judged.push(resources[0]?.resource.attr?.["args"]);
      return right;
    });
    const { authorizer, audit } = world.authorizer({ cerbos });
    const send_payment = tool({
      inputSchema: z.object({
        to: z
          .string()
          .trim()
          .transform((name) => `${name} Ltd`),
        amount: z.coerce.number(),
        currency: z.string().default("EUR"),
      }),
      execute: async (input) => void ran.push(input),
    });
    const delegation = await plannerWith(world, "send_payment");
    const guarded = await authorizeTools({ send_payment }, { authorizer, delegation });
    const input = { to: " Globex ", amount: "5", surplus: "dropped" };
    await loop(scripted([{ tool: "send_payment", input }]).model, guarded);
    const parsed = { to: "Globex Ltd", amount: 5, currency: "EUR" };
    expect(ran).toEqual([parsed]);
    expect(Object.isFrozen(ran[0])).toBe(true);
    expect(judged).toEqual([parsed, parsed]);
    const hashOf = (canonical: string) => createHash("sha256").update(canonical).digest("base64url");
    expect(audit.records.at(-1)?.argumentsHash).toEqual({
      received: hashOf('{"amount":"5","surplus":"dropped","to":" Globex "}'),
      parsed: hashOf('{"amount":5,"currency":"EUR","to":"Globex Ltd"}'),
    });
  });

  it("an early callback that changes the input before the check changes what is checked; after it, nothing", async () => {
    for (const [when, runs, results] of [
      ["before", [], /Not allowed \(grant_argument_refused\)/],
      ["during", [GOOD], /paid 400/],
    ] as const) {
      const { paid, tools } = localTools();
      const held: { amount: number }[] = [];
      const spoil = (): void => {
        for (const input of held) input.amount = 9_000_000;
      };
      const cerbos = answering((right) => {
        if (when === "during") spoil();
        return right;
      });
      tools.send_payment.onInputAvailable = ({ input }) => {
        held.push(input);
        if (when === "before") spoil();
      };
      const { authorizer } = world.authorizer({ cerbos });
      const callbacks = "dangerously-before-the-decision";
      const guarded = await authorizeTools(tools, { authorizer, delegation: world.planner, callbacks });
      const script = scripted([{ tool: "send_payment", input: GOOD }]);
      await loop(script.model, guarded);
      expect(held).toHaveLength(1);
      expect(script.results()[0]?.[1]).toMatch(results);
      expect(paid).toEqual(runs);
    }
  });
});

describe("hooks of the loop", () => {
  const pay = scripted.bind(undefined, [{ tool: "send_payment", input: GOOD }]);

  it.each(["onToolExecutionStart", "onToolExecutionEnd"] as const)(
    "%s cannot pay more than was checked",
    async (hook) => {
      const { paid, tools } = localTools();
      const { authorizer } = world.authorizer();
      const guarded = await authorizeTools(tools, { authorizer, delegation: world.planner });
      const script = pay();
      let called = 0;
      await generateText({
        model: script.model,
        tools: guarded,
        prompt: "Pay.",
        stopWhen: isStepCount(3),
        [hook]: ({ toolCall }: { toolCall: { input: { amount: number } } }) => {
          called++;
          toolCall.input.amount = 9000;
        },
      });
      expect(called).toBe(1);
      // Before the check, what they write is checked, and above alice's limit; after it, it reaches nobody.
      if (hook === "onToolExecutionStart") expect(script.results()[0]?.[1]).toContain("policy_denied");
      expect(paid).toEqual(hook === "onToolExecutionStart" ? [] : [GOOD]);
    },
  );

  it("experimental_refineToolInput is before the check: what it makes is checked", async () => {
    const { paid, tools } = localTools();
    const { authorizer } = world.authorizer();
    const guarded = await authorizeTools(tools, { authorizer, delegation: world.planner });
    const script = pay();
    await generateText({
      model: script.model,
      tools: guarded,
      prompt: "Pay.",
      stopWhen: isStepCount(3),
      experimental_refineToolInput: { send_payment: (input) => ({ ...input, amount: 9000 }) },
    });
    expect(script.results()[0]?.[1]).toContain(REASON);
    expect(paid).toEqual([]);
  });
});

describe("what is shown of a denial", () => {
  const internals = () => {
    const { planner, keys } = world;
    return [
      /resource\.payment/,
      /agent:planner/,
      /verdict/,
      /cerbos/i,
      /EFFECT_/,
      new RegExp(planner.id),
      TOKEN_TEXT,
    ].concat(
      serialize(planner)
        .split(/[~.]/)
        .map((piece) => new RegExp(piece)),
      new RegExp(keys.planner.publicJwk.x),
    );
  };

  it("to a browser, in the UI stream, is its code and safe words: no policy, no hop, no chain, no token", async () => {
    const { tools } = localTools();
    const { authorizer } = world.authorizer();
    const guarded = await authorizeTools(tools, { authorizer, delegation: world.planner });
    const script = scripted([{ tool: "send_payment", input: TOO_MUCH }]);
    const stream = streamText({ model: script.model, tools: guarded, prompt: "Pay.", stopWhen: isStepCount(3) });
    const text = await stream.toUIMessageStreamResponse({ sendReasoning: true, sendSources: true }).text();
    expect(text).toContain("Not allowed (policy_denied)");
    for (const internal of [...internals(), /"decision"/, /hop/]) expect(text).not.toMatch(internal);
  });

  it("to the model is its code and safe words as well, and no more", async () => {
    const { tools } = localTools();
    const { authorizer } = world.authorizer();
    const guarded = await authorizeTools(tools, { authorizer, delegation: world.planner });
    const script = scripted([{ tool: "send_payment", input: TOO_MUCH }]);
    await generateText({ model: script.model, tools: guarded, prompt: "Pay.", stopWhen: isStepCount(3) });
    for (const internal of internals()) expect(script.shown()).not.toMatch(internal);
  });

  it("to the host program is the whole decision, which no log and no serialisation of the error shows", async () => {
    const { tools } = localTools();
    const { authorizer, audit } = world.authorizer();
    const guarded = await authorizeTools(tools, { authorizer, delegation: world.planner });
    const call = guarded.send_payment.execute?.(TOO_MUCH, { toolCallId: "1", messages: [], context: {} });
    const error = await Promise.resolve(call).catch((thrown: unknown) => thrown);
    if (!(error instanceof ToolDenied) || error.decision === undefined) throw error;
    expect(error).toMatchObject({ code: "policy_denied", retryable: false });
    expect(denied(error.decision).verdicts).toHaveLength(2);
    expect([error.invocation, error.decision.invocation]).toEqual(Array(2).fill(audit.records.at(-1)?.invocation));
    expect(JSON.parse(JSON.stringify(error))).toEqual({ name: "ToolDenied", code: "policy_denied", retryable: false });
  });
});
