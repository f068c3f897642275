/** What do policies oblige to, does what is left keep to what was announced, and how is it done to a result? */
export { misfitOf, type OutputSchema } from "./fits-schema.ts";
export { type Fulfilled, fulfil } from "./fulfil.ts";
export { loosen, MAY_CHANGE, type MayChange } from "./loosen.ts";
export { addUp, changesResults, NO_OBLIGATIONS, type Obligations } from "./obligations.ts";
export { POINTER } from "./rules.ts";
