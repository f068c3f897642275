import type { MCPClientConfig } from "@ai-sdk/mcp";
import { HopwiseError } from "@hopwise/core";
import { quietly } from "@hopwise/core/adapter";
import {
  choice,
  composed,
  flag,
  func,
  isObject,
  isThisMachine,
  mapOf,
  maybe,
  members,
  type Shape,
  such,
  text,
} from "@hopwise/core/options";
import { type CarryOptions, carryingFetch } from "@hopwise/mcp";
import { tellingOfLostAnswers } from "./lost-answers.ts";

/**
 * Streamable HTTP, with the AI SDK's own options of it: a login by OAuth, a session to go on with. All but `redirect`: a chain and its
 * proof are for the server that was named, and are never sent on.
 */
export interface HttpTransport
  extends Omit<Extract<MCPClientConfig["transport"], { readonly type: unknown }>, "type" | "redirect"> {
  readonly type: "http";
}

export const TRANSPORT_OPTION = '{ type: "http", url }, or a transport object such as that of @ai-sdk/mcp/mcp-stdio';

/** One that a later version of the AI SDK adds does not compile before it has its row. */
export const HTTP_TRANSPORT: Shape = members<HttpTransport>(
  {
    type: choice("http"),
    url: composed(
      "an http or https address without a user and password in it, such as https://pay.example/mcp; these go into headers",
      isHttp,
    ),
    headers: maybe(
      mapOf(
        such("a text that a header can have", (value) => typeof value === "string" && isHeader("x", value)),
        "texts by the names of headers",
        such("that of a header, such as authorization", (name) => isHeader(String(name), "")),
      ),
    ),
    authProvider: maybe(such("an OAuth provider of @ai-sdk/mcp", isObject)),
    fetch: maybe(func("a function like fetch")),
    initialSessionId: maybe(text("the id of a session", (id) => isHeader("x", id))),
    initialProtocolVersion: maybe(text("a version of MCP, such as 2025-06-18", (version) => isHeader("x", version))),
    onSessionIdChange: maybe(func("a function that takes the id of a session")),
    onSessionExpired: maybe(func("a function that takes the id of a session")),
    terminateSessionOnClose: maybe(flag()),
  },
  TRANSPORT_OPTION,
);

/**
 * The transport of the AI SDK, with a chain and a proof in each request. What a host program is told of its session neither fails the
 * request that brought it, whose tool may have run, nor ends the process.
 */
export function carryingHttp(
  { fetch = globalThis.fetch, onSessionIdChange, onSessionExpired, ...transport }: HttpTransport,
  carry: CarryOptions,
): MCPClientConfig["transport"] {
  return {
    ...transport,
    fetch: tellingOfLostAnswers(carryingFetch(carry, fetch === globalThis.fetch ? keepingTo(transport.url) : fetch)),
    ...(onSessionIdChange && { onSessionIdChange: (id) => quietly(() => onSessionIdChange(id)) }),
    ...(onSessionExpired && { onSessionExpired: (id) => quietly(() => onSessionExpired(id)) }),
  };
}

/**
 * The `fetch` of who gives none. Without one the AI SDK asks nobody elsewhere about a server's login: the server names that address,
 * and its name may lead into the network of who asks. It takes ours for one of the program's own, which looks at where it connects to.
 */
function keepingTo(url: string): typeof globalThis.fetch {
  const { fetch } = globalThis;
  const server = new URL(url);
  return async (input, init) => {
    const { origin, hostname } = new URL(input instanceof Request ? input.url : input);
    const isKnown = origin === server.origin || [hostname, server.hostname].every(isThisMachine);
    // To whom a code or a token is posted the AI SDK judges by itself, in any case.
    if (isKnown || init?.method === "POST") return fetch(input, init);
    throw new HopwiseError(
      "config_invalid",
      `createMcpClient: the server says that its login is at ${origin}, and whoever names an address may name one within your network; give the transport a fetch of your own that looks at where it connects to, or asks that address alone`,
      { pointer: "/transport/fetch" },
    );
  };
}

function isHttp(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, username, password } = new URL(url);
  return /^https?:$/.test(protocol) && username === "" && password === "";
}

/** The first request would fail otherwise, with words that may quote it. */
function isHeader(name: string, value: string): boolean {
  try {
    new Headers([[name, value]]);
    return true;
  } catch {
    return false;
  }
}
