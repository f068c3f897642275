/** A guarded server with nothing behind the guard, to see what the guard itself answers. */
import type { Authorizer } from "@hopwise/core";
import {
  createGuardedTools,
  type DenialData,
  guardTransport,
  type JsonRpcMessage,
  type McpTransport,
} from "@hopwise/mcp";
import type { Produced } from "./case.ts";

/** What the guard answers to a method that it does not know how to check. */
export async function unguardedMethod(authorizer: Authorizer, method: string): Promise<Produced> {
  const answers: JsonRpcMessage[] = [];
  const transport: McpTransport = {
    start: async () => {},
    close: async () => {},
    send: async (message) => void answers.push(message),
  };
  const guarded = guardTransport(transport, { authorizer, tools: createGuardedTools() });
  guarded.onmessage = () => {
    throw new Error("it was let through");
  };
  transport.onmessage?.({ jsonrpc: "2.0", id: 1, method, params: { argument: { value: "Argument-Value" } } });
  await new Promise((resolve) => setImmediate(resolve));
  const { message = "", data } = answers[0]?.error ?? {};
  const { code = "", retryable = true } = (data ?? {}) as Partial<DenialData>;
  return { code, message, retryable, shown: JSON.stringify(answers), pieces: [] };
}
