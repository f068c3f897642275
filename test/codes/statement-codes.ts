/** How each code of a revocation or of an approval comes about. */
import type { ErrorCode } from "@hopwise/core";
import { type ApprovalRequest, signApproval, signRevocation, thumbprintOf, verifyApproval } from "@hopwise/core/tokens";
import { ISSUER, PAY_SERVER } from "../../examples/finance-team/company.ts";
import type { World } from "../support/world.ts";
import { type Case, refusal } from "./case.ts";

const now = (): number => Math.floor(Date.now() / 1000);

async function requestIn({ keys, planner }: World): Promise<ApprovalRequest> {
  return {
    audience: PAY_SERVER,
    tool: "send_payment",
    argumentsHash: { received: planner.id, parsed: planner.id },
    resource: { kind: "payment", id: "PAY-31", attributes: { note: "password 8713" } },
    user: { issuer: ISSUER, subject: "alice" },
    agents: [{ name: "planner", key: await thumbprintOf(keys.planner.publicJwk) }],
    reason: "it is a large payment",
    approvers: 1,
    untilSeconds: now() + 600,
  };
}

export const STATEMENT_CODES = {
  revocation_refused: {
    when: "a researcher who revokes the token of the planner above it",
    produce: ({ planner, keys }) =>
      refusal(
        () => signRevocation({ signer: keys.researcher, of: { delegation: planner }, audience: PAY_SERVER }),
        planner,
      ),
    says: /this may not be revoked so: the signer holds neither the token nor one above it/,
    at: { pointer: "/jkt" },
  },
  approval_refused: {
    when: "an approval of a call that has other arguments now",
    produce: (world) =>
      refusal(async () => {
        const { issuer, keys } = world;
        const request = await requestIn(world);
        const approver = { issuer: ISSUER, subject: "bob", keys: [keys.researcher.publicJwk] };
        const approval = await signApproval({ signer: keys.researcher, request, answer: "yes" });
        await verifyApproval(approval, {
          trust: [issuer.trustAnchor],
          nowSeconds: Date.now() / 1000,
          request: { ...request, argumentsHash: { ...request.argumentsHash, parsed: request.agents[0]?.key ?? "" } },
          approvers: [approver],
        });
      }, world.planner),
    says: /the approval is not acceptable: it is of another request than this call makes/,
    at: { pointer: "/request" },
  },
} satisfies Partial<Record<ErrorCode, Case>>;
