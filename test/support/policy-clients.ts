/** Policy decision points that misbehave, in place of the real one. */
import type { PolicyDecisionPoint } from "@hopwise/core/adapter";

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

/** Allows whatever it is asked, as the real one would say it. */
export function allowAll({ resources, requestId }: Parameters<Check>[0]): Answer {
  return {
    cerbosCallId: "call",
    requestId: requestId ?? "",
    results: resources.map(({ resource, actions }) => ({
      resource: { kind: resource.kind, id: resource.id },
      actions: Object.fromEntries(actions.map((action) => [action, "EFFECT_ALLOW"])),
      validationErrors: [],
      metadata: undefined,
      outputs: [],
    })),
  };
}

/** Answers calls with whatever `answer` makes of the right answer, and lets every list pass: those ask without arguments. */
export function answering(answer: (right: Answer, request: Parameters<Check>[0]) => unknown): PolicyDecisionPoint {
  return {
    checkResources: (async (request) => {
      const isCall = request.resources.some(({ resource }) => resource.attr?.["args"] !== undefined);
      return isCall ? answer(allowAll(request), request) : allowAll(request);
    }) as Check,
    planResources: (async () => ({ kind: "KIND_ALWAYS_ALLOWED" })) as unknown as Plan,
  };
}

/** Answers plans with this, whatever it is, and allows every check. */
export function planning(answer: unknown): PolicyDecisionPoint {
  return {
    checkResources: (async (request: Parameters<Check>[0]) => allowAll(request)) as unknown as Check,
    planResources: (async () => answer) as unknown as Plan,
  };
}

/** Never answers, and does not listen to signals either. `asked` tells how often and whether it was told to stop. */
export function hanging(): PolicyDecisionPoint & { readonly signals: readonly AbortSignal[] } {
  const signals: AbortSignal[] = [];
  const hang = (_: unknown, options?: { readonly signal?: AbortSignal }): Promise<never> => {
    if (options?.signal !== undefined) signals.push(options.signal);
    return new Promise(() => {});
  };
  return { checkResources: hang, planResources: hang, signals };
}

/** Rejects every question with this. */
export function failing(error: unknown): PolicyDecisionPoint {
  const fail = async (): Promise<never> => {
    throw error;
  };
  return { checkResources: fail, planResources: fail };
}

/** Answers, but only when `release` is called. */
export function waiting(inner: PolicyDecisionPoint): PolicyDecisionPoint & { release(): void } {
  let release = (): void => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  return {
    checkResources: (async (...args) => {
      await released;
      return inner.checkResources(...args);
    }) as Check,
    planResources: (async (...args) => {
      await released;
      return inner.planResources(...args);
    }) as Plan,
    release: () => release(),
  };
}
