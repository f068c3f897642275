import { authorizeTools } from "@hopwise/ai-sdk";
import { generateSigner, type HeldDelegation, hold, parseDelegation, serialize, type ToolMap } from "@hopwise/core";
import { prove } from "@hopwise/core/tokens";
import { dynamicTool, generateText, isStepCount, jsonSchema, streamText, type Tool, tool } from "ai";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { tools as toolMap } from "../../examples/finance-team/company.ts";
import { paymentSchema } from "../../examples/finance-team/pay-server.ts";
import { GOOD } from "../support/calls.ts";
import { scripted } from "../support/language-model.ts";
import { answering } from "../support/policy-clients.ts";
import { worldHere } from "../support/world.ts";

const world = await worldHere();

const guard = <Tools extends Parameters<typeof authorizeTools>[0]>(tools: Tools) =>
  authorizeTools(tools, { authorizer: world.authorizer().authorizer, delegation: world.planner });

const OPTIONS = { toolCallId: "1", messages: [], context: {} };
const TOO_MUCH = { ...GOOD, amount: 9000 };
const pays = (input: object) => scripted([{ tool: "send_payment", input }]);

describe("a tool that streams its results", () => {
  const streaming = () => {
    const runs: unknown[] = [];
    const send_payment = tool({
      inputSchema: paymentSchema,
      async *execute(input) {
        runs.push(input);
        yield "looking up the supplier";
        yield `paying ${input.amount}`;
        yield "paid";
      },
    });
    return { runs, send_payment };
  };
  const resultsOf = async (input: object, send_payment: Tool) => {
    const stream = streamText({
      model: pays(input).model,
      tools: await guard({ send_payment }),
      prompt: "Pay.",
      stopWhen: isStepCount(3),
    });
    const seen: unknown[] = [];
    for await (const part of stream.fullStream) {
      if (part.type === "tool-result") seen.push([part.output, part.preliminary === true]);
      if (part.type === "tool-error") seen.push(String(part.error));
    }
    return seen;
  };

  it("keeps streaming them once it is allowed", async () => {
    const { send_payment, runs } = streaming();
    expect(await resultsOf(GOOD, send_payment)).toEqual([
      ["looking up the supplier", true],
      ["paying 400", true],
      ["paid", true],
      ["paid", false],
    ]);
    expect(runs).toEqual([GOOD]);
  });

  it("streams nothing, and does not even begin, where it is denied", async () => {
    const { send_payment, runs } = streaming();
    expect(await resultsOf(TOO_MUCH, send_payment)).toEqual([expect.stringContaining("Not allowed (policy_denied)")]);
    expect(runs).toEqual([]);
  });

  it("gives its last result where it only returns the stream", async () => {
    const { send_payment } = streaming();
    const returning = {
      ...send_payment,
      execute: ((...args) => send_payment.execute(...args)) as typeof send_payment.execute,
    };
    expect(await resultsOf(GOOD, returning)).toEqual([["paid", false]]);
    const later = {
      ...send_payment,
      execute: async () => (await Promise.resolve(streaming())).send_payment.execute(GOOD, OPTIONS),
    };
    expect(await resultsOf(GOOD, later as Tool)).toEqual([["paid", false]]);
  });

  it("ends with its error where it fails half-way", async () => {
    const failing = tool({
      inputSchema: paymentSchema,
      async *execute() {
        yield "looking up";
        throw new Error("the bank is closed");
      },
    });
    expect(await resultsOf(GOOD, failing)).toEqual([["looking up", true], "Error: the bank is closed"]);
  });
});

describe("a guarded tool", () => {
  it("is run as a method of the tool that it was, with all of the options of the loop", async () => {
    const seen: Record<string, unknown>[] = [];
    const send_payment = {
      bank: "Bank of Acme",
      description: "Pays",
      inputSchema: paymentSchema,
      contextSchema: z.object({ tenant: z.string() }),
      execute(this: { bank: string }, _: unknown, options: Record<string, unknown>) {
        seen.push({ bank: this.bank, ...options });
        return "paid";
      },
    };
    const controller = new AbortController();
    await generateText({
      model: pays(GOOD).model,
      tools: (await guard({ send_payment })) as never,
      prompt: "Pay.",
      stopWhen: isStepCount(3),
      abortSignal: controller.signal,
      toolsContext: { send_payment: { tenant: "acme" } } as never,
    });
    expect(seen).toMatchObject([{ bank: "Bank of Acme", toolCallId: "call-1-0", context: { tenant: "acme" } }]);
    expect(seen[0]?.["messages"]).toMatchObject([{ role: "user" }]);
    const signal = seen[0]?.["abortSignal"] as AbortSignal;
    controller.abort();
    expect(signal.aborted).toBe(true);
  });

  it("is a copy with everything that others attached, and the tool itself stays as it was", async () => {
    const mark = Symbol("mark");
    const execute = async () => "paid";
    const raw = Object.defineProperty(
      { description: "Pays", inputSchema: paymentSchema, execute, [mark]: 1 },
      "hidden",
      {
        value: 2,
      },
    );
    const { send_payment } = await guard({ send_payment: raw });
    expect(send_payment).not.toBe(raw);
    expect(send_payment).toMatchObject({ description: "Pays", inputSchema: paymentSchema, [mark]: 1, hidden: 2 });
    expect(Object.keys(send_payment)).toEqual(Object.keys(raw));
    expect(raw.execute).toBe(execute);
    raw.execute = async () => "something else";
    expect(await (send_payment.execute as (input: object) => unknown)(GOOD)).toBe("paid");
  });

  it("may have been frozen, or be an instance of a class", async () => {
    class Payment {
      readonly inputSchema = paymentSchema;
      description = "Pays";
      async execute({ amount }: { amount: number }): Promise<string> {
        return `${this.description} ${amount}`;
      }
    }
    const frozen = Object.freeze(tool({ inputSchema: paymentSchema, execute: async () => "paid" }));
    expect(await (await guard({ send_payment: frozen })).send_payment.execute(GOOD, OPTIONS)).toBe("paid");
    const { send_payment } = await guard({ send_payment: new Payment() });
    expect(await send_payment.execute(GOOD)).toBe("Pays 400");
    await expect(send_payment.execute(TOO_MUCH)).rejects.toThrow("policy_denied");
  });

  it("may be a dynamic one, whose input nobody typed", async () => {
    const runs: unknown[] = [];
    const send_payment = dynamicTool({
      inputSchema: jsonSchema({ type: "object" }),
      execute: async (input) => void runs.push(input),
    });
    const tools = await guard({ send_payment });
    for (const input of [GOOD, TOO_MUCH, { ...GOOD, memo: "x" }, null, [GOOD], "400"]) {
      const { model } = pays(input as object);
      await generateText({ model, tools, prompt: "Pay.", stopWhen: isStepCount(3) });
    }
    expect(runs).toEqual([GOOD]);
  });

  it("that fails by itself fails as it would without a guard", async () => {
    const send_payment = tool({
      inputSchema: paymentSchema,
      execute: async (): Promise<string> => {
        throw new Error("the bank is closed");
      },
    });
    const script = pays(GOOD);
    await generateText({
      model: script.model,
      tools: await guard({ send_payment }),
      prompt: "Pay.",
      stopWhen: isStepCount(3),
    });
    expect(script.results()).toEqual([["send_payment", "Error: the bank is closed"]]);
  });

  it("does not begin where the loop was stopped while it was checked", async () => {
    const controller = new AbortController();
    const runs: unknown[] = [];
    const plain = tool({ inputSchema: paymentSchema, execute: async (input) => void runs.push(input) });
    const streaming = tool({
      inputSchema: paymentSchema,
      async *execute(input) {
        runs.push(input);
        yield "paid";
      },
    });
    const cerbos = answering((right) => {
      controller.abort(new Error("stopped by the user"));
      return right;
    });
    for (const send_payment of [plain, streaming]) {
      const { authorizer } = world.authorizer({ cerbos });
      const tools = await authorizeTools({ send_payment }, { authorizer, delegation: world.planner });
      const options = { ...OPTIONS, abortSignal: controller.signal };
      const result = tools.send_payment.execute(GOOD, options) as Promise<unknown> | AsyncGenerator;
      const first = Symbol.asyncIterator in result ? result[Symbol.asyncIterator]().next() : result;
      await expect(first).rejects.toThrow("stopped by the user");
    }
    expect(runs).toEqual([]);
  });

  it("says nothing of what broke in the host program while it was checked, and does not run", async () => {
    let broken = false;
    const clock = (): number => {
      if (broken) throw new Error("ntp://admin:hunter2@clock is down");
      return Date.now();
    };
    const runs: unknown[] = [];
    const send_payment = tool({ inputSchema: paymentSchema, execute: async (input) => void runs.push(input) });
    const { authorizer } = world.authorizer({ clock });
    const tools = await authorizeTools({ send_payment }, { authorizer, delegation: world.planner });
    broken = true;
    const script = pays(GOOD);
    const { text } = await generateText({ model: script.model, tools, prompt: "Pay.", stopWhen: isStepCount(3) });
    const [[, read] = [], ...more] = script.results();
    expect([read, more]).toEqual([
      expect.stringMatching(/^ToolDenied: Not allowed \(\w+\)\. The call could not be/),
      [],
    ]);
    expect(script.shown()).not.toMatch(/hunter2|ntp:/);
    expect([runs, text]).toEqual([[], "done"]);
  });
});

describe("a tool set", () => {
  const noExecute = tool({ description: "Asks in the browser", inputSchema: paymentSchema, outputSchema: z.string() });
  const provider = { type: "provider", id: "acme.pay", args: {}, inputSchema: paymentSchema, isProviderExecuted: true };

  it.each<[string, object]>([
    ["has no execute: it would run in a browser", noExecute],
    ["is run by the provider", provider],
    ["is run by the provider, whatever execute it has besides", { ...provider, execute: async () => "paid" }],
  ])("is refused where a tool %s, and before the tool map is asked for it", async (_, elsewhere) => {
    for (const name of ["send_payment", "unmapped"]) {
      await expect(guard({ [name]: elsewhere } as never)).rejects.toMatchObject({
        name: "HopwiseError",
        code: "config_invalid",
        message: expect.stringMatching(
          new RegExp(`"${name}" .*may run undecided, add it to the set that authorizeTools gives$`),
        ),
      });
    }
  });

  it("is refused where the tool map does not know a tool: no policy could ever be asked about it", async () => {
    const search = tool({ inputSchema: paymentSchema, execute: async () => "found" });
    await expect(guard({ search } as never)).rejects.toMatchObject({
      code: "config_invalid",
      message: expect.stringContaining('the tool map has no entry for "search"'),
    });
  });

  it.each<[string, (given: { readonly [name: string]: object }) => object]>([
    ["as it is", (given) => given],
    [
      "with another description",
      ({ send_payment }) => ({ send_payment: { ...send_payment, description: "Pays" } }) as never,
    ],
  ])("is refused where a tool comes from authorizeTools, %s: it would be decided twice", async (_, again) => {
    const given = await guard({ send_payment: { inputSchema: paymentSchema, execute: async () => "paid" } });
    await expect(guard(again(given) as never)).rejects.toMatchObject({
      code: "config_invalid",
      message: expect.stringContaining('"send_payment" comes from authorizeTools'),
    });
  });

  it.each(["mcp:resources/read", "mcp:tools/list", "https://pay.acme.example/mcp#send_payment"])(
    "is refused where a tool is called like something else than a tool: %s",
    async (name) => {
      await expect(guard({ [name]: { execute: async () => "done" } })).rejects.toMatchObject({
        code: "config_invalid",
        message: expect.stringContaining(`a tool may not be called "${name}"`),
      });
    },
  );

  it.each(["constructor", "toString", "__proto__", "unknown"])(
    "is refused where the tool map does not know a tool, also where every object knows its name: %s",
    async (name) => {
      const execute = async () => "done";
      const tools = { send_payment: { execute } };
      Object.defineProperty(tools, name, { value: { execute }, enumerable: true });
      await expect(guard(tools)).rejects.toMatchObject({ code: "config_invalid" });
    },
  );

  it("keeps what the policies could allow for some arguments, and loses what they never do", async () => {
    const kinds: ToolMap = { ...toolMap, get_transactions: { kind: "nothing_has_a_policy_for", action: "read" } };
    const { authorizer, audit } = world.authorizer({ tools: kinds });
    const execute = async () => "done";
    const tools = { get_transactions: { execute }, send_payment: { execute } };
    const guarded = await authorizeTools(tools, { authorizer, delegation: world.planner });
    expect(Object.keys(guarded)).toEqual(["send_payment"]);
    expect(audit.records).toMatchObject([{ tool: "mcp:tools/list", shown: { items: 1, of: 2 } }]);
  });
});

describe("a delegation", () => {
  const tools = { send_payment: { execute: async () => "paid" } };
  const refusalOf = (delegation: HeldDelegation, options = {}) =>
    expect(authorizeTools(tools, { authorizer: world.authorizer(options).authorizer, delegation })).rejects;

  it("that was copied is refused with the advice not to copy it, wherever it is used", async () => {
    for (const copy of [{ ...world.planner }, { ...world.planner, signer: world.keys.planner }] as HeldDelegation[]) {
      const expected = {
        code: "config_invalid",
        message: expect.stringMatching(/a delegation.* uncopied/),
      };
      await refusalOf(copy).toMatchObject(expected);
      expect(() => serialize(copy)).toThrow("uncopied");
      await expect(
        prove(copy, { tool: "send_payment", audience: "https://pay.acme.example/mcp" }),
      ).rejects.toMatchObject(expected);
    }
  });

  it("that has expired opens no session", async () => {
    await refusalOf(world.planner, { clock: () => Date.now() + 2 * 3600_000 }).toMatchObject({
      code: "token_expired",
      message: expect.stringMatching(/^the chain has expired \([^)]* ago by [^)]*\); have it delegated anew$/),
    });
  });

  it("for another server opens no session here", async () => {
    await refusalOf(world.planner, { audience: "https://docs.acme.example/mcp" }).toMatchObject({
      code: "audience_mismatch",
    });
  });

  it("from an issuer that nobody trusts here opens no session", async () => {
    await refusalOf(world.planner, { trust: [] }).toMatchObject({ code: "token_untrusted_issuer" });
  });

  it("without its key opens no session: neither a stranger's key, nor one that signs anything but what it is given", async () => {
    const chain = await parseDelegation(serialize(world.planner));
    await expect(hold(chain, await generateSigner())).rejects.toMatchObject({ code: "config_invalid" });
    const { publicJwk } = world.keys.planner;
    const stranger = await generateSigner();
    await refusalOf(await hold(chain, { publicJwk, sign: (data) => stranger.sign(data) })).toMatchObject({
      code: "proof_invalid",
    });
  });
});
