import { type Script, scriptOf } from "./script.ts";
import { UNDER_LIFE } from "./steps.ts";

/*
 * The log lies under one tag:
 *
 * - `head`, a text `<epoch>:<n>:<hash>`. The epoch is the server's time at its making and a random part. The hash is over
 *   the head before it and the SHA-256 of the entry, which whoever appends it has made: strangers' bytes get into entries,
 *   and the server has SHA-1 alone. So it is made in one step, and nobody loses a race.
 * - `entries`, a hash: by its id, the hash of the head after it, a space, and the entry.
 * - `order`, a sorted set of ids by n; `ends`, of those that end, by when they may be forgotten.
 * - `hashes`, the last 10,000 by n: a copy is known by the hash at its end, also where the entry itself was forgotten.
 */

/** How long an entry is kept beyond its end: a clock that jumped ahead and back must not have cost it. */
const DAY_MS = 86_400_000;
const MOST_HASHES = 10_000;
/** The largest page. */
const PAGE = 1000;

/** Names the keys of the log, and the arguments of a script. @param key, arg where each of them begins, counted from 1 */
const named = (key: number, arg: number): string => `
local at, entries, order, ends, hashes = unpack(KEYS, ${key})
local args = {unpack(ARGV, ${arg})}
`;

/** A step that reads the log: the mark stands before its keys, and what {@link UNDER_LIFE} asks for before its arguments. */
const READS = `${UNDER_LIFE}${named(2, 4)}`;
/** A step that appends. Its own check: a replica may have been told to let others write. */
const APPENDS = `
local info = redis.call('INFO', 'replication')
if not string.find(info, 'role:master', 1, true) then return redis.error_reply('READONLY a replica') end
${named(1, 1)}`;

/**
 * The first argument is a random text.
 *
 * A log that has entries by its head, and lacks `entries` or `order`, lost them: Redis evicts key by key, and first what is seldom read. It is
 * made anew, so that every instance gives back what it holds; else one that starts later would know of no revocation.
 */
const HEAD_OR_NEW = `
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local head = redis.call('GET', at)
if not head or not string.find(head, ':0:0', 1, true) and redis.call('EXISTS', entries, order) < 2 then
  head = t[1] .. '.' .. string.format('%06d', t[2]) .. '-' .. args[1] .. ':0:0'
  redis.call('DEL', entries, order, ends, hashes)
  redis.call('SET', at, head)
end
`;

/**
 * The end of a log may be lost, and nothing in it tells: a server starts again without what it was told last, or with a copy of an hour ago. So
 * a head that is told begins with the name of the epoch of its mark: in another one every instance reads on, and finds out how old that is.
 */
const TOLD = "string.match(ARGV[1], '^[^@]*@') .. head";

/**
 * By the server's clock, and not beyond what the caller believes: either may have jumped ahead. One always stays, so that a log
 * without any is known to have lost them.
 *
 * @param believed which argument says it, in milliseconds
 */
const forgetBy = (believed: number): string => `
local forgetting = string.format('%.0f', math.min(now, tonumber(args[${believed}])))
for _, id in ipairs(redis.call('ZRANGEBYSCORE', ends, '-inf', forgetting, 'LIMIT', 0, 200)) do
  if redis.call('ZCARD', order) < 2 then break end
  redis.call('HDEL', entries, id)
  redis.call('ZREM', order, id)
  redis.call('ZREM', ends, id)
end
`;

/* All of them run where memory is full, too: whoever fills it with proofs must not keep others from being revoked. */

export const HEAD: Script = scriptOf(`${READS}${HEAD_OR_NEW} return {${TOLD}}`, "oom");

/**
 * Arguments: random, id, entry, its SHA-256, its end or none, by when to forget. Answers how many replicas the server has.
 *
 * A script that fails in its middle, as where a right was just taken away, leaves behind what it wrote. So the head moves first, and
 * `order`, by which an entry is known, comes last: whoever appends it again does all of it anew.
 */
export const APPEND: Script = scriptOf(
  `
${APPENDS}
${HEAD_OR_NEW}
${forgetBy(6)}
local replicas = string.match(info, 'connected_slaves:(%d+)')
if redis.call('ZSCORE', order, args[2]) then
  redis.call('SET', at, head) -- is written, so that one can wait until it stands on a replica
  return replicas
end
local epoch, n = string.match(head, '^([^:]*):(%d+):')
local hash = redis.sha1hex(head .. ':' .. args[4])
n = string.format('%.0f', n + 1)
redis.call('SET', at, epoch .. ':' .. n .. ':' .. hash)
redis.call('ZADD', hashes, n, hash)
redis.call('ZREMRANGEBYRANK', hashes, 0, -${MOST_HASHES + 1})
redis.call('HSET', entries, args[2], hash .. ' ' .. args[3])
if args[5] ~= '' then redis.call('ZADD', ends, string.format('%.0f', args[5] + ${DAY_MS}), args[2]) end
redis.call('ZADD', order, n, args[2])
return replicas
`,
  "oom",
);

/** Arguments as those of the step that appended: whether the entry is there. */
export const HAS: Script = scriptOf(`${named(1, 1)} return redis.call('ZSCORE', order, args[2]) and '1' or '0'`, "oom");

/**
 * Arguments: random, whether the caller has a head, and which, by when to forget. Answers epoch, for how many milliseconds it has
 * been there and nothing was lost, whether it continues, whether it is complete, head, entries as they are kept.
 */
export const READ: Script = scriptOf(
  `
${READS}
${HEAD_OR_NEW}
${forgetBy(4)}
local epoch, newest = string.match(head, '^([^:]*):(%d+):')
local function hashOf(id) return string.match(redis.call('HGET', entries, id), '^%S+') end
local function hashAt(n)
  if n == '0' then return '0' end
  local known = redis.call('ZRANGEBYSCORE', hashes, n, n)[1]
  if known then return known end
  local id = redis.call('ZRANGEBYSCORE', order, n, n)[1]
  return id and hashOf(id)
end
local from, continues = '0', '1'
if args[2] == '1' then
  local e, n, hash = string.match(args[3], '^[^@]*@([^:]*):(%d+):(.*)$')
  if e == epoch and tonumber(n) <= tonumber(newest) and hashAt(n) == hash then from = n else continues = '0' end
end
local ids = redis.call('ZRANGEBYSCORE', order, '(' .. from, '+inf', 'LIMIT', 0, ${PAGE + 1})
local complete = #ids <= ${PAGE} and '1' or '0'
ids[${PAGE + 1}] = nil
local since = math.max(tonumber(string.match(epoch, '^[%d.]+')), tonumber(string.match(ARGV[1], '^[%d.]+')))
if complete == '0' then
  local last = ids[${PAGE}]
  head = epoch .. ':' .. string.format('%.0f', redis.call('ZSCORE', order, last)) .. ':' .. hashOf(last)
end
local found = #ids > 0 and redis.call('HMGET', entries, unpack(ids)) or {}
return {epoch, string.format('%.0f', now - since * 1000), continues, complete, ${TOLD}, found}
`,
  "oom",
);
