import type { PolicyClient } from "../ask/resilient.ts";
import type { CheckOptions, CheckRequest, CheckResponse } from "../sharing/form.ts";

/** A client whose answers tell what was asked, and which answers when it is told to. */
export interface EchoingPdp extends PolicyClient {
  readonly requests: CheckRequest[];
  readonly options: (CheckOptions | undefined)[];
  /** The requests that have no answer yet. */
  readonly open: number;
  /** Answers the oldest one that has none, as it would, or as `how` says. */
  answer(how?: (right: CheckResponse, request: CheckRequest) => unknown): Promise<void>;
  /** Answers whatever comes, until the end. */
  flow(how?: (right: CheckResponse, request: CheckRequest) => unknown): void;
}

export function echoingPdp(): EchoingPdp {
  const waiting: { readonly request: CheckRequest; readonly settle: (answer: Promise<unknown>) => void }[] = [];
  let always: Parameters<EchoingPdp["flow"]>[0] | undefined;
  const answered = async (request: CheckRequest, how: typeof always): Promise<unknown> => {
    const right = rightAnswer(request);
    return how === undefined ? right : how(right, request);
  };
  const pdp: EchoingPdp = {
    requests: [],
    options: [],
    get open() {
      return waiting.length;
    },
    checkResources: (request, options) => {
      pdp.requests.push(request);
      pdp.options.push(options);
      if (always !== undefined) return answered(request, always) as Promise<CheckResponse>;
      return new Promise((resolve) => {
        waiting.push({ request, settle: (answer) => resolve(answer as never) });
      });
    },
    planResources: async () => ({ kind: "KIND_ALWAYS_ALLOWED" }) as never,
    async answer(how) {
      const oldest = waiting.shift();
      if (oldest === undefined) throw new Error("nothing was asked");
      oldest.settle(answered(oldest.request, how));
      await turns();
    },
    flow(how = (right) => right) {
      always = how;
      for (const { request, settle } of waiting.splice(0)) settle(answered(request, always));
    },
  };
  return pdp;
}

/** Whatever follows from a settled promise has followed. */
export async function turns(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

/** Each result says of which attributes it is. */
function rightAnswer({ requestId = "made up", resources }: CheckRequest): CheckResponse {
  const results = resources.map(({ resource, actions }) => ({
    resource: { kind: resource.kind, id: resource.id },
    actions: Object.fromEntries(actions.map((action) => [action, "EFFECT_ALLOW"])),
    validationErrors: [],
    outputs: [{ source: "echo", action: actions[0], value: resource.attr ?? null }],
  }));
  return { cerbosCallId: `call of ${requestId}`, requestId, results } as never;
}
