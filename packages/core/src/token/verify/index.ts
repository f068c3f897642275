/** Is this chain genuine, alive, and each token narrower than the one above it? */

export { budgetBelow, checkChildBudget, checkRootBudget, findBudgetFault } from "./check-budget.ts";
export { type Above, broken, checkAlive, checkLink, checkRoot, toolIdProblem } from "./check-link.ts";
export { checkSignature, findSigner, openDerived, signerNamed, splitChain } from "./open-token.ts";
export { below, type ChainVerifier, createChainVerifier, linkOf, provenanceOf } from "./verify-chain.ts";
