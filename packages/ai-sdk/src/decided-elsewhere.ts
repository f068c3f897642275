import type { DelegationSource } from "@hopwise/core";

const decidedElsewhere = Symbol.for("dev.hopwise/decided-elsewhere");

interface MarkedTool {
  readonly execute?: unknown;
}

/** On whose behalf a marked tool calls, and what runs when it is called. */
interface Mark {
  readonly delegation: DelegationSource;
  readonly execute: unknown;
}

/**
 * Marks a tool whose calls carry a proof to a server that decides and records them. The mark is not a property, so no
 * spread or serialisation carries it on. It holds for this tool with this `execute`: a tool that was rebuilt from
 * parts, inherits from this one or got another `execute` is a local tool again, and is checked.
 */
export function markDecidedElsewhere<T extends MarkedTool>(tool: T, delegation: DelegationSource): T {
  const mark: Mark = { delegation, execute: tool.execute };
  return Object.defineProperty(tool, decidedElsewhere, { value: mark, enumerable: false });
}

/** The delegation that a marked tool is bound to. */
export function delegationOf(tool: MarkedTool): DelegationSource | undefined {
  const mark = Object.getOwnPropertyDescriptor(tool, decidedElsewhere)?.value as Mark | undefined;
  return mark !== undefined && mark.execute === tool.execute ? mark.delegation : undefined;
}
