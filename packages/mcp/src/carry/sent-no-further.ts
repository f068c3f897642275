import { HopwiseError } from "@hopwise/core";

const REDIRECTS: readonly unknown[] = [301, 302, 303, 307, 308];

/**
 * Sends a request to its own address, and to no other. Whoever got it there could put the chain and its fresh proof before
 * the server in their own name, and read the result. A client that looks at redirects itself (`redirect: "manual"`, or "error") gets
 * them: what it sends to another address of the same server is signed anew.
 *
 * @throws {HopwiseError} `config_invalid` for a redirect that `fetch` was to follow, and where it followed one all the same
 */
export async function sentNoFurther(
  fetch: typeof globalThis.fetch,
  input: string | URL | Request,
  init: RequestInit,
): Promise<Response> {
  const redirect = init.redirect ?? (input instanceof Request ? input.redirect : undefined);
  if (redirect === "manual" || redirect === "error") return fetch(input, init);
  const answer = await fetch(input, { ...init, redirect: "manual" });
  // Browsers show nothing of a redirect but that it is one. A `fetch` of the host's may give anything.
  const { type, status, redirected } = (answer ?? {}) as Partial<Response>;
  if (type !== "opaqueredirect" && redirected !== true && !REDIRECTS.includes(status)) return answer;
  answer.body?.cancel().catch(() => {});
  const place = placeOf(answer, input);
  throw new HopwiseError(
    "config_invalid",
    redirected === true
      ? `carryingFetch: the fetch that it was given follows redirects although it was told not to, and what it was to send, a chain and its proof, went on to ${place}: give it one that keeps to redirect: "manual"`
      : `carryingFetch: the server's address leads on to ${place}, and a chain is sent nowhere but where the client was told to: if that is the server, give the client that address`,
  );
}

/** Where a redirect leads, without its query, which may hold anything. */
function placeOf(answer: Response, input: string | URL | Request): string {
  const to = answer.redirected ? answer.url : (answer.headers.get("location") ?? "");
  const from = input instanceof Request ? input.url : String(input);
  if (to === "" || !URL.canParse(to, from)) return "another one";
  const { origin, pathname } = new URL(to, from);
  return `${origin}${pathname}`;
}
