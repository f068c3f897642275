import type { AsyncLocalStorage } from "node:async_hooks";
import { createGuardedTools, type GuardedTools, type RequestScope } from "@hopwise/mcp";

/**
 * The tools of one session. A call of a tool that the server had at any time is handed over all the same, where the session
 * has none: FastMCP then says itself that it does not serve it, because it was removed or is closed to the session, and
 * the record says so. Nothing runs by that, since every tool that a session gets is wrapped: so no call waits for another to
 * show it, either.
 *
 * @param known the names of all tools that the server ever had
 */
export function sessionTools(scope: AsyncLocalStorage<RequestScope>, known: Set<string>): GuardedTools {
  const own = createGuardedTools(scope);
  return {
    ...own,
    wrap: (name, run, announced) => {
      known.add(name);
      return own.wrap(name, run, announced);
    },
    has: (name) => known.has(name),
    turns: { ...own.turns, take: () => ({ isFirst: false, asked: () => {}, ended: () => {}, lost: () => {} }) },
    get size() {
      return own.size;
    },
  };
}
