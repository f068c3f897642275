/** How is a chain begun, handed on, renewed, kept and shown? */

export { type DelegateOrder, delegate } from "./delegate.ts";
export {
  type Delegation,
  type DelegationOf,
  type HeldDelegation,
  hold,
  isDelegation,
  isToolGranted,
  parseDelegation,
  partsOfDelegation,
  partsOfHeld,
  serialize,
  serializeCompact,
} from "./delegation.ts";
export { type GrantsByAudience, grantFor } from "./grant-for.ts";
export { type InspectedChain, type InspectedToken, inspectDelegation } from "./inspect-delegation.ts";
export { createIssuer, type Issuer, type IssuerOptions, type RootOrder } from "./issue.ts";
export { currentDelegation, DELEGATION_SOURCE, type DelegationSource, type RenewOptions, renewing } from "./renew.ts";
export { createChallenge, type Holder, type RemoteHolder, requestDelegation } from "./request.ts";
