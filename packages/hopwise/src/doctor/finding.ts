/** What the doctor found of one thing. */
export interface Finding {
  readonly check: "node" | "packages" | "cerbos" | "pdp" | "policies" | "clock";
  readonly state: "ok" | "warning" | "fault";
  readonly text: string;
}

const finder =
  (state: Finding["state"]) =>
  (check: Finding["check"], text: string): Finding => ({ check, state, text });

export const ok = finder("ok");
export const warning = finder("warning");
export const fault = finder("fault");
