import { describe, expect, it } from "vitest";
import { tellingOfLostAnswers } from "./lost-answers.ts";

const REQUEST = { jsonrpc: "2.0", id: 7, method: "tools/call", params: { name: "pay" } };
const ANSWER = 'data: {"jsonrpc":"2.0","id":7,"result":{"content":[]}}';
const PROGRESS = 'data: {"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":7}}\n\n';
const QUESTION = 'data: {"jsonrpc":"2.0","id":7,"method":"elicitation/create"}\n\n';
const OTHER = 'data: {"jsonrpc":"2.0","id":8,"result":{}}\n\n';

interface Sent {
  readonly body?: string;
  readonly breaks?: Error;
  readonly type?: string;
  readonly status?: number;
  readonly signal?: AbortSignal;
}

/** What a client reads of a stream that brings these parts, and then ends or breaks. */
async function read(
  parts: readonly string[],
  {
    body = JSON.stringify(REQUEST),
    breaks,
    type = "text/event-stream",
    status = 200,
    signal = new AbortController().signal,
  }: Sent = {},
): Promise<string> {
  const left = parts.map((part) => new TextEncoder().encode(part));
  const stream = new ReadableStream({
    pull: (controller) => {
      const next = left.shift();
      if (next !== undefined) controller.enqueue(next);
      else if (breaks !== undefined) controller.error(breaks);
      else controller.close();
    },
  });
  const fetch = async (): Promise<Response> => new Response(stream, { status, headers: { "content-type": type } });
  return (await tellingOfLostAnswers(fetch)("https://pay.example/mcp", { method: "POST", body, signal })).text();
}

describe("a stream that ends without the answer to its request", () => {
  it.each([
    ["before anything came", []],
    [
      "after what is no answer: progress, a question of the server, an answer to something else",
      [PROGRESS, QUESTION, OTHER],
    ],
    ["in the middle of the answer", [PROGRESS, ANSWER.slice(0, -9)]],
  ])("gets an error in its place: %s", async (_, parts) => {
    for (const breaks of [undefined, new TypeError("terminated")]) {
      const text = await read(parts, breaks && { breaks });
      expect(text.startsWith(parts.join(""))).toBe(true);
      const last = text.slice(parts.join("").length);
      expect(JSON.parse(last.trim().replace("data: ", ""))).toEqual({
        jsonrpc: "2.0",
        id: 7,
        error: {
          code: -32_000,
          message: expect.stringMatching(/^the answer to tools\/call was lost: .* may have run: look before/),
        },
      });
      expect(last).toMatch(/^\n\n.*\n\n$/);
    }
  });

  it("is left as it is where its client gave the request up", async () => {
    const breaks = new DOMException("gone", "AbortError");
    await expect(read([PROGRESS], { breaks, signal: AbortSignal.abort() })).rejects.toBe(breaks);
  });
});

describe("a stream that has the answer", () => {
  it.each([
    ["at once", [`${ANSWER}\n\n`]],
    ["letter by letter, with ends of lines as Windows has them", [...`${PROGRESS}${ANSWER}\r\n\r\n`]],
    ["and something after it", [`${ANSWER}\n\n`, PROGRESS]],
    ["whose line was not ended", [ANSWER.slice(0, 20), ANSWER.slice(20)]],
    ["without the empty line by which it is read", [`${ANSWER}\n`]],
  ])("gets no other one, and ends with an empty line, however it ends: %s", async (_, parts) => {
    for (const breaks of [undefined, new TypeError("terminated")]) {
      expect(await read(parts, breaks && { breaks })).toBe(`${parts.join("")}\n\n`);
    }
  });
});

it.each<[string, Sent]>([
  ["a body of JSON", { type: "application/json" }],
  ["a stream of events that is no success", { status: 503 }],
  ["a notification", { body: JSON.stringify({ jsonrpc: "2.0", method: "notifications/initialized" }) }],
  ["what is no JSON", { body: "grant_type=refresh_token" }],
])("nothing is added to the answer to %s", async (_, sent) => {
  expect(await read(["{}"], sent)).toBe("{}");
});

it("a stream that nobody reads any more ends at its server, too", async () => {
  const left: unknown[] = [];
  const stream = new ReadableStream({ cancel: (reason) => void left.push(reason) });
  const fetch = async (): Promise<Response> =>
    new Response(stream, { headers: { "content-type": "text/event-stream" } });
  const response = await tellingOfLostAnswers(fetch)("https://pay.example/mcp", { body: JSON.stringify(REQUEST) });
  await response.body?.cancel("enough");
  expect(left).toEqual(["enough"]);
});
