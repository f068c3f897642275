import { HopwiseError } from "@hopwise/core";

/** What the doctor found of one thing. */
export interface Finding {
  readonly check: "node" | "packages" | "cerbos" | "pdp" | "policies" | "state" | "keys" | "clock";
  readonly state: "ok" | "warning" | "fault";
  readonly text: string;
}

export function ok(check: Finding["check"], text: string): Finding {
  return { check, state: "ok", text };
}

export function warning(check: Finding["check"], text: string): Finding {
  return { check, state: "warning", text };
}

export function fault(check: Finding["check"], text: string): Finding {
  return { check, state: "fault", text };
}

/** What cannot even be opened or read is a finding, too. Any other fault is one of this program. */
export async function findingsOf(
  check: Finding["check"],
  look: () => Promise<readonly Finding[]>,
): Promise<readonly Finding[]> {
  try {
    return await look();
  } catch (cause) {
    if (cause instanceof HopwiseError) return [fault(check, cause.message)];
    throw cause;
  }
}
