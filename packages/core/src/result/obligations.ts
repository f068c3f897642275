import { deepFrozen } from "../lib/index.ts";

/** What policies require of the enforcement point that lets a call run. The obligations of all hops add up. */
export interface Obligations {
  /** Values to take out of the tool's result: JSON pointers (RFC 6901), `*` for every member or element. */
  readonly redact: readonly string[];
  /** How many items a list in the result may have at most, by its JSON pointer; `""` is the result itself. */
  readonly limit: { readonly [pointer: string]: number };
  /** Why a person must approve the call; it does not run before. */
  readonly approval?: string;
  /** How many different people must approve. Default 1. */
  readonly approvers?: number;
}

export const NO_OBLIGATIONS: Obligations = deepFrozen({ redact: [], limit: {} });

/**
 * All obligations together: every redaction, the strictest limit, the first reason for an approval, and the most approvers.
 * Frozen: a sink of the audit is given them before they are fulfilled.
 */
export function addUp(all: readonly (Obligations | undefined)[]): Obligations {
  let sum = NO_OBLIGATIONS;
  for (const one of all) {
    if (one === undefined) continue;
    const limit: { [pointer: string]: number } = { ...sum.limit };
    for (const [pointer, most] of Object.entries(one.limit)) limit[pointer] = Math.min(most, limit[pointer] ?? most);
    const approval = sum.approval ?? one.approval;
    const approvers = Math.max(sum.approvers ?? 1, one.approvers ?? 1);
    sum = {
      redact: [...new Set([...sum.redact, ...one.redact])],
      limit,
      ...(approval !== undefined && { approval }),
      ...(approvers > 1 && { approvers }),
    };
  }
  return deepFrozen(sum);
}

/** Whether anything has to be done to a result. */
export function changesResults({ redact, limit }: Obligations): boolean {
  return redact.length > 0 || Object.keys(limit).length > 0;
}
