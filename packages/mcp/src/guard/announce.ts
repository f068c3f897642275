import { loosen, type MayChange, type OutputSchema } from "@hopwise/core/adapter";
import { MAY_CHANGE, mapOf, type Shape } from "@hopwise/core/options";
import { META_MAY_CHANGE, type Plain } from "../protocol/index.ts";

/** What policies may do to results, by tool. */
export interface MayChangeByTool {
  readonly [tool: string]: MayChange;
}

export const MAY_CHANGE_BY_TOOL: Shape = mapOf(
  MAY_CHANGE,
  'what policies may change, by tool, such as { pay: { redact: ["/iban"] } }',
);

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
