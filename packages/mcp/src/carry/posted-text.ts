/**
 * What is posted, as a text; undefined for any other request, and for what is sent in parts. Clients give a text; what a
 * program puts in between, such as a `fetch` that tries again or writes a log, may have made a `Request` or bytes of it, and without a chain
 * the server would only say that there is none.
 */
export async function postedText(input: string | URL | Request, init: RequestInit = {}): Promise<string | undefined> {
  const request = input instanceof Request ? input : undefined;
  if ((init.method ?? request?.method)?.toUpperCase() !== "POST") return undefined;
  const { body = null } = init;
  if (typeof body === "string") return body;
  if (body instanceof ArrayBuffer || ArrayBuffer.isView(body)) return new TextDecoder().decode(body);
  if (body instanceof Blob) return body.text();
  if (body !== null || request === undefined || request.bodyUsed) return undefined;
  // Of a `Request` nobody can tell whether it is sent in parts: what is no JSON may be long, or have no end.
  const isJson = headersOf(input, init).get("content-type")?.includes("json") === true;
  return isJson ? request.clone().text() : undefined;
}

/**
 * Another text in the place of what is posted. A program that copies headers copies the length of the first text with them: the
 * longer one would be cut off there.
 */
export function postedInstead(input: string | URL | Request, init: RequestInit | undefined, body: string): RequestInit {
  const headers = headersOf(input, init);
  if (!headers.has("content-length")) return { ...init, body };
  headers.delete("content-length");
  return { ...init, headers, body };
}

function headersOf(input: string | URL | Request, init: RequestInit = {}): Headers {
  return new Headers(init.headers ?? (input instanceof Request ? input.headers : undefined));
}
