/** How does a decision read, for an operator and for a model? And how does a chain? */
export { type DenialOptions, onDenial, type SeenDenial } from "./denials.ts";
export { type Explainable, type Explanation, explain } from "./explain.ts";
export { helpOf } from "./help-of.ts";
export { type ModelView, modelView } from "./model-view.ts";
export { chainLine, operatorView } from "./operator-view.ts";
export { printChain } from "./print-chain.ts";
export { type PrintingAuditOptions, printingAudit, type Screen } from "./printing-audit.ts";
export { waitingView } from "./waiting-view.ts";
export { type WireView, wireView } from "./wire-view.ts";
