import { type AnyTool, authorizeTools } from "@hopwise/ai-sdk";
import {
  dynamicTool,
  generateText,
  type InferToolInput,
  type InferToolOutput,
  isStepCount,
  jsonSchema,
  ToolLoopAgent,
  type ToolSet,
  tool,
} from "ai";
import { describe, expect, expectTypeOf, it } from "vitest";
import { z } from "zod";
import { GOOD } from "../support/calls.ts";
import { scripted } from "../support/language-model.ts";
import { worldHere } from "../support/world.ts";

const world = await worldHere();

const raw = {
  send_payment: tool({
    inputSchema: z.object({ to: z.string(), amount: z.coerce.number(), currency: z.string().default("EUR") }),
    execute: async ({ amount }) => ({ paid: amount }),
  }),
  read_invoice: tool({
    inputSchema: z.object({ id: z.string() }),
    async *execute({ id }) {
      yield `invoice ${id}`;
    },
  }),
  get_transactions: dynamicTool({ inputSchema: jsonSchema({ type: "object" }), execute: async () => "none" }),
};
type Raw = typeof raw;

const guard = () => authorizeTools(raw, { authorizer: world.authorizer().authorizer, delegation: world.planner });

// What is said of types here is checked by `tsc -p tsconfig.test.json`; at run time these say nothing.
describe("to the compiler, a guarded tool set", () => {
  it("is of the very type of the tool set that it was made from, but that nothing can be put into it", async () => {
    const guarded = await guard();
    expectTypeOf(guarded).toEqualTypeOf<Readonly<Raw>>();
    expectTypeOf<InferToolInput<(typeof guarded)["send_payment"]>>().toEqualTypeOf<
      InferToolInput<Raw["send_payment"]>
    >();
    expectTypeOf<InferToolOutput<(typeof guarded)["send_payment"]>>().toEqualTypeOf<{ paid: number }>();
    expect(Object.keys(guarded).sort()).toEqual(Object.keys(raw).sort());
  });

  it("goes wherever a tool set goes, and keeps the types of its results", async () => {
    const tools = await guard();
    const { model } = scripted([{ tool: "send_payment", input: GOOD }]);
    const { steps } = await generateText({ model, tools, prompt: "Pay.", stopWhen: isStepCount(3) });
    const paid: number[] = [];
    for (const { toolResults } of steps) {
      for (const result of toolResults) {
        if (result.dynamic !== true && result.toolName === "send_payment") {
          expectTypeOf(result.output).toEqualTypeOf<{ paid: number }>();
          expectTypeOf(result.input.amount).toEqualTypeOf<number>();
          paid.push(result.output.paid);
        }
      }
    }
    expect(paid).toEqual([400]);
    const agent = new ToolLoopAgent({ model, tools });
    expectTypeOf(agent.tools).toEqualTypeOf<Readonly<Raw>>();
    const set: ToolSet = tools;
    expect(set["send_payment"]).toBe(tools.send_payment);
  });

  it("goes with the contexts of its tools, which optional members would not do", () => {
    const contextSchema = z.object({ tenant: z.string() });
    const own = { pay: tool({ inputSchema: z.object({}), contextSchema, execute: async () => "paid" }) };
    type Agent<Tools extends ToolSet> = ConstructorParameters<typeof ToolLoopAgent<never, Tools>>[0];
    type Guarded = Awaited<ReturnType<typeof authorizeTools<typeof own>>>;
    expectTypeOf<{ pay: { tenant: string } }>().toExtend<Agent<Guarded>["toolsContext"]>();
    expectTypeOf<{ pay: { tenant: string } }>().not.toExtend<Agent<Partial<typeof own>>["toolsContext"]>();
  });

  it("may be made of anything that has the shape of a tool, and of nothing else", () => {
    expectTypeOf<ToolSet[string]>().toExtend<AnyTool>();
    expectTypeOf<{ execute: string }>().not.toExtend<AnyTool>();
  });
});
