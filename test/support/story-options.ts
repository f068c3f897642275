/** The pay server's authorizer, as far as all tests agree on it: also processes of tests, which are told who is who. */
import { type AuthorizerOptions, memoryState, type PublicJwk, type TrustAnchor } from "@hopwise/core";
import { PAY_SERVER, registerAgents, tools, users } from "../../examples/finance-team/company.ts";

export interface StoryKeys {
  readonly planner: PublicJwk;
  readonly researcher: PublicJwk;
}

export function storyOptions(anchor: TrustAnchor, keys: StoryKeys): Omit<AuthorizerOptions, "cerbos" | "audit"> {
  return {
    audience: PAY_SERVER,
    trust: [anchor],
    users,
    agents: registerAgents(keys),
    tools,
    delegation: { kind: "delegation", action: "delegate" },
    state: memoryState({ since: 0 }),
  };
}
