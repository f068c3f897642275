/** Is this chain genuine, alive, and each token narrower than the one above it? */
export { budgetBelow, checkRootBudget, findBudgetFault } from "./check-budget.ts";
export { type Above, checkAlive, checkRoot, toolIdProblem } from "./check-link.ts";
export { checkSignature, findSigner, signerNamed } from "./find-signer.ts";
export { below, linkOf, openChild, provenanceOf } from "./open-chain.ts";
export { splitChain } from "./open-token.ts";
export { type ChainVerifier, createChainVerifier } from "./verify-chain.ts";
