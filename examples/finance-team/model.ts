/**
 * The language model of the story: scripted, so that it needs neither a key nor a network, and obeys any text that it
 * reads.
 */

import { type LanguageModel, stepCountIs, ToolLoopAgent, type ToolSet } from "ai";
import { MockLanguageModelV4 } from "ai/test";

/** One turn of the script: a tool call, or the model's last words. */
export type Turn = { readonly call: string; readonly input: object } | { readonly say: string };

type Generate = NonNullable<NonNullable<ConstructorParameters<typeof MockLanguageModelV4>[0]>["doGenerate"]>;
type Generated = Awaited<ReturnType<Extract<Generate, (...args: never[]) => unknown>>>;

/** The names of the tools that the model was shown, turn by turn. */
export interface ScriptedModel {
  readonly model: LanguageModel;
  readonly offered: readonly (readonly string[])[];
}

export function scriptedModel(turns: readonly Turn[]): ScriptedModel {
  const offered: string[][] = [];
  const usage = { inputTokens: { total: 1 }, outputTokens: { total: 1 } };
  const model = new MockLanguageModelV4({
    doGenerate: (async ({ tools }: { tools?: readonly { readonly name: string }[] }) => {
      const turn = turns[offered.length] ?? { say: "done" };
      offered.push((tools ?? []).map(({ name }) => name));
      const content =
        "say" in turn
          ? [{ type: "text", text: turn.say }]
          : [
              {
                type: "tool-call",
                toolCallId: `call-${offered.length}`,
                toolName: turn.call,
                input: JSON.stringify(turn.input),
              },
            ];
      const reason = "say" in turn ? "stop" : "tool-calls";
      return { content, finishReason: { unified: reason, raw: reason }, usage, warnings: [] } as unknown as Generated;
    }) as Generate,
  });
  return { model, offered };
}

/** The model of the loops: the script, or a real one by the name in `HOPWISE_MODEL`, such as `openai/gpt-5`. */
export function chooseModel(script: ScriptedModel): LanguageModel {
  return process.env["HOPWISE_MODEL"] ?? script.model;
}

/** Runs an AI SDK loop that makes one payment; returns the text that its model got to read. */
export async function agentCalls(tools: ToolSet, input: object): Promise<string> {
  const script = scriptedModel([{ call: "send_payment", input }, { say: "done" }]);
  const agent = new ToolLoopAgent({ model: chooseModel(script), tools, stopWhen: stepCountIs(3) });
  const { steps } = await agent.generate({ prompt: `Pay: ${JSON.stringify(input)}` });
  const results = steps
    .flatMap(({ content }) => content)
    .filter(({ type }) => type === "tool-result" || type === "tool-error");
  return results
    .map((part) => ("error" in part ? String(part.error) : "output" in part ? JSON.stringify(part.output) : ""))
    .join(" ");
}
