import { choice, either, members, named, type Shape } from "../options/index.ts";

/** What policies are asked about a handing over, where the options do not say. */
export const DEFAULT_DELEGATION = { kind: "delegation", action: "delegate" } as const;

const DELEGATION_OPTION = '{ kind, action }, or "grants-only" where no policy rules on it';

/** Whether policies rule on the handing over, and under which names. */
export const HANDING_OVER: Shape = either(
  DELEGATION_OPTION,
  choice("grants-only"),
  members<{ kind: string; action: string }>(
    { kind: named("a Cerbos resource kind, such as delegation"), action: named("a Cerbos action, such as delegate") },
    DELEGATION_OPTION,
  ),
);
