import { type JsonRpcMessage, type JsonRpcRequest, PROBE_METHOD, refused } from "../protocol/index.ts";
import type { Guard } from "./guard.ts";

/** How much of a name that a caller chose is told. */
export const LONGEST_NAME = 128;

/** The answer to a request that no authorizer is asked about. It is counted, as that of a stranger. */
export function turnAway(
  { authorizer, report }: Guard,
  { id, method }: JsonRpcRequest,
  code: "method_unguarded" | "arguments_malformed",
  message: string,
): JsonRpcMessage {
  if (method !== PROBE_METHOD)
    authorizer.refuse({ tool: method.slice(0, LONGEST_NAME) }, { code, message }).catch(report);
  return refused(id, code, message);
}
