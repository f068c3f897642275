import { HopwiseError } from "@hopwise/core";
import { isPlain, type JsonRpcId, PROOF_REQUIRED } from "../protocol/index.ts";

/** A challenge is some 300 bytes. A longer text is an answer, and is not searched for one. */
const LONGEST_CHALLENGE = 16_384;
const LONGEST_NONCE = 512;
/** The code of a challenge, which guards write as it is. */
const CHALLENGE = "proof_nonce_required";

/** The nonce that a server wants a request's proof to name; undefined for any other message. */
export function nonceAskedFor(message: unknown, id: JsonRpcId): string | undefined {
  if (!isPlain(message) || message["id"] !== id || !isPlain(message["error"])) return undefined;
  const { code, data } = message["error"];
  if (code !== PROOF_REQUIRED || !isPlain(data) || data["code"] !== CHALLENGE) return undefined;
  const { nonce } = data;
  return typeof nonce === "string" && nonce !== "" && nonce.length <= LONGEST_NONCE ? nonce : undefined;
}

/** The start of an answer over HTTP, up to its first message. */
export interface Opened {
  /** The first message, where it can be a challenge. Other answers are not read twice: their client reads them. */
  readonly first: unknown;
  /** The same answer, complete; the rest streams on as it arrives. */
  readonly response: Response;
}

/**
 * Reads an answer of Streamable HTTP as far as its first message: the whole of a JSON body, or the first event with
 * data of a stream. A guard challenges before a handler runs, so no other message of the request comes before a
 * challenge.
 */
export async function openAnswer(response: Response): Promise<Opened> {
  checkUnread(response);
  const type = response.headers.get("content-type") ?? "";
  const isStream = type.includes("text/event-stream");
  if (response.body === null || !(isStream || type.includes("application/json"))) return { first: undefined, response };
  const reader = response.body.getReader();
  const read: Uint8Array<ArrayBuffer>[] = [];
  const decoder = new TextDecoder();
  let text = "";
  let first: string | undefined;
  let failure: { readonly error: unknown } | undefined;
  try {
    for (let done = false; !done && first === undefined && text.length <= LONGEST_CHALLENGE; ) {
      const chunk = await reader.read();
      done = chunk.done;
      if (chunk.value !== undefined) read.push(chunk.value);
      text += decoder.decode(chunk.value, { stream: !done });
      if (isStream) first = firstData(text);
      else if (done) first = text;
    }
  } catch (error) {
    // The part before the break may have told the client where to resume.
    failure = { error };
  }
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull: async (controller) => {
      const next = read.shift();
      if (next !== undefined) return controller.enqueue(next);
      if (failure !== undefined) throw failure.error;
      const { done, value } = await reader.read();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
  const { status, statusText, headers } = response;
  return {
    first: first?.includes(CHALLENGE) ? jsonIn(first) : undefined,
    response: new Response(body, { status, statusText, headers }),
  };
}

/** A `fetch` of the host's may give anything: a body that it read itself, to log it, is none any more. */
function checkUnread(given: unknown): void {
  try {
    const { headers, body, bodyUsed } = given as Partial<Response>;
    const isUnread = body === null || (body?.locked === false && bodyUsed !== true);
    if (typeof headers?.get === "function" && isUnread) return;
  } catch {
    // It fails when it is looked at.
  }
  const message =
    "carryingFetch: fetch must give a Response whose body nobody has read; give a copy, response.clone(), to what reads it";
  throw new HopwiseError("config_invalid", message, { pointer: "/fetch" });
}

/** The data of the first complete event that has any: events without announce where to resume, or keep a line open. */
function firstData(text: string): string | undefined {
  const events = text.replace(/\r\n?/g, "\n").split("\n\n").slice(0, -1);
  for (const event of events) {
    const data = event
      .split("\n")
      .filter((line) => line.startsWith("data:"))
      .map((line) => line.slice(line[5] === " " ? 6 : 5))
      .join("\n");
    if (data !== "") return data;
  }
  return undefined;
}

/** The value of a JSON text; undefined for a text that is not JSON. */
export function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
