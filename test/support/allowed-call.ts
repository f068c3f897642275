import type { Allowed } from "@hopwise/core";
import { createCompany } from "@hopwise/core/testing";

const company = await createCompany();
const authorizer = company.authorizer();

/** A call that an authorizer allowed, and which did not run yet: what runs and what is reported is such a decision alone. */
export async function allowedCall(): Promise<Allowed> {
  const decision = await authorizer.call("alice", "send_payment", { to: "ACME" });
  if (decision.outcome !== "allowed") throw new Error(`the call is ${decision.outcome}`);
  return decision;
}
