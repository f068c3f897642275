import { func, readerOf } from "@hopwise/core/options";
import { checkOneLayer, isPlain, type JsonRpcId, type JsonRpcMessage, noteLayer } from "../protocol/index.ts";
import { jsonIn, nonceAskedFor, openAnswer } from "./challenge.ts";
import { postedInstead, postedText } from "./posted-text.ts";
import { sentNoFurther } from "./sent-no-further.ts";
import { type CarryOptions, carryOptionsOf, sign } from "./sign.ts";

const readOptions = carryOptionsOf("carryingFetch");
const readFetch = readerOf<typeof globalThis.fetch>("carryingFetch", func("a function like fetch"));

/**
 * The same for Streamable HTTP, as the `fetch` that MCP clients take: the body of each POST is signed before it leaves,
 * and once more where the server asks for a nonce. Answers stream on from their first message. Requests in a batch,
 * which MCP has removed, are signed, but a challenge to them is not answered. A request that is aborted while it is signed
 * is not sent. Where the client leaves redirects to `fetch`, they are errors (`config_invalid`).
 *
 * @throws {HopwiseError} `config_invalid`, also for a `fetch` that carries a chain already
 */
export function carryingFetch(
  given: CarryOptions,
  fetch: typeof globalThis.fetch = globalThis.fetch,
): typeof globalThis.fetch {
  const options = readOptions(given);
  readFetch(fetch);
  checkOneLayer("carryingFetch", "carrier", fetch);
  return noteLayer("carrier", async (input: Parameters<typeof fetch>[0], init?: RequestInit) => {
    const posted = await postedText(input, init);
    if (posted === undefined) return fetch(input, init);
    const body = jsonIn(posted);
    const signal = init?.signal ?? (input instanceof Request ? input.signal : undefined);
    const post = (signed: unknown): Promise<Response> =>
      sentNoFurther(fetch, input, postedInstead(input, init, JSON.stringify(signed)));
    if (Array.isArray(body)) return post(await Promise.all(body.map((message) => sign(message, options, { signal }))));
    // Clients send more than MCP through their `fetch`: what OAuth asks for, for example.
    if (!isPlain(body) || !("jsonrpc" in body)) return fetch(input, init);
    const message = body as unknown as JsonRpcMessage;
    const signed = await sign(message, options, { signal });
    const answer = await post(signed);
    if (signed === message) return answer;
    const { first, response } = await openAnswer(answer);
    const nonce = nonceAskedFor(first, message.id as JsonRpcId);
    if (nonce === undefined) return response;
    response.body?.cancel().catch(() => {});
    return post(await sign(message, options, { nonce, signal }));
  });
}
