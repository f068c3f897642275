import { HopwiseError } from "@hopwise/core";
import { faultOf, inOwnWords, isNormalUri, type ReadUri, settleInTime } from "@hopwise/core/adapter";
import type { Operation } from "../protocol/index.ts";
import type { Guard } from "./guard.ts";

/** How the server will read the URI of a resource, where it can tell. */
export async function readingOf({ authorizer, readUri }: Guard, operation: Operation): Promise<ReadUri | undefined> {
  const uri = uriIn(operation);
  if (readUri === undefined || uri === undefined) return undefined;
  try {
    const read = await settleInTime(authorizer.deadlineMs, readUri(uri));
    if (read === undefined || typeof Object(read).template === "string") return read;
    throw inOwnWords(new HopwiseError("guard_failed", "it gave no { template, values }"));
  } catch (cause) {
    throw new HopwiseError("guard_failed", `readUri could not say how the server reads it: ${faultOf(cause)}`, {
      cause,
    });
  }
}

/**
 * Whether a server that does not tell how it reads URIs may read this one as another. The MCP SDK's looks for a resource by
 * what a URL parser makes of it: `file:///a/../b` is judged as the one, and would be answered as `file:///b`. A handler that
 * decodes what it gets reads `file:///%62` so.
 */
export function isReadOtherwise({ readUri }: Guard, operation: Operation): boolean {
  const uri = uriIn(operation);
  return readUri === undefined && uri !== undefined && !isNormalUri(uri);
}

function uriIn(operation: Operation): string | undefined {
  if (operation.kind !== "data") return undefined;
  const { uri } = operation.arguments;
  return typeof uri === "string" ? uri : undefined;
}
