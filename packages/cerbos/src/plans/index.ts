/** Do a filter's plans suffice, or would they show a row that a check denies? */

export { type CelCall, type CelTree, readCel } from "./cel-tree.ts";
export { MACROS } from "./plan-expression.ts";
export { insufficientPlans } from "./plans-suffice.ts";
