/** How does a client show whose call it is, with each request? */
export { carryOver } from "./carry-over.ts";
export { carryingFetch } from "./carrying-fetch.ts";
export type { CarriedCall, CarryOptions } from "./sign.ts";
