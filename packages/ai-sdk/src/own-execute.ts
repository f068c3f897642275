import type { DelegationSource } from "@hopwise/core";
import { onceInProcess } from "@hopwise/core/adapter";

/** On whose behalf an `execute` of an MCP client calls, and which tool of which server. */
export interface Binding {
  readonly delegation: DelegationSource;
  readonly audience: string;
  readonly tool: string;
}

/**
 * The functions whose calls carry a proof to a server that decides and records them. Kept by identity alone: a tool may
 * carry any mark, and a copy of it would carry it on, but only the function itself reaches the server with a proof.
 */
const own = onceInProcess("ai-sdk/bound/1", () => new WeakMap<object, Binding>());

/** Remembers that this `execute` calls a server that decides. */
export function bindExecute<Execute extends object>(execute: Execute, binding: Binding): Execute {
  own.set(execute, binding);
  return execute;
}

/** What an `execute` is bound to; undefined for any other one, also for one that wraps a bound one. */
export function bindingOf(execute: unknown): Binding | undefined {
  return typeof execute === "function" ? own.get(execute) : undefined;
}

/** The functions that decide each call before the tool runs: a second one round it would decide, and spend, twice. */
const deciding = onceInProcess("ai-sdk/deciding/1", () => new WeakSet<object>());

export function noteDeciding<Execute extends object>(execute: Execute): Execute {
  deciding.add(execute);
  return execute;
}

export function isDeciding(execute: unknown): boolean {
  return typeof execute === "function" && deciding.has(execute);
}
