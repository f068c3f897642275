import { answeringPdp, createCompany } from "@hopwise/core/testing";
import { generateText, isStepCount, jsonSchema, streamText, type Tool, type ToolSet } from "ai";
import { describe, expect, it } from "vitest";
import { authorizeTools } from "../authorize-tools.ts";
import { ToolPending } from "../tool-pending.ts";
import { type ScriptedModel, scriptedModel } from "./index.ts";

const inputSchema = jsonSchema({ type: "object", properties: { a: { type: "number" } } });
const add: Tool = { inputSchema, execute: async ({ a }: { readonly a: number }) => ({ sum: a + 1 }) };
const fail: Tool = { inputSchema, execute: async () => Promise.reject(new Error("no room")) };
const tools: ToolSet = { add, fail };
const stopWhen = isStepCount(5);

async function generate({ model }: ScriptedModel, own: ToolSet = tools): Promise<string> {
  return (await generateText({ model, tools: own, prompt: "Go.", stopWhen })).text;
}

async function stream({ model }: ScriptedModel): Promise<string> {
  const result = streamText({ model, tools, prompt: "Go.", stopWhen });
  await result.consumeStream();
  return result.text;
}

describe("a model that follows a script", () => {
  it.each([
    ["generates", generate],
    ["streams", stream],
  ])("%s: it makes calls, alone and at once, reads their results, and speaks", async (_, run) => {
    const calls = [
      { tool: "add", input: { a: 2 } },
      { tool: "fail", input: {} },
    ];
    const script = scriptedModel({ tool: "add", input: { a: 1 } }, calls, "three");
    expect(await run(script)).toBe("three");
    expect(script.offered).toEqual([
      ["add", "fail"],
      ["add", "fail"],
      ["add", "fail"],
    ]);
    expect(script.results()).toEqual([
      { tool: "add", text: '{"sum":2}' },
      { tool: "add", text: '{"sum":3}' },
      { tool: "fail", text: expect.stringContaining("no room") },
    ]);
    expect(script.shown()).toContain("Go.");
  });

  it("is done where its script ends, and sends an input that is no JSON as it is", async () => {
    const script = scriptedModel({ tool: "add", input: "{ a:" });
    expect(await generate(script)).toBe("done");
    expect(script.results()).toMatchObject([{ tool: "add", text: expect.stringContaining("Invalid input") }]);
    expect(await generate(scriptedModel())).toBe("done");
  });

  it("is told that a call waits, and makes it once a person of the company said yes", async () => {
    const company = await createCompany({ approvers: ["alice"], tools: { add: { kind: "sum", action: "add" } } });
    const asking = { effect: "allow", outputs: [{ approval: "sums need alice" }] } as const;
    const cerbos = answeringPdp(({ resource: { kind } }) => (kind === "sum" ? asking : "allow"));
    const authorizer = company.authorizer({ cerbos });
    const delegation = await company.chain("alice", "planner");
    const guarded = await authorizeTools({ add }, { authorizer, delegation });
    const call = { tool: "add", input: { a: 1 } };
    const { steps } = await generateText({ model: scriptedModel(call).model, tools: guarded, prompt: "Go.", stopWhen });
    const [waits] = steps
      .flatMap(({ content }) => content)
      .flatMap((it) => (it.type === "tool-error" ? [it.error] : []));
    if (!(waits instanceof ToolPending)) throw new Error("it did not wait");
    await authorizer.answer("alice", "yes", waits.request);
    const again = scriptedModel(call);
    await generate(again, guarded);
    expect(again.results()).toEqual([{ tool: "add", text: '{"sum":2}' }]);
  });
});
