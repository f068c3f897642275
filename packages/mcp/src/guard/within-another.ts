import type { AsyncLocalStorage } from "node:async_hooks";
import type { FlightScope } from "./decide-flight.ts";
import type { RequestScope } from "./decide-tool.ts";
import type { Flight } from "./flights.ts";
import type { Guard } from "./guard.ts";

/*
 * A server that takes its messages through a queue of its own may take one while another one's still runs: the second then runs within
 * the first, where `caller()` is the caller of that, and a tool would be decided for them.
 */

/** What the host program reads of it. */
export const WITHIN_ANOTHER =
  "the server ran a request within another one, whose caller may be somebody else, so its result is withheld: it takes the messages of this transport through a queue of its own, as serveStdio of the MCP SDK does; give the guard to the server's connect there";

/** Whether the server runs a function within another request than the one that it was called for, as far as the SDK tells that. */
export function isCalledWithinAnother(scope: AsyncLocalStorage<RequestScope>, given: readonly unknown[]): boolean {
  const own = scope.getStore()?.id;
  const called = given.map(contextIn).find((context) => context !== undefined)?.id;
  return own !== undefined && called !== undefined && called !== own;
}

/** Whether the server sends what belongs to a request within another one: it is sent where that ran which made it. */
export function isSentWithinAnother(guard: Guard, flight: Flight): boolean {
  return (flightWithin(guard) ?? flight) !== flight;
}

/** The request, of whichever transport, within which code of the server runs. */
export function flightWithin({ tools }: Guard): Flight | undefined {
  return (tools.scope.getStore() as Partial<FlightScope> | undefined)?.flight;
}

/** What an MCP SDK tells a function of its request. No message can hold the functions of such a context. */
export function contextIn(value: unknown): { readonly id: unknown } | undefined {
  const { signal, sendRequest, requestId, mcpReq } = Object(value) as { readonly [member: string]: unknown };
  const { signal: of2x, send, id } = Object(mcpReq) as { readonly [member: string]: unknown };
  if (signal instanceof AbortSignal && typeof sendRequest === "function") return { id: requestId };
  return of2x instanceof AbortSignal && typeof send === "function" ? { id } : undefined;
}
