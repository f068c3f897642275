/** What do policies oblige to, and how is it done to a result? */
export { type Fulfilled, fulfil } from "./fulfil.ts";
export { addUp, changesResults, type Obligations } from "./obligations.ts";
