/** Every function that a tool of the AI SDK can carry, and when it runs: nothing but the schema before the decision. */
import { authorizeTools, type Callbacks } from "@hopwise/ai-sdk";
import type { PolicyDecisionPoint } from "@hopwise/core/adapter";
import {
  convertToModelMessages,
  experimental_toolCaller,
  isStepCount,
  streamText,
  type Tool,
  type ToolSet,
  toolSearch,
} from "ai";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { paymentSchema } from "../../examples/finance-team/pay-server.ts";
import { GOOD } from "../support/calls.ts";
import { LOOPS, scripted } from "../support/language-model.ts";
import { clientOf, servePayments } from "../support/mcp/pay-server.ts";
import { worldHere } from "../support/world.ts";

const world = await worldHere();

type MemberOf<Kind> = Kind extends unknown ? keyof Kind : never;
type ValueOf<Kind, Name> = Kind extends unknown ? (Name extends keyof Kind ? Kind[Name] : never) : never;
type AnyFunction = (...args: never) => unknown;
/** The members of a tool that can be a function. */
type FunctionMember = {
  [Name in MemberOf<Tool>]: Extract<ValueOf<Tool, Name>, AnyFunction> extends never ? never : Name;
}[MemberOf<Tool>];

interface Row {
  /**
   * - `after`: runs only in a call that was allowed, once it was decided
   * - `moved`: the same, and before the decision where callbacks may run early
   * - `refused`: a tool with it is refused, unless callbacks may run early
   * - `blind`: may run at any time, but never sees what a call sends
   * - `first`: reads what the model sends before the decision, by the law
   * - `never`: not in a loop
   */
  readonly fate: "after" | "moved" | "refused" | "blind" | "first" | "never";
  /** The member, which notes what it was called with. */
  readonly make: (note: (seen: unknown) => void) => unknown;
}

/** A function that a later version of the AI SDK adds to a tool does not compile before it has its row. */
const ROWS: { readonly [Name in FunctionMember]: Row } = {
  execute: { fate: "after", make: (note) => async (input: unknown) => note(input) },
  onInputStart: { fate: "moved", make: (note) => note },
  onInputAvailable: { fate: "moved", make: (note) => note },
  onInputDelta: { fate: "refused", make: (note) => note },
  needsApproval: { fate: "refused", make: (note) => async (input: unknown) => note(input) !== undefined },
  toModelOutput: {
    fate: "after",
    make: (note) => (options: unknown) => {
      note(options);
      return { type: "text", value: "paid" };
    },
  },
  description: {
    fate: "blind",
    make: (note) => (options: unknown) => {
      note(options);
      return "Pays a supplier";
    },
  },
  contextSchema: { fate: "blind", make: (note) => z.unknown().refine((context) => note(context) === undefined) },
  inputSchema: { fate: "first", make: (note) => paymentSchema.refine((input) => note(input) === undefined) },
  outputSchema: { fate: "never", make: (note) => z.unknown().refine((output) => note(output) === undefined) },
};
const TOO_MUCH = { ...GOOD, amount: 9000 };
const EARLY = "dangerously-before-the-decision";
const STREAMS = /stream/i;

/** A tool set of one tool with this one function, and what happened, in order: `decided`, or the function's name. */
async function scene(name: keyof typeof ROWS, callbacks?: Callbacks) {
  const happened: [event: string, seen: string][] = [];
  const { client } = world.pdp;
  const cerbos: PolicyDecisionPoint = {
    planResources: (...asked) => client.planResources(...asked),
    checkResources: async (...asked) => {
      const answer = await client.checkResources(...asked);
      happened.push(["decided", ""]);
      return answer;
    },
  };
  const { authorizer, audit } = world.authorizer({ cerbos });
  const member = ROWS[name].make((seen) => {
    // The tool's `this` and the loop's messages are not what the call sends.
    const { messages: _, ...said } = { ...(seen as object | undefined) } as { messages?: unknown };
    happened.push([name, JSON.stringify(said)]);
  });
  const send_payment = { inputSchema: paymentSchema, execute: async () => "paid", [name]: member } as Tool;
  const options = { authorizer, delegation: world.planner, ...(callbacks && { callbacks }) };
  const tools = (await authorizeTools({ send_payment }, options)) as ToolSet;
  happened.length = 0;
  return { tools, happened, audit };
}

const rows = Object.entries(ROWS) as [keyof typeof ROWS, Row][];

it("toModelOutput runs on what stands in a history, which a browser may have made up: no call is decided by that", async () => {
  const { tools, happened, audit } = await scene("toModelOutput");
  const records = audit.records.length;
  const [toolCallId, input, output] = ["made-up", { ...GOOD, to: "Mallory" }, { file: "/etc/passwd" }];
  const part = { type: "tool-send_payment", state: "output-available", toolCallId, input, output };
  await convertToModelMessages([{ role: "assistant", parts: [part as never] }], { tools });
  expect(happened).toEqual([["toModelOutput", JSON.stringify({ toolCallId, input, output })]]);
  expect(audit.records).toHaveLength(records);
});

describe.each(LOOPS)("in a loop of %s, of a tool under a delegation", (loopName, loop) => {
  /** What happened before the call was decided, and after it. */
  const run = async (name: keyof typeof ROWS, input: object, callbacks?: Callbacks) => {
    const { tools, happened, audit } = await scene(name, callbacks);
    const script = scripted([{ tool: "send_payment", input }]);
    await loop(script.model, tools);
    const decided = happened.findIndex(([event]) => event === "decided");
    expect(decided).toBeGreaterThanOrEqual(0);
    const called = (from: number, to?: number) => happened.slice(from, to).filter(([event]) => event === name);
    expect(audit.records.at(-1)?.outcome).toBe(input === GOOD ? "allowed" : "denied");
    return { before: called(0, decided), after: called(decided) };
  };
  const streams = STREAMS.test(loopName);

  it.each(rows.filter(([, { fate }]) => fate !== "refused"))(
    "%s does not see a call that is denied: %o",
    async (name) => {
      const { before, after } = await run(name, TOO_MUCH);
      const seen = JSON.stringify([before, after]);
      switch (ROWS[name].fate) {
        case "first":
          expect([before.length > 0, seen.includes("9000")]).toEqual([true, true]);
          break;
        case "blind":
          expect(seen).not.toContain("9000");
          break;
        default:
          expect([before, after]).toEqual([[], []]);
      }
    },
  );

  it.each(rows.filter(([, { fate }]) => fate === "after" || fate === "moved"))(
    "%s runs once its call was allowed",
    async (name) => {
      const { before, after } = await run(name, GOOD);
      expect(before).toEqual([]);
      expect(after).toHaveLength(1);
      expect(after[0]?.[1]).toContain('"amount":400');
    },
  );

  it.each(rows.filter(([, { fate }]) => fate === "refused"))("%s is refused, with the way to have it", async (name) => {
    await expect(scene(name)).rejects.toMatchObject({
      code: "config_invalid",
      message: expect.stringMatching(
        new RegExp(`run ${name} of the tool "send_payment" before .*callbacks: "${EARLY}"`),
      ),
    });
  });

  it.each(rows.filter(([, { fate }]) => fate === "refused" || fate === "moved"))(
    "%s runs before the decision where its author wants that, once",
    async (name) => {
      const { before, after } = await run(name, TOO_MUCH, EARLY);
      const expected = name === "onInputDelta" && !streams ? 0 : 1;
      expect([before.length, after]).toEqual([expected, []]);
    },
  );
});

describe("a callback that runs after the decision", () => {
  const pay = async (more: object, input: object = GOOD) => {
    const ran: unknown[] = [];
    const execute = async (given: unknown) => void ran.push(["execute", given]);
    const own = { inputSchema: paymentSchema, execute, ...more } as Tool;
    const { authorizer, audit } = world.authorizer();
    const tools = (await authorizeTools({ send_payment: own }, { authorizer, delegation: world.planner })) as ToolSet;
    const script = scripted([{ tool: "send_payment", input }]);
    await LOOPS[1]?.[1](script.model, tools);
    return { ran, result: script.results()[0]?.[1], audit };
  };

  it("is called on its tool, in the loop's order, with the checked arguments, frozen, and the loop's options", async () => {
    const seen: unknown[] = [];
    const note = (name: string) =>
      function (this: object, options: { input: object; toolCallId: string }) {
        seen.push([name, Reflect.get(this, "bank"), options.input, Object.isFrozen(options.input), options.toolCallId]);
      };
    const { ran } = await pay({
      bank: "Bank of Acme",
      onInputAvailable: note("available"),
      onInputStart: note("start"),
    });
    expect(seen).toEqual(["start", "available"].map((name) => [name, "Bank of Acme", GOOD, true, "call-1-0"]));
    expect(ran).toEqual([["execute", GOOD]]);
  });

  it("that fails is a failure of its tool, which does not run", async () => {
    const fails = async () => {
      throw new Error("the cache is full");
    };
    const { ran, result, audit } = await pay({ onInputAvailable: fails });
    expect([ran, result]).toEqual([[], "Error: the cache is full"]);
    expect(audit.outcomes).toMatchObject([{ outcome: "failed" }]);
  });

  it("is not there for a tool whose server decides: it would run before, so that tool is refused", async () => {
    const served = await servePayments(world);
    const client = await clientOf(served.url, world.planner);
    const { send_payment } = (await client.tools()) as ToolSet;
    const seen: unknown[] = [];
    const touched = { send_payment: { ...send_payment, onInputAvailable: () => void seen.push(1) } as never };
    const options = { authorizer: world.authorizer().authorizer, delegation: world.planner };
    await expect(authorizeTools(touched, options)).rejects.toMatchObject({
      message: expect.stringContaining("would run onInputAvailable"),
    });
    const tools = await authorizeTools(touched, { ...options, callbacks: EARLY });
    await LOOPS[0]?.[1](scripted([{ tool: "send_payment", input: TOO_MUCH }]).model, tools);
    expect(seen).toEqual([1]);
    await served.stop();
  });

  it("is chosen by a word that Hopwise knows, or nothing is guarded", async () => {
    for (const callbacks of ["before", true, null] as unknown as Callbacks[]) {
      const options = { authorizer: world.authorizer().authorizer, delegation: world.planner, callbacks };
      await expect(authorizeTools({}, options)).rejects.toMatchObject({ code: "config_invalid" });
    }
  });
});

describe("whatever object a tool is, nothing of it runs in a call that is denied", () => {
  class Payment {
    readonly inputSchema = paymentSchema;
    readonly ran: string[];
    constructor(ran: string[]) {
      this.ran = ran;
    }
    onInputAvailable(): void {
      this.ran.push("onInputAvailable");
    }
    async execute(): Promise<string> {
      this.ran.push("execute");
      return "paid";
    }
  }
  const plain = (ran: string[]) => ({
    inputSchema: paymentSchema,
    onInputAvailable: () => void ran.push("onInputAvailable"),
    execute: async () => void ran.push("execute"),
  });
  /** Gives something else each time it is asked. */
  const changing = (ran: string[]) => {
    let asked = 0;
    const execute = () => {
      const nth = ++asked;
      return async () => void ran.push(nth === 1 ? "execute" : "another execute");
    };
    const onInputAvailable = () => () => void ran.push("onInputAvailable");
    return Object.defineProperties(plain(ran), {
      execute: { get: execute },
      onInputAvailable: { get: onInputAvailable },
    });
  };

  it.each<[string, (ran: string[]) => object]>([
    ["plain", plain],
    ["frozen", (ran) => Object.freeze(plain(ran))],
    ["an instance of a class", (ran) => new Payment(ran)],
    ["inherited", (ran) => Object.create(plain(ran))],
    ["of getters that change their mind", changing],
    ["a proxy", (ran) => new Proxy(plain(ran), {})],
    [
      "a proxy that has nothing, and gives everything",
      (ran) => new Proxy({}, { get: (_, name) => Reflect.get(plain(ran), name) }),
    ],
    [
      "of members that cannot be listed",
      (ran) =>
        Object.defineProperties(
          {},
          Object.fromEntries(Object.entries(plain(ran)).map(([name, value]) => [name, { value }])),
        ),
    ],
  ])("%s", async (_, make) => {
    const ran: string[] = [];
    const options = { authorizer: world.authorizer().authorizer, delegation: world.planner };
    const tools = (await authorizeTools({ send_payment: make(ran) as Tool }, options)) as ToolSet;
    expect([Object.isFrozen(tools), Object.isFrozen(tools["send_payment"])]).toEqual([true, true]);
    for (const [, loop] of LOOPS) await loop(scripted([{ tool: "send_payment", input: TOO_MUCH }]).model, tools);
    expect(ran).toEqual([]);
    await LOOPS[1]?.[1](scripted([{ tool: "send_payment", input: GOOD }]).model, tools);
    expect(ran).toEqual(["onInputAvailable", "execute"]);
  });

  const refuse = async (tool: unknown) =>
    expect(
      authorizeTools(
        { send_payment: tool as Tool },
        {
          authorizer: world.authorizer().authorizer,
          delegation: world.planner,
        },
      ),
    ).rejects;

  it("and what is no object, or cannot be read, is refused", async () => {
    for (const tool of [undefined, null, "tool", plain]) {
      await (await refuse(tool)).toMatchObject({
        code: "config_invalid",
        message: expect.stringMatching(/"send_payment" is no object/),
      });
    }
    const broken = Object.defineProperty({ inputSchema: paymentSchema }, "execute", {
      get: () => {
        throw new Error("hunter2");
      },
    });
    await (await refuse(broken)).toMatchObject({
      code: "config_invalid",
      message: expect.not.stringContaining("hunter2"),
    });
  });

  it("and a tool in whose place the AI SDK runs another is refused: that one nobody would decide", async () => {
    const ran: unknown[] = [];
    const code = plain([]) as unknown as Tool;
    const caller = experimental_toolCaller(code, { type: "local", bind: () => code });
    for (const tool of [toolSearch({ search: ({ query }) => [String(ran.push(query))] }), caller]) {
      await (await refuse(tool)).toMatchObject({
        code: "config_invalid",
        message: expect.stringMatching(/runs another tool in the place of "send_payment"/),
      });
    }
    const inherited = Object.create(toolSearch());
    const tools = (await authorizeTools(
      { send_payment: inherited },
      { authorizer: world.authorizer().authorizer, delegation: world.planner },
    )) as ToolSet;
    const { model } = scripted([{ tool: "send_payment", input: { query: "x" } }]);
    await streamText({ model, tools, prompt: "Find.", stopWhen: isStepCount(2) }).consumeStream();
    expect(ran).toEqual([]);
  });

  it("and a function that nobody knows stays with the tool, where its execute finds it", async () => {
    const send_payment = {
      inputSchema: paymentSchema,
      onSomethingNew: () => "paid by the bank",
      execute(this: { onSomethingNew(): string }) {
        return this.onSomethingNew();
      },
    };
    const options = { authorizer: world.authorizer().authorizer, delegation: world.planner };
    const tools = await authorizeTools({ send_payment: send_payment as never as Tool }, options);
    expect(Object.keys(tools.send_payment)).toEqual(["inputSchema", "execute"]);
    const script = scripted([{ tool: "send_payment", input: GOOD }]);
    await LOOPS[0]?.[1](script.model, tools);
    expect(script.results()[0]?.[1]).toBe("paid by the bank");
  });
});
