import { onceAborted } from "@hopwise/core/adapter";
import { callerLeft } from "../ask/index.ts";
import type { CheckOptions, CheckRequest, CheckResponse, Common, Form } from "./form.ts";

export type Names = Pick<CheckRequest, "requestId" | "requestContext">;

/** One who waits for a request that the question can go with. */
export interface Asker {
  readonly form: Form;
  readonly options: CheckOptions | undefined;
  /**
   * What it asks about, each as JSON, as it was when it was asked: what its owner changes later changes nothing. What reads
   * the same is the same question.
   */
  readonly entries: readonly string[];
  /** All of them: with the same, two ask the very same. */
  readonly question: string;
  /** How it names itself in Cerbos' log; as it was, too. */
  readonly names: Names;
  /** Its request, as it would go alone. */
  request(common: Common): CheckRequest;
  /** False once it has its answer, or left. */
  readonly waits: boolean;
  /** Of one that left, this and `fail` change nothing. */
  answer(response: CheckResponse): void;
  fail(error: unknown): void;
  /** Called when it leaves before it has an answer. Set by whoever has it. */
  onLeave: () => void;
}

/**
 * Makes one, with its own deadline: when its signal is aborted, it leaves at once, whatever the others do.
 *
 * @param settle the promise of its owner
 */
export function createAsker(
  { request, options, form }: Pick<Asker, "form" | "options"> & { readonly request: CheckRequest },
  settle: { readonly resolve: (response: CheckResponse) => void; readonly reject: (error: unknown) => void },
): Asker {
  const { principal: _, auxData: __, resources, ...others } = request;
  const entries = resources.map((entry) => JSON.stringify(entry));
  const names: Omit<CheckRequest, "principal" | "resources"> = JSON.parse(JSON.stringify(others));
  const caller = options?.signal;
  const end = (): void => {
    asker.waits = false;
    stopListening();
  };
  const leave = (): void => {
    end();
    settle.reject(callerLeft(caller));
    asker.onLeave();
  };
  const asker = {
    form,
    options,
    entries,
    question: entries.join(),
    names,
    waits: true,
    request: ({ principal, auxData }: Common): CheckRequest => ({
      ...names,
      principal,
      resources: entries.map((entry) => JSON.parse(entry)),
      ...(auxData !== null && { auxData }),
    }),
    answer: (response: CheckResponse): void => {
      end();
      settle.resolve(response);
    },
    fail: (error: unknown): void => {
      end();
      settle.reject(error);
    },
    onLeave: (): void => {},
  };
  const stopListening = onceAborted(caller, leave);
  return asker;
}
