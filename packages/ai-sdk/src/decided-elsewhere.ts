import type { HeldDelegation } from "@hopwise/core";

const decidedElsewhere = Symbol.for("dev.hopwise/decided-elsewhere");

/**
 * Marks a tool whose calls carry a proof to a server that decides and records them. The mark is no property that a
 * spread or a serialisation would carry on, so a tool that was rebuilt from parts is a local one again, and checked.
 */
export function markDecidedElsewhere<T extends object>(tool: T, delegation: HeldDelegation): T {
  return Object.defineProperty(tool, decidedElsewhere, { value: delegation, enumerable: false });
}

/** The delegation that a marked tool is bound to. */
export function delegationOf(tool: object): HeldDelegation | undefined {
  return (tool as { [decidedElsewhere]?: HeldDelegation })[decidedElsewhere];
}
