import type { JsonRpcMessage } from "@hopwise/mcp";

/** As MCP's own clients have it for a connection that has ended. Where there is a code, the AI SDK makes no call again by itself. */
const CONNECTION_CLOSED = -32_000;

/**
 * A `fetch` whose streams of events tell of an answer that was lost. A proxy ends a stream on which nothing was said for a while, and a
 * server that dies ends all of its own; the AI SDK would wait for the answer for ever. Here an error answers in its place, which says
 * that the call may have run. A request that its client gave up needs no answer.
 */
export function tellingOfLostAnswers(fetch: typeof globalThis.fetch): typeof globalThis.fetch {
  return async (input, init) => {
    const response = await fetch(input, init);
    const { body, headers, ok, status, statusText } = response;
    const { id, method } = typeof init?.body === "string" ? messageIn(init.body) : {};
    const isStream = headers.get("content-type")?.includes("text/event-stream");
    if (body === null || !ok || !isStream || id === undefined || method === undefined) return response;
    const lost = {
      code: CONNECTION_CLOSED,
      message: `the answer to ${method} was lost: the connection ended before it came, such as by a proxy that waits for less long, or a server that was stopped. The call may have run: look before you make it again`,
    };
    const instead = `\n\ndata: ${JSON.stringify({ jsonrpc: "2.0", id, error: lost })}\n\n`;
    return new Response(endingWith(instead, body, id, init?.signal), { status, statusText, headers });
  };
}

/** The same stream, with something at its end where the answer to a request is not in it. */
function endingWith(
  instead: string,
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  id: string | number,
  signal: AbortSignal | null | undefined,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let [line, isAnswered] = ["", false];
  return new ReadableStream({
    pull: async (controller) => {
      const { done, value } = await reader.read().catch((error: unknown) => {
        if (signal?.aborted) throw error;
        return { done: true, value: undefined } as const;
      });
      if (!done) {
        controller.enqueue(value);
        if (isAnswered) return;
        const [first = "", ...others] = decoder.decode(value, { stream: true }).split(/[\r\n]/);
        const lines = [line + first, ...others];
        line = lines.pop() ?? "";
        isAnswered = lines.some((read) => isAnswer(read, id));
        return;
      }
      // An answer that is whole needs the end alone: without an empty line behind it nobody reads it.
      controller.enqueue(new TextEncoder().encode(isAnswered || isAnswer(line, id) ? "\n\n" : instead));
      controller.close();
    },
    cancel: (reason) => reader.cancel(reason),
  });
}

/** Of a message in several lines this says no. Then it is answered twice, of which the AI SDK takes the first. */
function isAnswer(line: string, id: string | number): boolean {
  if (!line.startsWith("data:")) return false;
  const message = messageIn(line.slice("data:".length));
  return message.id === id && message.method === undefined;
}

function messageIn(text: string): Partial<JsonRpcMessage> {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}
