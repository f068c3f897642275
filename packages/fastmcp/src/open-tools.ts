import type { AnyTool } from "./wrap-tool.ts";

/** The part of a session by which FastMCP asks tools who may see them. */
interface Asking {
  setupToolHandlers(tools: readonly AnyTool[]): void;
  triggerListChangedNotification(method: string): Promise<void>;
}

type AskAll = (this: Asking, tools: readonly AnyTool[]) => void;

/**
 * The tools that a session may see. FastMCP asks `canAccess` where somebody was authenticated, and nobody where not: then
 * every tool is open to the session. So that is asked here, with what FastMCP has, which is mostly nothing.
 *
 * @param tools as nothing but `true` gives access to them
 * @param askAll the session's own `toolsListChanged`, which alone knows who was authenticated
 */
export function openTools(session: object, tools: readonly AnyTool[], askAll: AskAll): readonly AnyTool[] {
  if (tools.every(({ canAccess }) => canAccess === undefined)) return tools;
  const auth = authOf(session as Asking, askAll);
  // These were asked.
  if (auth) return tools;
  return tools.filter(({ canAccess }) => canAccess === undefined || canAccess(auth as never));
}

/** What a session keeps to itself, and tells the tools that it asks: one that is no tool is asked, and nothing is set up. */
function authOf(session: Asking, askAll: AskAll): unknown {
  let auth: unknown;
  const listens = {
    canAccess: (given: unknown) => {
      auth = given;
      return false;
    },
  };
  const own = { setupToolHandlers: () => {}, triggerListChangedNotification: async () => {} };
  for (const [name, value] of Object.entries(own)) Object.defineProperty(session, name, { value, configurable: true });
  try {
    askAll.call(session, [listens as unknown as AnyTool]);
  } finally {
    for (const name of Object.keys(own)) Reflect.deleteProperty(session, name);
  }
  return auth;
}
