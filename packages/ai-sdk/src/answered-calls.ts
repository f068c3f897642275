import { isObject } from "@hopwise/core/options";

/** The part of an MCP client of the AI SDK that matters here. */
interface Client {
  callTool: (call: never) => Promise<unknown>;
}

type Execute = (input: never, options: never) => unknown;

/** Calls a tool of a client. What fails after its server answered gives a result of a failed tool, which says that it ran. */
export type CallOnce = (execute: Execute, input: never, options: never) => Promise<unknown>;

/**
 * A client holds a result against the schema of its own (`schemas`) once the tool has run, and throws what reads like a
 * failure: a loop would call again. That the server answered is noted by the arguments, of which each call has an object of
 * its own.
 */
export function tellingOfAnswers(client: Client): CallOnce {
  const { callTool } = client;
  const answered = new WeakSet<object>();
  client.callTool = async (call: { readonly arguments?: unknown }) => {
    const result = await callTool.call(client, call as never);
    if (isObject(call.arguments)) answered.add(call.arguments);
    return result;
  };
  return async (execute, input, options) => {
    const own: unknown = isObject(input) ? { ...(input as object) } : input;
    try {
      return await execute(own as never, options);
    } catch (cause) {
      if (!answered.has(own as object)) throw cause;
      const why = "its result is not what the outputSchema of this client allows";
      const text = `The tool ran, and ${why}. Do not call it again; report it.`;
      return { isError: true, content: [{ type: "text", text }], cause };
    }
  };
}
