import { type Charge, readStep, type SpendingStore, STORE_LIMITS } from "@hopwise/core/state";
import { unavailable } from "./faults.ts";
import { nameOf, type Tag, type Tags } from "./keys.ts";
import { scriptOf } from "./script.ts";
import { type Steps, UNDER_MARK } from "./steps.ts";
import { milliseconds } from "./times.ts";

/*
 * An account is a hash of its counters, of how many these are (`#n`), and of who made it (`#`): what was reserved in one that
 * has ended is not given back to another one of its name. A reservation is a hash: its state (`s`), and what it charged (`c`).
 * Amounts come and go as texts, since numbers of a script lose digits when they are printed; as values they are exact up to 2^53.
 */

/** How long a reservation is known by its id. */
const KNOWN_MS = 2 * 3600 * 1000;
/** Keys: the mark, the reservation, the accounts. A charge is five arguments: the place of its account's key, counter, amount, bound, end. */
const RESERVE = scriptOf(`
${UNDER_MARK}
local known = redis.call('HGET', KEYS[2], 's')
if known == 'withdrawn' then return {'withdrawn'} end
local function isNew(i) return not redis.call('HGET', KEYS[tonumber(ARGV[i])], ARGV[i + 1]) end
local function isFull(i) return tonumber(redis.call('HGET', KEYS[tonumber(ARGV[i])], '#n') or '0') >= ${STORE_LIMITS.counters} end
local function stored(i) return redis.call('HGET', KEYS[tonumber(ARGV[i])], ARGV[i + 1]) or '0' end
if not known then
  local pending = {}
  for i = 5, #ARGV, 5 do
    if tonumber(ARGV[i + 4]) <= now then return {'clock'} end
    local counter = ARGV[i] .. ' ' .. ARGV[i + 1]
    local spent = pending[counter] or tonumber(stored(i))
    if spent > tonumber(ARGV[i + 3]) - tonumber(ARGV[i + 2]) then
      return {'refused', string.format('%.0f', (i - 5) / 5), stored(i)}
    end
    pending[counter] = spent + tonumber(ARGV[i + 2])
    if ARGV[i + 2] ~= '0' and isFull(i) and isNew(i) then return {'full'} end
  end
  local charged = {}
  for i = 5, #ARGV, 5 do
    if ARGV[i + 2] ~= '0' then
      local account = KEYS[tonumber(ARGV[i])]
      redis.call('HSETNX', account, '#', ARGV[4])
      if isNew(i) then redis.call('HINCRBY', account, '#n', 1) end
      redis.call('HINCRBY', account, ARGV[i + 1], ARGV[i + 2])
      if redis.call('PEXPIRETIME', account) < tonumber(ARGV[i + 4]) then redis.call('PEXPIREAT', account, ARGV[i + 4]) end
      charged[#charged + 1] = string.match(account, '[^:]*$') .. ' ' .. ARGV[i + 1] .. ' ' .. ARGV[i + 2]
        .. ' ' .. redis.call('HGET', account, '#')
    end
  end
  redis.call('HSET', KEYS[2], 's', 'reserved', 'c', table.concat(charged, '\\n'))
  redis.call('PEXPIREAT', KEYS[2], string.format('%.0f', now + ${KNOWN_MS}))
end
local answer = {'reserved'}
for i = 5, #ARGV, 5 do answer[#answer + 1] = stored(i) end
return answer
`);

/** It stands: nothing gives it back any more. */
const SPENT = scriptOf(`
${UNDER_MARK}
if redis.call('HGET', KEYS[2], 's') == 'reserved' then redis.call('HSET', KEYS[2], 's', 'spent') end
return {'ok'}
`);

/** Keys: the mark, the reservation, the accounts that it charged as far as its sender knows. What others it charged it answers, for another try. */
const GIVE_BACK = scriptOf(`
${UNDER_MARK}
local known = redis.call('HGET', KEYS[2], 's')
if known == 'spent' or known == 'withdrawn' then return {'ok'} end
local accounts, charges, unknown = {}, {}, {'accounts'}
for i = 3, #KEYS do accounts[string.match(KEYS[i], '[^:]*$')] = KEYS[i] end
for name, counter, amount, maker in string.gmatch(redis.call('HGET', KEYS[2], 'c') or '', '(%S+) (%S+) (%S+) (%S+)') do
  if not accounts[name] then unknown[#unknown + 1] = name end
  charges[#charges + 1] = {accounts[name], counter, amount, maker}
end
if #unknown > 1 then return unknown end
redis.call('HSET', KEYS[2], 's', 'withdrawn') -- first: what fails in its middle is asked again, and must not give back twice
redis.call('PEXPIREAT', KEYS[2], string.format('%.0f', now + ${KNOWN_MS}))
for _, charge in ipairs(charges) do
  if redis.call('HGET', charge[1], '#') == charge[4] then redis.call('HINCRBY', charge[1], charge[2], '-' .. charge[3]) end
end
redis.call('HDEL', KEYS[2], 'c')
return {'ok'}
`);

/** Keys: the mark, the accounts. A counter is two arguments: the place of its account's key, and its name. */
const LOOK_UP = scriptOf(`
${UNDER_MARK}
local answer = {'ok'}
for i = 4, #ARGV, 2 do answer[#answer + 1] = redis.call('HGET', KEYS[tonumber(ARGV[i])], ARGV[i + 1]) or '0' end
return answer
`);

type Counter = Pick<Charge, "account" | "counter">;

export function spendingOf(steps: Steps, tags: Tags): Omit<SpendingStore, "notBefore"> {
  return {
    reserve: async (...given) => {
      const [{ id, owner, charges, nowSeconds }] = readStep.reserve(...given);
      const tag = tags.of(owner);
      const accounts = accountsOf(tag, owner, charges, 3);
      const args = charges.flatMap((charge, i) => [
        ...(accounts.args[i] as readonly string[]),
        `${charge.amount}`,
        `${charge.most}`,
        milliseconds(charge.untilSeconds),
      ]);
      const name = nameOf(owner, id);
      const [outcome, ...texts] = await steps.ask(
        {
          tag,
          script: RESERVE,
          keys: [reservationOf(tag, owner, id), ...accounts.keys],
          args: [name, ...args],
          once: true,
        },
        nowSeconds,
      );
      if (outcome === "reserved") return { outcome, spent: texts.map(Number) };
      if (outcome === "full")
        throw unavailable(`more than ${STORE_LIMITS.counters} bounds of one budget or rate are counted`);
      if (outcome === "refused") return { outcome, charge: Number(texts[0]), spent: Number(texts[1]) };
      return { outcome: "withdrawn" };
    },
    settle: async (...given) => {
      const [{ id, owner, nowSeconds }, how] = readStep.settle(...given);
      const tag = tags.of(owner);
      const key = reservationOf(tag, owner, id);
      let names: readonly string[] = [];
      for (;;) {
        const script = how === "spent" ? SPENT : GIVE_BACK;
        const accounts = names.map((name) => `${tag.text}:a:${name}`);
        const [outcome, ...more] = await steps.ask(
          { tag, script, keys: [key, ...accounts], args: [], once: true },
          nowSeconds,
        );
        if (outcome === "ok") return;
        names = [...names, ...new Set(more)];
      }
    },
    spent: async (...given) => {
      const [owner, counters] = readStep.spent(...given);
      const tag = tags.of(owner);
      const { keys, args } = accountsOf(tag, owner, counters, 2);
      const [, ...texts] = await steps.ask({ tag, script: LOOK_UP, keys, args: args.flat() });
      return texts.map(Number);
    },
  };
}

function reservationOf(tag: Tag, owner: string, id: string): string {
  return `${tag.text}:v:${nameOf(owner, id)}`;
}

/** The keys of accounts, each once, and for each counter the place of its account's key and its own short name. */
function accountsOf(
  tag: Tag,
  owner: string,
  counters: readonly Counter[],
  first: number,
): { readonly keys: readonly string[]; readonly args: readonly (readonly string[])[] } {
  const places = new Map<string, number>();
  const args = counters.map(({ account, counter }) => {
    const key = `${tag.text}:a:${nameOf(owner, account)}`;
    if (!places.has(key)) places.set(key, first + places.size);
    return [`${places.get(key)}`, nameOf(counter)];
  });
  return { keys: [...places.keys()], args };
}
