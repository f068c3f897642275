import type { PolicyDecisionPoint, RunningPdp } from "../decision/index.ts";
import { HopwiseError } from "../errors.ts";
import { settleInTime } from "../lib/index.ts";
import type { Health } from "../state/index.ts";
import { answerOf } from "./in-time.ts";
import type { EnforcementPoint } from "./options.ts";
import { orOutage } from "./stages/policy.ts";

/** Whether everything that a decision needs could do its work just now. */
export interface AuthorizerHealth extends Health {
  readonly state: Health;
  readonly policies: Health;
}

/** Asks the state and the policies, each within the deadline. */
export async function healthOf(point: EnforcementPoint): Promise<AuthorizerHealth> {
  const [state, policies] = await Promise.all([
    healthFrom("the state", async () => settleInTime(point.deadlineMs, point.state.health?.() ?? { ok: true })),
    healthFrom("the policy decision point", () => healthOfPolicies(point)),
  ]);
  const problem = state.problem ?? policies.problem;
  return { ok: state.ok && policies.ok, state, policies, ...(problem !== undefined && { problem }) };
}

async function healthFrom(what: string, ask: () => Promise<Health>): Promise<Health> {
  try {
    const { ok, problem } = Object(await ask()) as Partial<Health>;
    if (ok === true) return { ok };
    return { ok: false, problem: typeof problem === "string" ? problem : `${what} says that it is not well` };
  } catch {
    return { ok: false, problem: `${what} gave no answer within the deadline, or failed` };
  }
}

/** Asks them about nobody, as a call would. */
async function healthOfPolicies(point: EnforcementPoint): Promise<Health> {
  const denied = new HopwiseError("policy_denied", "nobody may do nothing");
  const watch = { headers: undefined, hop: async <T>(_: unknown, ask: () => Promise<T>) => ask() };
  const answer = await orOutage(denied, "health", point, watch as never);
  return answer.code === "policy_unavailable" ? { ok: false, problem: answer.message } : { ok: true };
}

/** How long a policy decision point has to end, at least: a process is asked to finish its work before it is killed. */
const CLOSING_MS = 10_000;

/**
 * Ends what an authorizer was given, where that can be ended: each of it, whatever becomes of the others.
 *
 * @throws {HopwiseError} `state_unavailable` or `policy_unavailable` for what failed, or did not end in time
 */
export async function closeAll(
  { state, deadlineMs }: EnforcementPoint,
  cerbos: PolicyDecisionPoint | RunningPdp,
): Promise<void> {
  const ended = await Promise.allSettled([
    closed(deadlineMs, "state_unavailable", "the state", state),
    closed(Math.max(deadlineMs, CLOSING_MS), "policy_unavailable", "the policy decision point", cerbos),
  ]);
  const failed = ended.find((one) => one.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}

async function closed(
  withinMs: number,
  code: "state_unavailable" | "policy_unavailable",
  what: string,
  of: object,
): Promise<void> {
  const ending = async (): Promise<void> => {
    const { close } = of as { readonly close?: () => unknown };
    await close?.call(of);
  };
  await answerOf(withinMs, code, `the end of ${what}`, ending);
}
