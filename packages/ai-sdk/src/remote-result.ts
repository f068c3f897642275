import { type DenialData, META_DENIAL, pendingIn } from "@hopwise/mcp";
import { ToolDenied } from "./tool-denied.ts";
import { ToolPending } from "./tool-pending.ts";

/** An MCP server's answer to a tool call, as the AI SDK's client gives it. */
interface CallResult {
  readonly isError: true;
  readonly content: readonly { readonly type?: unknown; readonly text?: unknown }[];
  readonly _meta?: { readonly [key: string]: unknown };
}

/**
 * The result of a remote call. A tool that was denied or failed counts as an error, as a local one does: the AI SDK's
 * client would give it like any other result.
 *
 * @throws {ToolDenied} where the server denied the call; {ToolPending} where it waits for people; an `Error` with the result as its `cause` where the tool failed
 */
export function returnedResult(result: unknown): unknown {
  if (!isFailure(result)) return result;
  const text = result.content.flatMap((part) => (typeof part.text === "string" ? [part.text] : [])).join("\n");
  const pending = pendingIn(result._meta);
  if (pending !== undefined) throw new ToolPending({ text, ...pending, untilSeconds: pending.until });
  const denial = denialOf(result);
  if (denial !== undefined) throw new ToolDenied({ text, ...denial });
  throw new Error(text === "" ? "The tool failed." : text, { cause: result });
}

/** Not what a tool's own output schema made of a result: that has no `content`. */
function isFailure(result: unknown): result is CallResult {
  if (typeof result !== "object" || result === null) return false;
  const { isError, content } = result as Partial<CallResult>;
  return isError === true && Array.isArray(content);
}

/** What the server says of its denial: data from elsewhere. */
function denialOf({
  _meta,
}: CallResult): { code: string; retryable: boolean; invocation: string | undefined } | undefined {
  const { code, retryable, invocation } = (_meta?.[META_DENIAL] ?? {}) as {
    readonly [name in keyof DenialData]?: unknown;
  };
  if (typeof code !== "string") return undefined;
  return { code, retryable: retryable === true, invocation: typeof invocation === "string" ? invocation : undefined };
}
