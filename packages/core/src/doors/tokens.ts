/**
 * How are chains and proofs made and handed over, beside what most programs need?
 *
 * @packageDocumentation
 */
export type { SignatureAlgorithm } from "../crypto/index.ts";
export {
  type Budget,
  type BudgetBounds,
  type ChainId,
  type Credential,
  createChallenge,
  type DelegateOrder,
  type Holder,
  type InspectedChain,
  type InspectedToken,
  type Invocation,
  type IssuerOptions,
  inspectDelegation,
  type KeySource,
  type Limits,
  localJwks,
  type Provenance,
  prove,
  type RemoteHolder,
  type RemoteJwksOptions,
  type RenewOptions,
  type RootOrder,
  requestDelegation,
  serializeCompact,
  type Thumbprint,
  type TokenHash,
  type TrustedKey,
  thumbprintOf,
} from "../token/index.ts";
export { printChain } from "../views/index.ts";
