/** Where a result says what policies had taken out of it: their JSON pointers, each of which found something. */
export const META_REDACTED = "dev.hopwise/redacted";
/** Where it says what is left of the chain's budget, of what the call counted against. */
export const META_LEFT = "dev.hopwise/left";
/** Where it says which of its lists are shorter than the tool made them. */
export const META_LIMITED = "dev.hopwise/limited";
/** Where a listed tool says what policies may do to its results. */
export const META_MAY_CHANGE = "dev.hopwise/may-change";
