import { isPlain, type JsonRpcMessage } from "./jsonrpc.ts";

/** Where a request says to which task it belongs, in the words of MCP. */
const META_TASK = "io.modelcontextprotocol/related-task";

/**
 * The same request, for which no task is made, and which belongs to none. A guarded server offers no tasks, and by MCP
 * a server that offers none serves such a request like any other. A server that has tasks would give its answer to the task, not
 * through the guard: a caller could bring about that a call never ends.
 */
export function withoutTask<M extends JsonRpcMessage>(message: M): M {
  const { task, _meta, ...params } = message.params ?? {};
  if (task === undefined && !(isPlain(_meta) && META_TASK in _meta)) return message;
  const { [META_TASK]: _task, ...meta } = isPlain(_meta) ? _meta : {};
  return { ...message, params: Object.keys(meta).length === 0 ? params : { ...params, _meta: meta } };
}

/** Whether a tool that lists this can be called only as a task: no call of it is served, and some clients make none. */
export function needsTask(execution: unknown): boolean {
  return isPlain(execution) && execution["taskSupport"] === "required";
}
