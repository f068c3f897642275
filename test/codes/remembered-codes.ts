/** How each code comes about that stands on what was remembered: of approvals, budgets and rates. */
import {
  type AuthorizerOptions,
  type ErrorCode,
  generateSigner,
  type HeldDelegation,
  memoryState,
} from "@hopwise/core";
import { anyArguments, grant } from "@hopwise/core/grant";
import { type BudgetBounds, signApproval } from "@hopwise/core/tokens";
import { ISSUER, tools } from "../../examples/finance-team/company.ts";
import { credentialFor } from "../support/forge.ts";
import type { World } from "../support/world.ts";
import { type Case, denial, INVOICE, type Produced, producedBy } from "./case.ts";

const PAYMENT = { to: "Globex", amount: 5000, currency: "EUR" };
const now = (): number => Math.floor(Date.now() / 1000);

const heldBy = (world: World, subject: string, budget?: BudgetBounds): Promise<HeldDelegation> =>
  world.issuer.issue({
    subject,
    agent: "planner",
    holder: world.keys.planner,
    grant: grant({ send_payment: anyArguments, read_invoice: anyArguments }),
    ...(budget && { budget: { id: "2026-11", from: now() - 60, until: now() + 7200, ...budget } }),
  });

/** A payment of carol's that was asked about and answered, then made again. */
async function approved(
  world: World,
  said: readonly ("yes" | "no")[],
  { times = 1, more = {} }: { readonly times?: number; readonly more?: Partial<AuthorizerOptions> } = {},
): Promise<Produced> {
  const dana = await generateSigner();
  const approvers = [{ issuer: ISSUER, subject: "dana", keys: [dana.publicJwk] }];
  const scene = world.authorizer({ approvals: { approvers }, state: memoryState({ since: 0 }), ...more });
  const { approvals, authorize } = scene.authorizer;
  const held = await heldBy(world, "carol");
  const call = async (approval?: string) => ({
    tool: "send_payment",
    arguments: PAYMENT,
    credential: await credentialFor(held, "send_payment", PAYMENT),
    approval,
  });
  const asked = await authorize(await call());
  if (asked.outcome !== "pending") throw new Error(`it was ${asked.outcome}`);
  const { request: id } = asked.approval;
  for (const answer of said) {
    const { request } = (await approvals.find(id)) ?? {};
    if (request !== undefined) await approvals.answer(id, await signApproval({ signer: dana, request, answer }));
  }
  for (let i = 1; i < times; i++) await authorize(await call(id));
  return denial(scene, await call(id));
}

/** A call of a chain, as often as it is said, and once more. */
async function repeated(
  world: World,
  often: number,
  held: HeldDelegation,
  options: Partial<AuthorizerOptions>,
): Promise<Produced> {
  const scene = world.authorizer({ state: memoryState({ since: 0 }), ...options });
  const args = { id: INVOICE };
  const call = async () => ({
    tool: "read_invoice",
    arguments: args,
    credential: await credentialFor(held, "read_invoice", args),
  });
  for (let i = 0; i < often; i++) await scene.authorizer.authorize(await call());
  return denial(scene, await call());
}

export const REMEMBERED_CODES = {
  approval_denied: {
    when: "a payment of which a manager said no",
    produce: (world) => approved(world, ["no"]),
    says: /somebody who may approve the call said no/,
    retryable: false,
  },
  approval_used: {
    when: "a payment that was approved, and made before",
    produce: (world) => approved(world, ["yes"], { times: 2 }),
    says: /the approval was used before: it is good for one call/,
    retryable: false,
  },
  approval_void: {
    when: "a payment whose schema makes something else of it each time",
    produce: async (world) => {
      const held = await heldBy(world, "carol");
      const entry = { ...tools["send_payment"], adds: ["reference"], hideFromPolicies: ["reference"] };
      const { authorizer, audit } = world.authorizer({
        state: memoryState({ since: 0 }),
        tools: { ...tools, send_payment: entry } as never,
      });
      const decide = async (reference: string, approval?: string) => {
        const credential = await credentialFor(held, "send_payment", PAYMENT);
        const admission = await authorizer.admit({ tool: "send_payment", arguments: PAYMENT, credential, approval });
        if (admission.outcome === "denied") return admission;
        return admission.decide({ parsed: { ...PAYMENT, reference }, fulfils: true });
      };
      const asked = await decide("one");
      if (asked.outcome !== "pending") throw new Error(`it was ${asked.outcome}`);
      const again = await decide("two", asked.approval.request);
      if (again.outcome !== "denied") throw new Error(`it was ${again.outcome}`);
      return producedBy(again, audit, undefined);
    },
    says: /the tool's own schema made something else of the same arguments than when approval was asked for/,
    retryable: false,
  },
  approval_limit: {
    when: "one more payment that would wait, where one waits already",
    produce: async (world) => {
      const scene = world.authorizer({ state: memoryState({ since: 0 }), approvals: { maxWaiting: 1 } });
      const held = await heldBy(world, "carol");
      const call = async (args: object) => ({
        tool: "send_payment",
        arguments: args,
        credential: await credentialFor(held, "send_payment", args),
      });
      await scene.authorizer.authorize(await call(PAYMENT));
      return denial(scene, await call({ ...PAYMENT, amount: PAYMENT.amount - 1 }));
    },
    says: /1 requests of this chain wait, or did within the last 3600 s/,
    retryable: true,
  },
  budget_exhausted: {
    when: "one call more than the budget has",
    produce: async (world) => repeated(world, 2, await heldBy(world, "alice", { calls: 2 }), {}),
    says: /the budget of this token has no call left of 2/,
    at: { hop: 1, pointer: "/budget/calls" },
    retryable: false,
  },
  rate_exceeded: {
    when: "one call more than the rate allows",
    produce: async (world) =>
      repeated(world, 2, await heldBy(world, "alice"), { rates: [{ of: "user", calls: 2, perSeconds: 86_400 }] }),
    says: /there were more calls than the rate allows: at most 2 calls in 86400 seconds of one user/,
    retryable: true,
  },
} satisfies Partial<Record<ErrorCode, Case>>;
