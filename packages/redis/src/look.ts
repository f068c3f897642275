import { COMMANDS, rightsWords } from "./rights.ts";
import { type Script, scriptOf } from "./script.ts";

/**
 * The mark of a store: the name of its epoch, and of which life of which server it is. A server's life is its `run_id` with
 * its replication id: neither alone tells that entries were lost (a master that was demoted and promoted again keeps the
 * first, a first replica changes the second), and that it evicted nothing. The mark also has whether a replica ever
 * followed, and how long proofs are kept.
 *
 *     <seconds>-<random>@<run_id>:<replication id>:<evicted>:<followed>:<window>
 *
 * In one step: no mark, or one of another life, is replaced by a new one; whoever comes first makes it, for all. The name
 * is kept where nothing can have been lost: the server is the same, nothing was evicted, and its replication id changed
 * only because a replica came or went (no second id, and who asks looked less than a minute ago: `seen`); or it started
 * again, writes everything to disk first (`durable`, and it has the file for that), and never had a replica that could be here in
 * its place.
 *
 * A name of a time to come was made while the server's clock was ahead: until then all would be refused. So it is made anew
 * once that clock is right, by the asker's: one that was set back for a moment would make a name of before the loss.
 *
 * No mark, where there must be one, is an answer, and so is one with another window than the one that is given; none given
 * is the store's own.
 *
 * A mark of another form is an answer: a version that keeps anything otherwise must give it one, and an older one would else make
 * it anew, take turns with the newer one, and read its keys wrongly.
 *
 * A user without the rights that any script needs is an answer, before anything is done.
 *
 * Writes where memory is full, too: a mark that is there takes no more.
 */
export const LOOK: Script = scriptOf(
  `
local lacking = {'rights'}
for command in string.gmatch('${COMMANDS.join(" ")}', '%S+') do
  local args = command == 'EVAL' and {'', '1', KEYS[1]} or {KEYS[1]}
  if not redis.acl_check_cmd(command, unpack(args)) then lacking[#lacking + 1] = command end
end
if #lacking > 1 then return lacking end
local random, seen, durable, window, must = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local info = redis.call('INFO', 'server', 'memory', 'persistence', 'stats', 'replication')
local function field(name)
  local _, at = string.find(info, '\\n' .. name .. ':', 1, true)
  return at and string.match(info, '^[^\\r\\n]*', at + 1) or ''
end
if field('role') ~= 'master' then return redis.error_reply('READONLY a replica') end
local run, id, evicted, replicas = field('run_id'), field('master_replid'), field('evicted_keys'), field('connected_slaves')
local mark = redis.call('GET', KEYS[1])
local name, run0, id0, evicted0, followed0, window0 =
  string.match(mark or '', '^([%d.]+%-%w+)@(%w*):(%w*):(%d*):(%d):(%d+)$')
if mark and not name then return {'form'} end
if not name and must == '1' then return {'none'} end
if window == '' then window = window0 end
if name and window0 ~= window then return {'window', window0} end
local single = not string.match(field('master_replid2'), '[^0]')
local same = name and run == run0 and evicted == evicted0 and (id == id0 or single and seen == name)
local restarted = name and durable == '1' and field('aof_enabled') == '1' and run ~= run0 and single
  and followed0 == '0' and replicas == '0'
local t = redis.call('TIME')
local now = t[1] .. '.' .. string.format('%06d', t[2])
local asker = tonumber(ARGV[6])
if name and string.match(name, '^[%d.]+') - t[1] > 5 and math.abs(t[1] - asker) <= 5 then same, restarted = false, false end
if not same and not restarted then name = now .. '-' .. random end
local followed = (replicas ~= '0' or same and followed0 == '1') and '1' or '0'
local new = name .. '@' .. run .. ':' .. id .. ':' .. evicted .. ':' .. followed .. ':' .. window
if new ~= mark then redis.call('SET', KEYS[1], new) end
local enough = field('min_slaves_good_slaves') ~= '' and '1' or '0'
return {'ok', new, name, id, run, now, field('redis_version'), field('maxmemory_policy'), replicas, enough}
`,
  "oom",
);

/** What a look found. */
export interface Found {
  readonly mark: string;
  /** Of the epoch: since when nothing was lost, and a random part. */
  readonly name: string;
  /** How long proofs are kept. */
  readonly longestWindowSeconds: number;
  readonly replicationId: string;
  readonly runId: string;
  /** The server's clock. */
  readonly nowSeconds: number;
  readonly version: string;
  readonly evictionPolicy: string;
  readonly replicas: number;
  /** Whether it refuses to write without a replica that follows. */
  readonly needsReplicas: boolean;
}

/** @returns what was found, or why this server is no store, in words that begin after its name */
export function readLook(answer: unknown, prefix: string): Found | string {
  if (!isLook(answer)) return "does not answer as Redis does: is something else at this address, or in between?";
  const [how, ...texts] = answer;
  if (how === "rights") return rightsWords(texts);
  if (how === "form") {
    return "keeps the state of another version of @hopwise/redis under this prefix, or what another program wrote: run one version, or give this one a prefix of its own";
  }
  if (how === "none") {
    return `keeps no state under the prefix ${prefix}: give the prefix that its instances have, or start one of them first`;
  }
  if (how === "window") {
    return `keeps proofs for a longestWindowSeconds of ${texts[0]}: all instances must be given the same; for another one, take another prefix`;
  }
  const [mark, name, replicationId, runId, now, version, evictionPolicy, replicas, enough] = texts as [
    ...[string, string, string, string, string, string, string, string, string],
  ];
  return {
    mark,
    name,
    longestWindowSeconds: Number(mark.slice(mark.lastIndexOf(":") + 1)),
    replicationId,
    runId,
    nowSeconds: Number(now),
    version,
    evictionPolicy,
    replicas: Number(replicas),
    needsReplicas: enough === "1",
  };
}

/** How many texts follow the first word. */
const FOLLOW: ReadonlyMap<unknown, number> = new Map([
  ["form", 0],
  ["none", 0],
  ["window", 1],
  ["ok", 9],
]);

function isLook(answer: unknown): answer is readonly string[] {
  if (!Array.isArray(answer) || !answer.every((text) => typeof text === "string")) return false;
  const [how, ...texts] = answer;
  return how === "rights" || FOLLOW.get(how) === texts.length;
}

/** Since when nothing was lost in an epoch, by the server's clock. */
export function beganAt(name: string): number {
  return Number(name.slice(0, name.indexOf("-")));
}
