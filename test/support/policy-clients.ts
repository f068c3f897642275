/** Policy decision points that misbehave, in place of the real one. */
import type { PolicyDecisionPoint } from "@hopwise/core/adapter";
import { type AnsweringPdp, allowAll, answeringPdp } from "@hopwise/core/testing";

type Check = PolicyDecisionPoint["checkResources"];
type Plan = PolicyDecisionPoint["planResources"];

/** What a real answer looks like, so that one thing at a time can be wrong in it. */
export interface Answer {
  readonly cerbosCallId: string;
  readonly requestId: string;
  readonly results: readonly AnswerResult[];
}

export interface AnswerResult {
  readonly resource: { readonly kind: string; readonly id: string };
  readonly actions: { readonly [action: string]: unknown };
  readonly validationErrors: readonly unknown[];
  readonly metadata?: unknown;
  readonly outputs: readonly unknown[];
}

/** Answers calls with whatever `answer` makes of the right answer, and lets every list pass: those ask without arguments. */
export function answering(answer: (right: Answer, request: Parameters<Check>[0]) => unknown): PolicyDecisionPoint {
  const right = allowAll();
  return {
    ...right,
    checkResources: (async (request) => {
      const isCall = request.resources.some(({ resource }) => resource.attr?.["args"] !== undefined);
      const given = await right.checkResources(request);
      return isCall ? answer(given, request) : given;
    }) as Check,
  };
}

/** Answers plans with this, whatever it is, and allows every check. */
export function planning(answer: unknown): PolicyDecisionPoint {
  return { ...allowAll(), planResources: (async () => answer) as unknown as Plan };
}

/** Never answers, and does not listen to signals either. `signals` tells how often it was asked, and to stop. */
export function hanging(): AnsweringPdp {
  return answeringPdp("hang");
}

/** Rejects every question with this. */
export function failing(error: unknown): PolicyDecisionPoint {
  return answeringPdp(() => {
    throw error;
  });
}

/** Answers, but only when `release` is called. */
export function waiting(inner: PolicyDecisionPoint): PolicyDecisionPoint & { release(): void } {
  const { promise, resolve: release } = Promise.withResolvers<void>();
  return {
    checkResources: async (...args) => promise.then(() => inner.checkResources(...args)),
    planResources: async (...args) => promise.then(() => inner.planResources(...args)),
    release,
  };
}
