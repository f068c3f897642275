import {
  type JsonRpcMessage,
  type JsonRpcNotification,
  type JsonRpcRequest,
  PROBE_METHOD,
  refused,
} from "../protocol/index.ts";
import type { Guard } from "./guard.ts";

/** How much of a name that a caller chose is told. */
const LONGEST_NAME = 128;

/** A name that a caller chose, for a text: on one line, and at most 128 characters of it. */
export function quoted(name: string): string {
  return JSON.stringify(name.slice(0, LONGEST_NAME));
}

/** The answer to a request that no authorizer is asked about. It is counted, as that of a stranger. */
export function turnAway(
  guard: Guard,
  { id, method }: JsonRpcRequest,
  code: "method_unguarded" | "arguments_malformed",
  message: string,
): JsonRpcMessage {
  if (method !== PROBE_METHOD) count(guard, method, code, message);
  return refused(id, code, message);
}

/** The same of a notification, which has no answer: it does not reach the server. */
export function dropUnguarded(guard: Guard, { method }: JsonRpcNotification): void {
  count(guard, method, "method_unguarded", unguarded(method));
}

export function unguarded(method: string): string {
  return `This server does not guard ${quoted(method)} yet, so it does not serve it.`;
}

function count(
  { authorizer, report }: Guard,
  method: string,
  code: Parameters<typeof refused>[1],
  message: string,
): void {
  authorizer.refuse({ tool: method.slice(0, LONGEST_NAME) }, { code, message }).catch(report);
}
