import { type AuthorizerOptions, memoryState } from "@hopwise/core";
import { answeringPdp, type Company } from "@hopwise/core/testing";

/** What an authorizer of a company needs, but for its audit: all is well, and it goes by the clock of this machine. */
export function companyOptions(company: Company): Omit<AuthorizerOptions, "audit"> {
  const { audience, issuer, users, agents, tools } = company;
  return {
    cerbos: answeringPdp(),
    audience,
    trust: [issuer.trustAnchor],
    users,
    agents,
    tools,
    state: memoryState({ since: 0 }),
  };
}
