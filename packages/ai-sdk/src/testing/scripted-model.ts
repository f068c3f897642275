import { argumentOf, either, list, members, such, text } from "@hopwise/core/options";
import { MockLanguageModelV4, simulateReadableStream } from "ai/test";

/** A call of a tool. An input that is a text goes out as it is, so that it may be no JSON. */
export interface ScriptedCall {
  readonly tool: string;
  readonly input: unknown;
}

/** What the model does when it is asked once: it says a text, makes a call, or makes several at once. */
export type ScriptedTurn = string | ScriptedCall | readonly ScriptedCall[];

/** A model that follows its script, and remembers what it was shown. */
export interface ScriptedModel {
  /** For a loop: it generates and streams. */
  readonly model: MockLanguageModelV4;
  /** Names of the tools that it was offered, turn by turn. */
  readonly offered: readonly (readonly string[])[];
  /** What it last read as the results of its calls. */
  results(): readonly { readonly tool: string; readonly text: string }[];
  /** Everything that it was shown, as one text: to look for what may not be in it. */
  shown(): string;
}

type Options = Parameters<MockLanguageModelV4["doGenerate"]>[0];
type Generated = Awaited<ReturnType<MockLanguageModelV4["doGenerate"]>>;
type Streamed = Awaited<ReturnType<MockLanguageModelV4["doStream"]>>;
type Part =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "tool-call"; readonly toolCallId: string; readonly toolName: string; readonly input: string };

const CALL = members<ScriptedCall>(
  { tool: text("a tool's name, such as send_payment"), input: such("its input", (input) => input !== undefined) },
  "a call, { tool, input }",
);
const TURN = "a text, a call { tool, input }, or a list of calls";
const readTurns = argumentOf<readonly ScriptedTurn[]>(
  "scriptedModel",
  "turns",
  list(
    either(
      TURN,
      such(TURN, (turn) => typeof turn === "string"),
      CALL,
      list(CALL, "calls"),
    ),
    "turns",
  ),
);

const USAGE = {
  inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 1, text: 1, reasoning: 0 },
};

/**
 * Makes a model that does one turn after the other, and then says `done`. It needs neither a key nor a network.
 *
 * @example
 * ```ts
 * const script = scriptedModel({ tool: "send_payment", input: { to: "Globex", amount: 400 } });
 * await new ToolLoopAgent({ model: script.model, tools }).generate({ prompt: "Pay." });
 * script.results(); // [{ tool: "send_payment", text: "Not allowed (grant_argument_refused). …" }]
 * ```
 *
 * @throws {HopwiseError} `config_invalid` for what is no turn
 */
export function scriptedModel(...given: readonly ScriptedTurn[]): ScriptedModel {
  const turns = readTurns(given);
  const offered: string[][] = [];
  const prompts: Options["prompt"][] = [];

  const next = ({ tools = [], prompt }: Options): { readonly content: readonly Part[]; readonly finish: object } => {
    const content = partsOf(turns[offered.length] ?? "done", offered.length);
    offered.push(tools.map(({ name }) => name));
    prompts.push(prompt);
    const reason = content.some(({ type }) => type === "tool-call") ? "tool-calls" : "stop";
    return { content, finish: { finishReason: { unified: reason, raw: reason }, usage: USAGE } };
  };

  const model = new MockLanguageModelV4({
    doGenerate: async (options) => {
      const { content, finish } = next(options);
      return { content, ...finish, warnings: [] } as unknown as Generated;
    },
    doStream: async (options) => {
      const { content, finish } = next(options);
      const chunks = [
        { type: "stream-start", warnings: [] },
        ...content.flatMap(chunksOf),
        { type: "finish", ...finish },
      ];
      const stream = simulateReadableStream({ chunks, initialDelayInMs: null, chunkDelayInMs: null });
      return { stream } as unknown as Streamed;
    },
  });

  return {
    model,
    offered,
    shown: () => JSON.stringify(prompts),
    results: () => resultsIn(prompts.at(-1) ?? []),
  };
}

function partsOf(turn: ScriptedTurn, number: number): readonly Part[] {
  if (typeof turn === "string") return [{ type: "text", text: turn }];
  return [turn].flat().map(({ tool, input }, i) => ({
    type: "tool-call",
    toolCallId: `call-${number + 1}-${i}`,
    toolName: tool,
    input: typeof input === "string" ? input : JSON.stringify(input),
  }));
}

/** A part as a stream brings it. */
function chunksOf(part: Part): readonly object[] {
  if (part.type === "text") {
    return [
      { type: "text-start", id: "1" },
      { type: "text-delta", id: "1", delta: part.text },
      { type: "text-end", id: "1" },
    ];
  }
  const { toolCallId: id, toolName, input: delta } = part;
  return [
    { type: "tool-input-start", id, toolName },
    { type: "tool-input-delta", id, delta },
    { type: "tool-input-end", id },
    part,
  ];
}

function resultsIn(prompt: Options["prompt"]): ReturnType<ScriptedModel["results"]> {
  return prompt
    .flatMap(({ role, content }) => (role === "tool" ? content : []))
    .flatMap((part) => (part.type === "tool-result" ? [{ tool: part.toolName, text: textOf(part.output) }] : []));
}

function textOf(output: { readonly type: string; readonly value?: unknown }): string {
  return typeof output.value === "string" ? output.value : (JSON.stringify(output.value) ?? output.type);
}
