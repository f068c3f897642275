/** How is a chain sent in few bytes, and given back byte for byte? */

export { checkLength, tooManyTokens } from "./refuse-size.ts";
export { restoreChain } from "./restore-chain.ts";
export { shortenChain } from "./shorten-chain.ts";
