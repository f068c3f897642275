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
