import { DENIED, PROOF_REQUIRED } from "./denial.ts";
import { isPlain, type JsonRpcMessage } from "./jsonrpc.ts";
import { WAITS } from "./pending.ts";

/** How the names begin that Hopwise has in `_meta`, and those of its marks among a server's tools. */
const OURS = "dev.hopwise/";
const OUR_CODES: readonly number[] = [PROOF_REQUIRED, WAITS, DENIED];
const INTERNAL_ERROR = -32_603;

export function isOurs(name: unknown): boolean {
  return String(name).startsWith(OURS);
}

/**
 * A server's answer, without what only a guard says. A tool may hand on whole what a server elsewhere said, which may be hostile, or
 * have a guard of its own: clients would take that for words of this guard, be told that a call did not run which did, and make it
 * again, some by themselves.
 */
export function withoutOurWords(answer: JsonRpcMessage): JsonRpcMessage {
  const { result, error } = answer;
  if (error !== undefined && OUR_CODES.includes(error.code)) {
    return { ...answer, error: { code: INTERNAL_ERROR, message: error.message } };
  }
  const meta = result?.["_meta"];
  if (!isPlain(meta) || !Object.keys(meta).some(isOurs)) return answer;
  const others = Object.entries(meta).filter(([name]) => !isOurs(name));
  return { ...answer, result: { ...result, _meta: Object.fromEntries(others) } };
}
