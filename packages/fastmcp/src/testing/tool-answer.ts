import { type DenialData, META_DENIAL, type PendingData, pendingIn } from "@hopwise/mcp";

/** The answer to a call of a tool, as its caller gets it. */
export interface ToolAnswer {
  /** All texts of the answer, a line each. */
  readonly text: string;
  readonly isError: boolean;
  /** Why the call was denied. Left out where the tool ran. */
  readonly code?: string;
  /** The whole of it: code, hop, and the invocation that names the record. Left out where the tool ran. */
  readonly denial?: DenialData;
  /** What the call waits for, where people must approve it first. */
  readonly pending?: PendingData;
  /** The result of MCP, as it came. Left out where the server refused the request itself. */
  readonly result?: { readonly [member: string]: unknown };
}

/** Reads a result of MCP. */
export function answerOf(result: { readonly [member: string]: unknown }): ToolAnswer {
  const content = (result["content"] ?? []) as readonly { readonly text?: string }[];
  const denial = (result["_meta"] as { readonly [META_DENIAL]?: DenialData } | undefined)?.[META_DENIAL];
  const pending = pendingIn(result["_meta"]);
  return {
    text: content.flatMap(({ text }) => text ?? []).join("\n"),
    isError: result["isError"] === true,
    ...(denial !== undefined && { code: denial.code, denial }),
    ...(pending !== undefined && { pending }),
    result,
  };
}

/** Reads an error that carries a denial: the server asks for a proof in this way. Throws every other error on. */
export function refusedAnswer(error: unknown): ToolAnswer {
  const { data: denial } = error as { readonly data?: DenialData };
  if (!(error instanceof Error) || typeof denial?.code !== "string") throw error;
  return { text: error.message, isError: true, code: denial.code, denial };
}
