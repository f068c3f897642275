import type { McpTransport } from "@hopwise/mcp";
import { FastMCPSession } from "fastmcp";

/** What a guarded server's sessions need to know of it. */
export interface Guarding {
  readonly guardSession: (transport: McpTransport) => McpTransport;
}

/** On a guarded server, on its mark, and on its sessions. Shared by all copies of this package in a process. */
export const GUARDING: unique symbol = Symbol.for("dev.hopwise/fastmcp/guarding");
const PATCHED = Symbol.for("dev.hopwise/fastmcp/patched");

type Marked = { [GUARDING]?: Guarding | undefined };

interface Session extends Marked {
  setupToolHandlers(tools: readonly Marked[]): void;
  connect(transport: McpTransport): Promise<void>;
}

/**
 * A tool that nobody sees and nobody can call: it goes where a server's tools go, into each of its sessions, and tells
 * there whose session it is. An AsyncLocalStorage around `start()` cannot: a worker of `node:cluster` takes its
 * connections outside of it. Nobody can guess its name, so nobody can replace or remove it by giving a tool the same.
 */
export function markOf(guarding: Guarding): object {
  return { name: `dev.hopwise/guard-${crypto.randomUUID()}`, execute: async () => undefined, [GUARDING]: guarding };
}

/**
 * FastMCP makes its sessions itself and offers no hook, so the exported session class is patched, once: a session that
 * was given a guarded server's mark connects through that server's guard, every other session is left as it was.
 */
export function patchSessions(): void {
  const prototype = FastMCPSession.prototype as unknown as Session & { [PATCHED]?: true };
  if (prototype[PATCHED]) return;
  const { connect, setupToolHandlers } = prototype;
  prototype.setupToolHandlers = function (tools) {
    this[GUARDING] ??= tools.find((tool) => tool[GUARDING] !== undefined)?.[GUARDING];
    return setupToolHandlers.call(this, tools);
  };
  prototype.connect = function (transport) {
    return connect.call(this, this[GUARDING]?.guardSession(transport) ?? transport);
  };
  Object.defineProperty(prototype, PATCHED, { value: true });
}
