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
  leave(request.body);
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
 * @returns that; or the answer to a request that cannot be read: 415, 413, 400
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
    leave(request.body);
    return refused(isJson ? 413 : 415, expected);
  }
  try {
    const text = await withDeadline(deadlineMs, (signal, expired) =>
      Promise.race([readText(request, maxBytes, signal), expired]),
    );
    return text === undefined ? refused(413, expected) : (read(JSON.parse(text)) ?? refused(400, expected));
  } catch (error) {
    if (error instanceof DeadlinePassed) throw error;
    // Not UTF-8, no JSON, or cut off.
    return refused(400, expected);
  }
}

function refused(status: 400 | 413 | 415, expected: string): Response {
  if (status === 413) return jsonAnswer(status, { code: "token_too_large" });
  return jsonAnswer(status, { code: "token_malformed", expected });
}
