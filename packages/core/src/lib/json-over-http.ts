import { DeadlinePassed, withDeadline } from "./deadline.ts";
import { leave, readText } from "./read-text.ts";

/** An answer in JSON, which nobody on the way keeps. */
export function jsonAnswer(status: number, body: object, headers: { readonly [name: string]: string } = {}): Response {
  return Response.json(body, { status, headers: { "cache-control": "no-store", ...headers } });
}

/** The same to a request whose body nobody reads: what is still to come of it is let go. */
export function unreadAnswer(
  request: Request,
  status: number,
  body: object,
  headers?: { readonly [name: string]: string },
): Response {
  letGo(request);
  return jsonAnswer(status, body, headers);
}

/** How much of a request is read, and for how long. */
interface ReadLimits {
  readonly maxBytes: number;
  readonly deadlineMs: number;
}

/**
 * Reads a request that must be JSON, and stops where it is longer, or does not come. JSON only: a form of a foreign page, sent
 * by the browser of somebody who is logged in, is none.
 *
 * @param read gives what was sent, or undefined where it is something else
 * @param expected what a request must be like: told to whom sends another form
 * @returns that; or the answer to a request that cannot be read: 415, 413, 400; 500 where something here had read it before
 * @throws {DeadlinePassed} where not all of it came in time
 */
export async function readJson<T>(
  request: Request,
  { maxBytes, deadlineMs }: ReadLimits,
  read: (sent: unknown) => T | undefined,
  expected: string,
): Promise<T | Response> {
  const type = request.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
  const isJson = type === "application/json";
  if (!isJson || Number(request.headers.get("content-length") ?? 0) > maxBytes) {
    letGo(request);
    return refused(isJson ? 413 : 415, expected);
  }
  if (wasRead(request)) return readBefore();
  try {
    const text = await withDeadline(deadlineMs, (signal, expired) =>
      Promise.race([readText(request, maxBytes, signal), expired]),
    );
    if (text === undefined) return refused(413, expected);
    // It says that it has a body, and a server hands on no request that was cut off.
    if (text === "" && Number(request.headers.get("content-length")) > 0) return readBefore();
    return read(JSON.parse(text)) ?? refused(400, expected);
  } catch (error) {
    if (error instanceof DeadlinePassed) throw error;
    // Not UTF-8, no JSON, or cut off.
    return refused(400, expected);
  }
}

/** Some servers make the body when it is asked for: that fails where it was read. */
function wasRead(request: Request): boolean {
  try {
    return request.bodyUsed || request.body?.locked === true;
  } catch {
    return true;
  }
}

function letGo(request: Request): void {
  if (!wasRead(request)) leave(request.body);
}

/** The fault of the program that serves the endpoint: who sent the request would look for it in what they sent. */
function readBefore(): Response {
  const message =
    "the request came here without its body: something before this endpoint, such as express.json(), had read it; serve the endpoint before that, or hand on a Request with the body that came";
  return jsonAnswer(500, { code: "config_invalid", message });
}

function refused(status: 400 | 413 | 415, expected: string): Response {
  if (status === 413) return jsonAnswer(status, { code: "token_too_large" });
  return jsonAnswer(status, { code: "token_malformed", expected });
}
