/** The loops of the AI SDK, and a model for them. */
import { type ScriptedModel, type ScriptedTurn, scriptedModel } from "@hopwise/ai-sdk/testing";
import { generateText, isStepCount, type LanguageModel, streamText, ToolLoopAgent, type ToolSet } from "ai";

/** As {@link ScriptedModel}, with the results as pairs of tool and text. */
export interface Script extends Omit<ScriptedModel, "results"> {
  readonly results: () => readonly (readonly [tool: string, text: string])[];
}

export function scripted(...turns: readonly ScriptedTurn[]): Script {
  const script = scriptedModel(...turns);
  return { ...script, results: () => script.results().map(({ tool, text }) => [tool, text]) };
}

/** What a loop ended with. */
export interface Ran {
  readonly text: string;
}

const stopWhen = isStepCount(6);
const prompt = "Do it.";

/** The three ways in which the AI SDK runs a loop, and the agent in both its modes. */
export const LOOPS: readonly (readonly [name: string, run: (model: LanguageModel, tools: ToolSet) => Promise<Ran>])[] =
  [
    ["generateText", (model, tools) => generateText({ model, tools, prompt, stopWhen })],
    [
      "streamText",
      async (model, tools) => {
        const stream = streamText({ model, tools, prompt, stopWhen });
        await stream.consumeStream();
        return { text: await stream.text };
      },
    ],
    ["ToolLoopAgent.generate", (model, tools) => new ToolLoopAgent({ model, tools, stopWhen }).generate({ prompt })],
    [
      "ToolLoopAgent.stream",
      async (model, tools) => {
        const stream = await new ToolLoopAgent({ model, tools, stopWhen }).stream({ prompt });
        await stream.consumeStream();
        return { text: await stream.text };
      },
    ],
  ];
