import { isPlain, type JsonRpcMessage, type Plain } from "./jsonrpc.ts";

/** The capabilities of MCP whose requests a guard lets through, and of each the features that work behind it. */
const SERVED: { readonly [capability: string]: readonly string[] } = {
  logging: [],
  prompts: ["listChanged"],
  resources: ["listChanged"],
  tools: ["listChanged"],
};

/**
 * The answer to `initialize` or `server/discover`, with the capabilities that a guarded server has. What a server offers
 * beside, also in ways that are not known yet, would only lead its clients to requests that are refused.
 */
export function offerServed(message: JsonRpcMessage, hasTools: boolean): JsonRpcMessage {
  const offered = message.result?.["capabilities"];
  if (!isPlain(offered)) return message;
  const capabilities = Object.fromEntries(
    Object.entries(SERVED)
      .filter(([name]) => isPlain(offered[name]) && (hasTools || name !== "tools"))
      .map(([name, features]) => [name, only(offered[name] as Plain, features)]),
  );
  return { ...message, result: { ...message.result, capabilities } };
}

function only(offered: Plain, features: readonly string[]): Plain {
  return Object.fromEntries(features.filter((name) => name in offered).map((name) => [name, offered[name]]));
}
