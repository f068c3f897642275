/** Whose roots are taken, and by which keys? */

export { type AnchorAnswer, type AnchorKeys, createAnchorKeys } from "./anchor-keys.ts";
export {
  type AnchorsNow,
  anchorsOf,
  type Check,
  createTrust,
  isChanging,
  standOn,
  TRUST,
  type Trust,
} from "./changing-trust.ts";
export {
  ANCHOR_ROWS,
  checkAgainstAnchor,
  checkAnchors,
  checkEveryTool,
  DEFAULT_MAX_DEPTH,
  MAY_NOT_NAME,
  mayName,
  mayNotSay,
  mayNotSayOf,
  TRUST_ANCHORS,
  type TrustAnchor,
} from "./trust.ts";
