/** Calls that wait for a person, and the people who answer. */
import { type Authorizer, generateSigner, type HeldDelegation, type Signer } from "@hopwise/core";
import { grant, int, wildcard } from "@hopwise/core/grant";
import { signApproval } from "@hopwise/core/tokens";
import { ISSUER } from "../../examples/finance-team/company.ts";
import type { World } from "./world.ts";

/** A payment that carol may make, and that a second person must approve. */
export const LARGE: { readonly to: string; readonly amount: number; readonly currency: string } = {
  to: "Globex",
  amount: 5000,
  currency: "EUR",
};

/** Any large payment. */
export const LARGE_GRANT = grant({
  send_payment: { to: wildcard(), amount: int({ min: 1, max: 10_000 }), currency: wildcard() },
});

/** carol → planner. */
export function carolsPlanner({ issuer, keys }: World): Promise<HeldDelegation> {
  return issuer.issue({ subject: "carol", agent: "planner", holder: keys.planner, grant: LARGE_GRANT });
}

/** Somebody whose key is registered as an approver's. */
export interface Person {
  readonly signer: Signer;
  readonly approver: {
    readonly issuer: string;
    readonly subject: string;
    readonly keys: readonly Signer["publicJwk"][];
  };
}

export async function personOf(subject: string, issuer: string = ISSUER): Promise<Person> {
  const signer = await generateSigner();
  return { signer, approver: { issuer, subject, keys: [signer.publicJwk] } };
}

/** Reads a request in the inbox, signs an answer, and gives it back. */
export async function answerTo(
  { approvals }: Pick<Authorizer, "approvals">,
  id: string,
  signer: Signer,
  answer: "yes" | "no" = "yes",
  clock: () => number = Date.now,
): Promise<string> {
  const found = await approvals.find(id);
  if (found === undefined) throw new Error("no such request waits");
  return (await approvals.answer(id, await signApproval({ signer, request: found.request, answer, clock }))).state;
}
