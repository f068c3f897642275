import { type ClaimAbout, type ReplayStore, readStep } from "@hopwise/core/state";
import { unavailable } from "./faults.ts";
import { nameOf, type Tag, type Tags } from "./keys.ts";
import { type Script, scriptOf } from "./script.ts";
import { type Steps, UNDER_MARK } from "./steps.ts";
import { milliseconds } from "./times.ts";

/** Keys: the mark, the proof. All that tells whether it was used before is asked of the server's own clock. */
const CLAIM: Script = scriptOf(`
${UNDER_MARK}
local keep, ends, made, longest = ARGV[4], ARGV[5], ARGV[6], ARGV[7]
if tonumber(ends) <= now then return {'clock'} end
if redis.call('EXISTS', KEYS[2]) == 1 then return {'used'} end
if made ~= '' and now - made > tonumber(longest) then return {'window'} end
redis.call('SET', KEYS[2], '', 'PXAT', keep)
return {'new'}
`);

const FORGET: Script = scriptOf(`
${UNDER_MARK}
redis.call('DEL', KEYS[2])
return {'ok'}
`);

/** How long proofs are counted together: a share is free again so long after their end at the latest. */
const SLOT_MS = 30_000;

/** Keys: the mark, the sharers, each with its bound. A sharer is a hash of how many of its proofs end in which slot. */
const TAKE: Script = scriptOf(`
${UNDER_MARK}
local slot = ARGV[4]
for i = 2, #KEYS do
  local all = redis.call('HGETALL', KEYS[i])
  local living = 0
  for j = 1, #all, 2 do
    if all[j] * ${SLOT_MS} <= now then redis.call('HDEL', KEYS[i], all[j]) else living = living + all[j + 1] end
  end
  if living >= tonumber(ARGV[3 + i]) then return {'full', ARGV[3 + i]} end
end
for i = 2, #KEYS do
  redis.call('HINCRBY', KEYS[i], slot, 1)
  if redis.call('PEXPIRETIME', KEYS[i]) < slot * ${SLOT_MS} then
    redis.call('PEXPIREAT', KEYS[i], string.format('%.0f', slot * ${SLOT_MS}))
  end
end
return {'ok'}
`);

const GIVE_BACK: Script = scriptOf(`
${UNDER_MARK}
for i = 2, #KEYS do
  if redis.call('HINCRBY', KEYS[i], ARGV[4], -1) < 1 then redis.call('HDEL', KEYS[i], ARGV[4]) end
end
return {'ok'}
`);

interface Options {
  readonly name: string;
  /** How long proofs are kept under a tag: what the store says, which was made with it. */
  windowOf(tag: Tag): number;
  readonly maxProofsOfUser: number;
  readonly maxProofsOfRoot: number;
}

/** A proof of any window up to the longest may come so much later: clocks and networks. */
const BEYOND_SECONDS = 60;
/** A sum of doubles is not what it says to the last digit. */
const ROUNDED_SECONDS = 0.5;

/**
 * A proof lies under a tag of its own key: it is good once, whoever shows it. What a user's and a root's share is lies under
 * the user's tag, and is asked in the same turn: nobody waits for one after the other.
 */
export function replayOf(steps: Steps, tags: Tags, options: Options): Omit<ReplayStore, "notBefore"> {
  const { name, windowOf } = options;

  /** @throws {HopwiseError} where an authorizer with a longer window could be shown a proof that was forgotten */
  const checkWindow = (window: number, untilSeconds: number, from: number): void => {
    if (untilSeconds - from <= window + ROUNDED_SECONDS) return;
    throw unavailable(
      `${name} remembers proofs for windows of up to ${window} seconds, and this one is longer: raise longestWindowSeconds to limits.proofWindowSeconds + limits.skewSeconds`,
    );
  };

  return {
    get longestWindowSeconds() {
      const [tag] = tags.marked;
      return (tag && windowOf(tag)) || undefined;
    },
    claim: async (...given) => {
      const [key, untilSeconds, about] = readStep.claim(...given);
      const { madeAtSeconds, nowSeconds = Date.now() / 1000 } = about;
      const tag = tags.of(key);
      const window = windowOf(tag);
      const longest = window + BEYOND_SECONDS;
      if (madeAtSeconds !== undefined) checkWindow(window, untilSeconds, Math.max(madeAtSeconds, nowSeconds));
      const keep = milliseconds(Math.max(untilSeconds, (madeAtSeconds ?? 0) + longest));
      const made = madeAtSeconds === undefined ? "" : milliseconds(madeAtSeconds);
      const args = [keep, milliseconds(untilSeconds), made, `${longest * 1000}`];
      const proof = { tag, keys: [`${tag.text}:p:${nameOf(key)}`] };
      const claiming = steps.ask({ ...proof, script: CLAIM, args }, nowSeconds);
      const { sharers, bounds } = sharersOf(tags, about, options);
      if (sharers === undefined) return outcomeOf(await claiming, window);
      const slot = `${Math.ceil(Number(keep) / SLOT_MS)}`;
      const taking = steps.ask({ ...sharers, script: TAKE, args: [slot, ...bounds] }, nowSeconds);
      const [claimed, taken] = await Promise.all([claiming, taking]);
      const isNew = outcomeOf(claimed, window);
      if (!isNew && taken[0] === "ok") await steps.ask({ ...sharers, script: GIVE_BACK, args: [slot] }, nowSeconds);
      if (isNew && taken[0] === "full") {
        // What is beyond the share takes no room.
        await steps.ask({ ...proof, script: FORGET, args: [] }, nowSeconds);
        throw unavailable(`more than ${taken[1]} live proofs of one user, or of one root`);
      }
      return isNew;
    },
  };

  function outcomeOf([outcome]: readonly string[], window: number): boolean {
    if (outcome === "window") checkWindow(window, Number.POSITIVE_INFINITY, 0);
    return outcome === "new";
  }
}

/** Whose shares a proof takes a part of; undefined where it is nobody's. */
function sharersOf(
  tags: Tags,
  { owner, root }: ClaimAbout,
  { maxProofsOfUser, maxProofsOfRoot }: Options,
): { readonly sharers?: { readonly tag: Tag; readonly keys: readonly string[] }; readonly bounds: readonly string[] } {
  const whose = owner ?? root;
  if (whose === undefined) return { bounds: [] };
  const tag = tags.of(whose);
  const all = [
    ...(owner === undefined ? [] : [[`${tag.text}:u:${nameOf(owner)}`, `${maxProofsOfUser}`] as const]),
    ...(root === undefined ? [] : [[`${tag.text}:r:${nameOf(root)}`, `${maxProofsOfRoot}`] as const]),
  ];
  return { sharers: { tag, keys: all.map(([key]) => key) }, bounds: all.map(([, bound]) => bound) };
}
