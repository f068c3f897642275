import { type ApprovalStore, type KeptRequest, readStep, STORE_LIMITS } from "@hopwise/core/state";
import { storedJson, unavailable } from "./faults.ts";
import { nameOf, type Tags } from "./keys.ts";
import { scriptOf } from "./script.ts";
import { type Steps, UNDER_MARK } from "./steps.ts";
import { milliseconds } from "./times.ts";

/*
 * People answer, so there are few: all lie under one tag, and are listed in one step. A request is a hash that ends with it:
 * its text (`t`), how many answered (`n`), their answers (`1`, `2`, …), and the keys of these (`k:…`). Beside it lies, as
 * long, the id of the newest request of its call. Two sorted sets have the ids of all: `order` as they came, `ends` by their ends. Texts of others are kept as JSON, which knows half characters.
 */

/** Keys 3 and 4 are `order` and `ends`. */
const FORGET = `
local function forget(most)
  local over = redis.call('ZRANGEBYSCORE', KEYS[4], '-inf', string.format('%.0f', now), 'LIMIT', 0, most)
  for _, id in ipairs(over) do
    redis.call('ZREM', KEYS[3], id)
    redis.call('ZREM', KEYS[4], id)
  end
  return #over
end
`;

/** Keys: the mark, the request, order, ends, and the last number: these three end with the last request. Then the newest of its call. */
const KEEP = scriptOf(`
${UNDER_MARK}
${FORGET}
local id, text, ends, after = ARGV[4], ARGV[5], ARGV[6], ARGV[7]
forget(100)
local newest = redis.call('GET', KEYS[6])
if newest and newest ~= after then return {'ok', newest} end
if redis.call('EXISTS', KEYS[2]) == 1 or tonumber(ends) <= now then return {'ok', id} end
if redis.call('ZCARD', KEYS[3]) >= ${STORE_LIMITS.requests} then return {'full'} end
-- In this order: what fails in its middle is asked again, and a request that is found must be listed, too.
redis.call('ZADD', KEYS[4], ends, id)
redis.call('ZADD', KEYS[3], redis.call('INCR', KEYS[5]), id)
for i = 3, 5 do
  if redis.call('PEXPIRETIME', KEYS[i]) < tonumber(ends) then redis.call('PEXPIREAT', KEYS[i], ends) end
end
redis.call('HSET', KEYS[2], 't', text, 'n', 0)
redis.call('PEXPIREAT', KEYS[2], ends)
redis.call('SET', KEYS[6], id, 'PXAT', ends)
return {'ok', id}
`);

const LATEST = scriptOf(`
${UNDER_MARK}
local newest = redis.call('GET', KEYS[2])
return newest and {'ok', newest} or {'gone'}
`);

const FIND = scriptOf(`
${UNDER_MARK}
local text, n = unpack(redis.call('HMGET', KEYS[2], 't', 'n'))
if not text then return {'gone'} end
local answer = {'ok', text}
for i = 1, n do answer[#answer + 1] = redis.call('HGET', KEYS[2], i) end
return answer
`);

const ANSWER = scriptOf(`
${UNDER_MARK}
local n = redis.call('HGET', KEYS[2], 'n')
if not n then return {'gone'} end
if redis.call('HEXISTS', KEYS[2], 'k:' .. ARGV[4]) == 1 then return {'known'} end
if tonumber(n) >= ${STORE_LIMITS.answers} then return {'full'} end
redis.call('HSET', KEYS[2], 'k:' .. ARGV[4], '', n + 1, ARGV[5], 'n', n + 1)
return {'kept'}
`);

/** Keys: the mark, none (the mark again), order, ends. */
const LIST = scriptOf(`
${UNDER_MARK}
${FORGET}
while forget(1000) == 1000 do end
local before = redis.call('ZSCORE', KEYS[3], ARGV[5])
local from = before and '(' .. before or '-inf'
return {'ok', unpack(redis.call('ZRANGEBYSCORE', KEYS[3], from, '+inf', 'LIMIT', 0, ARGV[4]))}
`);

/** Most that are listed at once. */
const MOST_LISTED = 5000;

export function approvalsOf(steps: Steps, { approvals: tag }: Tags): Omit<ApprovalStore, "notBefore"> {
  const keyOf = (id: string): string => `${tag.text}:q:${nameOf(id)}`;
  const newestOf = (call: string): string => `${tag.text}:n:${nameOf(call)}`;
  const order = `${tag.text}:order`;
  const ends = `${tag.text}:ends`;

  const find = async (id: string): Promise<KeptRequest | undefined> => {
    const [outcome, ...texts] = await steps.ask({ tag, script: FIND, keys: [keyOf(id)], args: [] });
    const [text = "", ...answers] = texts.map(fromJson);
    return outcome === "gone" ? undefined : { id, text, answers };
  };

  return {
    find: async (...given) => find(...readStep.find(...given)),
    keep: async (...given) => {
      const [{ id, call, after, text, untilSeconds, nowSeconds }] = readStep.keep(...given);
      const keys = [keyOf(id), order, ends, `${tag.text}:last`, newestOf(call)];
      const over = after === undefined ? "" : JSON.stringify(after);
      const args = [JSON.stringify(id), JSON.stringify(text), milliseconds(untilSeconds), over];
      const [outcome, newest = ""] = await steps.ask({ tag, script: KEEP, keys, args, once: true }, nowSeconds);
      if (outcome === "full") throw unavailable(`more than ${STORE_LIMITS.requests} requests wait`);
      return fromJson(newest);
    },
    latest: async (...given) => {
      const [call] = readStep.latest(...given);
      const [outcome, newest = ""] = await steps.ask({ tag, script: LATEST, keys: [newestOf(call)], args: [] });
      return outcome === "gone" ? undefined : find(fromJson(newest));
    },
    answer: async (...given) => {
      const [{ id, key, text, nowSeconds }] = readStep.answer(...given);
      const args = [nameOf(key), JSON.stringify(text)];
      const [outcome] = await steps.ask({ tag, script: ANSWER, keys: [keyOf(id)], args }, nowSeconds);
      if (outcome === "full") throw unavailable(`more than ${STORE_LIMITS.answers} people answered one request`);
      return outcome as "kept" | "known" | "gone";
    },
    list: async (...given) => {
      const [most, after] = readStep.list(...given);
      if (most === 0) return [];
      const args = [`${Math.min(most, MOST_LISTED)}`, after === undefined ? "" : JSON.stringify(after)];
      const [, ...ids] = await steps.ask({ tag, script: LIST, keys: [order, order, ends], args });
      const found = await Promise.all(ids.map(fromJson).map(find));
      return found.filter((request) => request !== undefined);
    },
  };
}

function fromJson(text: string): string {
  return storedJson(text) as string;
}
