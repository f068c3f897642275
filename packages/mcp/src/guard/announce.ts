import { type InputSchema, loosen, type MayChange, type OutputSchema } from "@hopwise/core/adapter";
import { MAY_CHANGE, mapOf, type Shape } from "@hopwise/core/options";
import { type JsonRpcMessage, META_MAY_CHANGE, type Plain } from "../protocol/index.ts";

/** What policies may do to results, by tool. */
export interface MayChangeByTool {
  readonly [tool: string]: MayChange;
}

export const MAY_CHANGE_BY_TOOL: Shape = mapOf(
  MAY_CHANGE,
  'what policies may change, by tool, such as { pay: { redact: ["/iban"] } }',
);

/** The JSON Schemas that a server lists of a tool. */
export interface Schemas {
  /** Of its arguments. */
  readonly inputSchema?: InputSchema | undefined;
  /** Of its result; `null` where it has one that cannot be read. */
  readonly outputSchema?: OutputSchema | undefined;
}

/** What the server lists of its tools, where a guard had to ask; shared by all transports of the same tools. */
export interface ServerLists {
  get(tool: string): Schemas | undefined;
  note(listed: ReadonlyMap<string, Schemas>): void;
  /** A tool may be another one now; without a name, all of them. */
  forget(tool?: string): void;
}

export function createServerLists(): ServerLists {
  const known = new Map<string, Schemas>();
  return {
    get: (tool) => known.get(tool),
    note: (listed) => {
      for (const [name, schemas] of listed) known.set(name, schemas);
    },
    forget: (tool) => (tool === undefined ? known.clear() : void known.delete(tool)),
  };
}

/**
 * A tool as callers get to see it: its output schema also lets through a result that policies changed, and says to
 * programs what they may change.
 */
export function announce(tool: Plain, mayChange: MayChangeByTool = {}): Plain {
  const { name, outputSchema, _meta } = tool;
  const change = Object.hasOwn(mayChange, String(name)) ? mayChange[String(name)] : undefined;
  if (change === undefined || outputSchema === undefined) return tool;
  return {
    ...tool,
    outputSchema: loosen(outputSchema as OutputSchema, change),
    _meta: { ...(_meta as object | undefined), [META_MAY_CHANGE]: change },
  };
}

/** Notes what a list tells its caller: a wrapper may not know what its server lists of its tool. */
export function noteListed(listed: Map<string, Schemas>, { result }: JsonRpcMessage): void {
  const tools = result?.["tools"];
  for (const { name, inputSchema, outputSchema } of Array.isArray(tools) ? (tools as readonly Plain[]) : []) {
    listed.set(String(name), { inputSchema, outputSchema } as Schemas);
  }
}
