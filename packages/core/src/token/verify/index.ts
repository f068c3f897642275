/** Is this chain genuine, alive, and each token narrower than the one above it? */

export { budgetBelow, checkRootBudget, findBudgetFault } from "./check-budget.ts";
export { type Above, checkAlive, checkRoot, toolIdProblem } from "./check-link.ts";
export { checkSignature, findSigner, signerNamed, splitChain } from "./open-token.ts";
export { below, type ChainVerifier, createChainVerifier, linkOf, openChild, provenanceOf } from "./verify-chain.ts";
