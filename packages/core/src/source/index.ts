/** Where do attributes come from, and how old are they? */
export type { Many, One } from "./asking.ts";
export { ATTRIBUTE_LIMITS, attributesAsTheyAre, attributesFrom, attributesShape } from "./attributes.ts";
export {
  ANSWER_ROWS,
  ASKING_ROWS,
  type CachedSourceOptions,
  cachedSource,
} from "./cached-source.ts";
export {
  type Asking,
  type AttributeSource,
  type AttributeSources,
  attributeSource,
  checkSourceNames,
  codeOf,
  gather,
} from "./gather.ts";
export { PLACE_ROWS, PLACES, type PolicyPlace, placeOf, placeText } from "./policy-place.ts";
export { type ContextOrigin, type Found, isLate, lookUp, type Source, sourceShape } from "./source.ts";
