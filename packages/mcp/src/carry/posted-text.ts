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
  return body === null && request !== undefined && !request.bodyUsed ? request.clone().text() : undefined;
}
