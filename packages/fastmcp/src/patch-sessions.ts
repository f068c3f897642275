import type { McpTransport } from "@hopwise/mcp";
import { FastMCPSession } from "fastmcp";
import { patchLoads } from "./load-with-caller.ts";

/** The facts about a guarded server that its sessions need. */
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
 * A hidden tool that cannot be called: FastMCP hands it, like every tool, to each session of the server, and there it
 * tells whose session it is. An AsyncLocalStorage around `start()` cannot: a worker of `node:cluster` takes its
 * connections outside of it. Its name cannot be guessed, so no other tool can replace or remove it by having the same
 * name.
 */
export function markOf(guarding: Guarding): object {
  return { name: `dev.hopwise/guard-${crypto.randomUUID()}`, execute: async () => undefined, [GUARDING]: guarding };
}

/**
 * FastMCP makes its sessions itself and offers no hook, so the exported session class is patched, once: a session that
 * was given a guarded server's mark connects through that server's guard; other sessions stay as they were.
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
  patchLoads(prototype, (session) => session[GUARDING] !== undefined);
  Object.defineProperty(prototype, PATCHED, { value: true });
}
