/** One payment tool that notes each of its runs, under the planner's delegation, and calls of it. */
import { authorizeTools } from "@hopwise/ai-sdk";
import type { Authorizer, Decision, Denied, HeldDelegation } from "@hopwise/core";
import type { PolicyDecisionPoint } from "@hopwise/core/adapter";
import { tool } from "ai";
import { paymentSchema } from "../../examples/finance-team/pay-server.ts";

/** A call that everything allows. */
export const GOOD = { to: "Globex", amount: 400, currency: "EUR" } as const;

/** A decision that must be a denial. */
export function denied(decision: Decision | { readonly outcome: string }): Denied {
  if (decision.outcome !== "denied") throw new Error(`it was ${decision.outcome}`);
  return decision as Denied;
}

export interface PaymentTool {
  /** What the tool was run with, run by run. */
  readonly runs: readonly unknown[];
  /** What the model would get to read. */
  call(input?: unknown): Promise<string>;
}

export async function paymentTool(authorizer: Authorizer, delegation: HeldDelegation): Promise<PaymentTool> {
  const runs: unknown[] = [];
  const send_payment = tool({
    description: "Pays a supplier",
    inputSchema: paymentSchema,
    execute: async (input) => {
      runs.push(input);
      return "paid";
    },
  });
  const tools = await authorizeTools({ send_payment }, { authorizer, delegation });
  return {
    runs,
    call: async (input = { ...GOOD }) => {
      const options = { toolCallId: "1", messages: [], context: {} };
      try {
        return String(await tools.send_payment.execute?.(input as never, options as never));
      } catch (error) {
        return String(error);
      }
    },
  };
}

/** A decision point that can be taken away and put back while an authorizer stands on it. */
export function switchable(first: PolicyDecisionPoint): PolicyDecisionPoint & { use(next: PolicyDecisionPoint): void } {
  let current = first;
  return {
    checkResources: (...args) => current.checkResources(...args),
    planResources: (...args) => current.planResources(...args),
    use: (next) => {
      current = next;
    },
  };
}
