import type { Authorizer } from "@hopwise/core";
import { quietly } from "@hopwise/core/adapter";
import { isPlain, type JsonRpcMessage, type McpTransport } from "../protocol/index.ts";

/** What one client is told when something is revoked or lifted. */
export interface ListChanges {
  /**
   * The answer to `initialize`, in which every list that the server offers says that it may change: FastMCP does not say so of
   * tools, and where the lists are filtered it is the guard that changes them. As it is where there is no way to the client
   * outside of a request, or nobody who tells of changes.
   */
  offer(answer: JsonRpcMessage, overHttp: boolean): JsonRpcMessage;
  /** The client is ready to hear of changes. */
  begin(): void;
  end(): void;
}

const LISTS = ["tools", "resources", "prompts"] as const;
/** Least time between two notices. */
const PAUSE_MS = 1000;

/**
 * Lists are filtered for each caller, so what is revoked changes them. The notice carries no data: whoever holds the
 * stream learns that something changed, and asks anew, for its own list.
 */
export function createListChanges(inner: McpTransport, authorizer: Authorizer): ListChanges {
  let lists: readonly string[] = [];
  let stop: (() => void) | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let toldAt = Number.NEGATIVE_INFINITY;

  const tell = (): void => {
    timer = undefined;
    toldAt = performance.now();
    for (const list of lists) {
      const message = { jsonrpc: "2.0", method: `notifications/${list}/list_changed` } as const;
      // A client that is gone needs no notice.
      quietly(() => inner.send(message));
    }
  };
  const soon = (): void => {
    timer ??= setTimeout(tell, Math.max(0, toldAt + PAUSE_MS - performance.now()));
    timer.unref();
  };

  return {
    offer: (answer, overHttp) => {
      const offered = answer.result?.["capabilities"];
      // Without a session there is no stream but that of each request. An authorizer of another make may not tell.
      const isTold = !(overHttp && inner.sessionId === undefined) && typeof authorizer.onChange === "function";
      if (!isTold || !isPlain(offered)) return answer;
      lists = LISTS.filter((name) => isPlain(offered[name]));
      const changing = lists.map((name) => [name, { ...(offered[name] as object), listChanged: true }]);
      return { ...answer, result: { ...answer.result, capabilities: { ...offered, ...Object.fromEntries(changing) } } };
    },
    begin: () => {
      if (lists.length > 0) stop ??= authorizer.onChange(soon);
    },
    end: () => {
      stop?.();
      stop = undefined;
      lists = [];
      clearTimeout(timer);
    },
  };
}
