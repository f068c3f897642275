/**
 * Which tools does every folder need that know nothing of chains? Text that is safe to print, an end to waiting and to
 * reading, tidy objects, JSON over HTTP.
 */
export { ageBy } from "./age-by.ts";
export { answered } from "./answered.ts";
export { isKind, isOfLiterals } from "./any-realm.ts";
export type { Awaitable } from "./awaitable.ts";
export { countOf } from "./count-of.ts";
export {
  andThen,
  DeadlinePassed,
  isThenable,
  patiently,
  settleInTime,
  type Wait,
  waitTogether,
  withDeadline,
} from "./deadline.ts";
export { deepFrozen } from "./deep-frozen.ts";
export { defined } from "./defined.ts";
export { faultWord, whyNoAnswer } from "./fault-word.ts";
export { forMore, saysForMore } from "./for-more.ts";
export { hasSpaceAround, hasUnset } from "./has-unset.ts";
export type { Health } from "./health.ts";
export { hostHeaders } from "./host-headers.ts";
export { isCount } from "./is-count.ts";
export { isListOf, MOST_ITEMS } from "./is-list-of.ts";
export { jsonAnswer, readJson, unreadAnswer } from "./json-over-http.ts";
export { listed, namesAnother } from "./listed.ts";
export { createListeners } from "./listeners.ts";
export { isOfAnotherCopy, noteMadeHere, OF_ANOTHER_COPY } from "./made-here.ts";
export { onceAborted } from "./once-aborted.ts";
export { onceInProcess } from "./once-in-process.ts";
export { copyOf, originalOf } from "./original-of.ts";
export { allSpellings, otherSpelling } from "./other-spelling.ts";
export { pastCaches } from "./past-caches.ts";
export { persistently } from "./persistently.ts";
export { hiddenInName, plainName, plainText, wholeText, withoutTokens } from "./plain-text.ts";
export { dropPromises, quietly } from "./quietly.ts";
export { leave, readText } from "./read-text.ts";
export { strayMember } from "./stray-member.ts";
export { timeAway } from "./time-away.ts";
export { isoOf, timeOf } from "./time-of.ts";
export { unwaited } from "./unwaited.ts";
export { warner } from "./warner.ts";
export { whenTimeIsUp } from "./when-time-is-up.ts";
