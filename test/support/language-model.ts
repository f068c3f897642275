/** A scripted model that generates and streams, may call several tools in one turn, and remembers what it was shown. */
import { generateText, isStepCount, type LanguageModel, streamText, ToolLoopAgent, type ToolSet } from "ai";
import { MockLanguageModelV4, simulateReadableStream } from "ai/test";

/** One turn: what it says, or the tools that it calls. An input that is a text goes out as it is. */
export type Turn = string | readonly { readonly tool: string; readonly input: unknown }[];

export interface Script {
  readonly model: LanguageModel;
  /** Names of the tools it was offered, turn by turn. */
  readonly offered: readonly (readonly string[])[];
  /** Everything it was shown, as text. */
  readonly shown: () => string;
  /** What it read as the results of its calls: tool and text. */
  readonly results: () => readonly (readonly [tool: string, text: string])[];
}

type Part =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "tool-call"; readonly toolCallId: string; readonly toolName: string; readonly input: string };
type Options = Parameters<MockLanguageModelV4["doGenerate"]>[0];
type Generated = Awaited<ReturnType<MockLanguageModelV4["doGenerate"]>>;
type Streamed = Awaited<ReturnType<MockLanguageModelV4["doStream"]>>;

const USAGE = {
  inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 1, text: 1, reasoning: 0 },
};

export function scripted(...turns: readonly Turn[]): Script {
  const offered: string[][] = [];
  const prompts: Options["prompt"][] = [];

  const next = ({ tools = [], prompt }: Options): { readonly content: readonly Part[]; readonly finish: object } => {
    const turn = turns[offered.length] ?? "done";
    offered.push(tools.map(({ name }) => name));
    prompts.push(prompt);
    const reason = typeof turn === "string" ? "stop" : "tool-calls";
    const content: readonly Part[] =
      typeof turn === "string"
        ? [{ type: "text", text: turn }]
        : turn.map(({ tool, input }, i) => ({
            type: "tool-call" as const,
            toolCallId: `call-${offered.length}-${i}`,
            toolName: tool,
            input: typeof input === "string" ? input : JSON.stringify(input),
          }));
    return { content, finish: { finishReason: { unified: reason, raw: reason }, usage: USAGE } };
  };

  const model = new MockLanguageModelV4({
    doGenerate: async (options) => {
      const { content, finish } = next(options);
      return { content, ...finish, warnings: [] } as unknown as Generated;
    },
    doStream: async (options) => {
      const { content, finish } = next(options);
      const chunks = content.flatMap((part) =>
        "text" in part
          ? [
              { type: "text-start", id: "1" },
              { type: "text-delta", id: "1", delta: part.text },
              { type: "text-end", id: "1" },
            ]
          : [
              { type: "tool-input-start", id: part.toolCallId, toolName: part.toolName },
              { type: "tool-input-delta", id: part.toolCallId, delta: part.input },
              { type: "tool-input-end", id: part.toolCallId },
              part,
            ],
      );
      const all = [{ type: "stream-start", warnings: [] }, ...chunks, { type: "finish", ...finish }];
      return {
        stream: simulateReadableStream({ chunks: all, initialDelayInMs: null, chunkDelayInMs: null }),
      } as unknown as Streamed;
    },
  });

  return {
    model,
    offered,
    shown: () => JSON.stringify(prompts),
    results: () =>
      (prompts.at(-1) ?? [])
        .flatMap(({ role, content }) => (role === "tool" ? content : []))
        .flatMap((part) => (part.type === "tool-result" ? [[part.toolName, textOf(part.output)] as const] : [])),
  };
}

function textOf(output: { readonly type: string; readonly value?: unknown }): string {
  return typeof output.value === "string" ? output.value : JSON.stringify(output.value);
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
