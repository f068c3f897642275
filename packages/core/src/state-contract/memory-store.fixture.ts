import { HopwiseError } from "../errors.ts";
import type { KeptRequest, LogEntry, Reserved, StateDriver } from "../state/index.ts";
import type { StoreAsked, StoreUnderTest } from "./case.ts";

/** Of one account: another one of that name has counters of its own. */
interface Counter {
  value: number;
  until: number;
}

interface Memory {
  readonly since: number;
  readonly epoch: string;
  readonly proofs: Map<string, { until: number; sharers: readonly string[] }>;
  readonly counters: Map<string, Counter>;
  readonly reservations: Map<string, { state: "open" | "spent" | "back"; counted: readonly [Counter, number][] }>;
  readonly requests: Map<string, { text: string; call: string; until: number; answers: Map<string, string> }>;
  readonly log: LogEntry[];
  /** Of the log's entries: it has thousands in some cases. */
  readonly ids: Set<string>;
}

/** The plainest store that keeps the contract: what the cases are held against. Nothing of it is for use. */
export interface PlainStore extends StoreUnderTest {
  open(): StateDriver;
}

const keyOf = (...names: readonly string[]): string => JSON.stringify(names);
const amountsOf = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;

/** @param fault of a store that is to be found wrong: one counter stands for all accounts of its name, one after the other */
export function plainStore(
  { mostOfRoot = 1000, mostOfUser = 2000 }: StoreAsked = {},
  fault?: "one counter for a name",
): PlainStore {
  let ahead = 0;
  let broken = false;
  const now = (): number => Date.now() / 1000 + ahead;
  const anew = (): Memory => ({
    since: now(),
    epoch: crypto.randomUUID(),
    proofs: new Map(),
    counters: new Map(),
    reservations: new Map(),
    requests: new Map(),
    log: [],
    ids: new Set(),
  });
  let memory = anew();
  return {
    nowSeconds: now,
    advance: (seconds) => {
      ahead += seconds;
    },
    loseEverything: () => {
      memory = anew();
    },
    break: () => {
      broken = true;
    },
    mend: () => {
      broken = false;
    },
    open: () => {
      let closed = false;
      const at = (nowSeconds: number = now()): Memory => {
        if (closed) refuse("the driver is closed");
        if (broken) refuse("the store is down");
        if (!(Math.abs(now() - nowSeconds) <= 5)) refuse("the clocks differ by seconds or more");
        return memory;
      };
      const since = { notBefore: { get: () => memory.since, enumerable: true } };
      const problem = (): string | undefined => (closed ? "it is closed" : broken ? "it is down" : undefined);
      return {
        name: "a plain store",
        replay: Object.defineProperties(replayOf(at, now, { mostOfRoot, mostOfUser }), since),
        spending: Object.defineProperties(spendingOf(at, now, fault === undefined ? newCounter : sameCounter), since),
        approvals: Object.defineProperties(approvalsOf(at, now), since),
        revocations: logOf(at, now),
        health: (nowSeconds = now()) => {
          const found = !(Math.abs(now() - nowSeconds) <= 5) ? "its clock is another" : problem();
          return found === undefined ? { ok: true } : { ok: false, problem: found };
        },
        close: () => {
          closed = true;
        },
      };
    },
  };
}

type At = (nowSeconds?: number) => Memory;

function replayOf(at: At, now: () => number, shares: Required<StoreAsked>): StateDriver["replay"] {
  return {
    claim: (key, untilSeconds, { nowSeconds, madeAtSeconds = 0, owner, root } = {}) => {
      const { proofs } = at(nowSeconds);
      if (!Number.isFinite(untilSeconds)) throw new HopwiseError("config_invalid", "no time");
      if (untilSeconds <= now()) refuse("its end is past: another clock");
      const until = Math.max(untilSeconds, madeAtSeconds + 120);
      for (const [old, proof] of proofs) if (proof.until <= now()) proofs.delete(old);
      if (proofs.has(key)) return false;
      if (madeAtSeconds !== 0 && madeAtSeconds + 120 <= now()) refuse("made too long ago");
      const sharers = [...(owner === undefined ? [] : [`u${owner}`]), ...(root === undefined ? [] : [`r${root}`])];
      for (const sharer of sharers) {
        const has = [...proofs.values()].filter((it) => it.sharers.includes(sharer)).length;
        if (has >= (sharer.startsWith("u") ? shares.mostOfUser : shares.mostOfRoot)) refuse("its share is full");
      }
      proofs.set(key, { until, sharers });
      return true;
    },
  };
}

const newCounter = (): Counter => ({ value: 0, until: 0 });
const sameCounter = (ended = newCounter()): Counter => Object.assign(ended, newCounter());

function spendingOf(at: At, now: () => number, anew: (ended?: Counter) => Counter): StateDriver["spending"] {
  const living = ({ counters }: Memory, key: string): Counter | undefined => {
    const found = counters.get(key);
    return found === undefined || found.until <= now() ? undefined : found;
  };
  const amountOf = (memory: Memory, key: string): number => living(memory, key)?.value ?? 0;
  return {
    reserve: ({ id, owner, charges, nowSeconds }): Reserved => {
      const memory = at(nowSeconds);
      if (!charges.every(({ amount, most }) => amountsOf(amount) && amountsOf(most))) {
        throw new HopwiseError("config_invalid", "no amount");
      }
      const known = memory.reservations.get(keyOf(owner, id));
      if (known?.state === "back") return { outcome: "withdrawn" };
      const spent = (): number[] => charges.map((it) => amountOf(memory, keyOf(owner, it.account, it.counter)));
      if (known !== undefined) return { outcome: "reserved", spent: spent() };
      if (charges.some(({ untilSeconds }) => untilSeconds <= now())) refuse("its end is past: another clock");
      const next = new Map<string, number>();
      for (const [i, { account, counter, amount, most }] of charges.entries()) {
        const key = keyOf(owner, account, counter);
        const has = next.get(key) ?? amountOf(memory, key);
        if (has > most - amount) return { outcome: "refused", charge: i, spent: amountOf(memory, key) };
        next.set(key, has + amount);
      }
      const added = charges.filter(({ amount }) => amount > 0);
      const isNew = added.filter((it) => living(memory, keyOf(owner, it.account, it.counter)) === undefined);
      for (const account of new Set(isNew.map((it) => it.account))) {
        const begins = keyOf(owner, account, "").slice(0, -3);
        const has = [...memory.counters.keys()].filter((key) => key.startsWith(begins)).length;
        if (has >= 10_000) refuse("the account is full");
      }
      const counted = added.map(({ account, counter, amount, untilSeconds }): [Counter, number] => {
        const key = keyOf(owner, account, counter);
        const counts = living(memory, key) ?? anew(memory.counters.get(key));
        counts.value += amount;
        counts.until = Math.max(counts.until, untilSeconds + 10);
        memory.counters.set(key, counts);
        return [counts, amount];
      });
      memory.reservations.set(keyOf(owner, id), { state: "open", counted });
      return { outcome: "reserved", spent: spent() };
    },
    settle: ({ id, owner, nowSeconds }, how) => {
      const memory = at(nowSeconds);
      const found = memory.reservations.get(keyOf(owner, id));
      if (found === undefined && how === "spent") return;
      const known = found ?? { state: "open", counted: [] };
      if (known.state !== "open") return;
      memory.reservations.set(keyOf(owner, id), { ...known, state: how === "spent" ? "spent" : "back" });
      for (const [counter, amount] of how === "spent" ? [] : known.counted) counter.value -= amount;
    },
    spent: (owner, counters) => {
      const memory = at();
      return counters.map(({ account, counter }) => amountOf(memory, keyOf(owner, account, counter)));
    },
  };
}

function approvalsOf(at: At, now: () => number): StateDriver["approvals"] {
  const living = (id: string) => {
    const found = at().requests.get(id);
    return found === undefined || found.until <= now() ? undefined : found;
  };
  const find = (id: string): KeptRequest | undefined => {
    const found = living(id);
    return found && { id, text: found.text, answers: [...found.answers.values()] };
  };
  const latest = (call: string): KeptRequest | undefined => {
    const [id] = [...at().requests].findLast(([, request]) => request.call === call) ?? [];
    return id === undefined ? undefined : find(id);
  };
  return {
    find,
    latest,
    keep: ({ id, call, after, text, untilSeconds, nowSeconds }) => {
      const { requests } = at(nowSeconds);
      const there = latest(call)?.id;
      if (there !== undefined && there !== after) return there;
      if (!requests.has(id)) requests.set(id, { text, call, until: untilSeconds, answers: new Map() });
      return id;
    },
    answer: ({ id, key, text, nowSeconds }) => {
      at(nowSeconds);
      const found = living(id);
      if (found === undefined) return "gone";
      if (found.answers.has(key)) return "known";
      if (found.answers.size >= 64) return refuse("it has 64 answers");
      found.answers.set(key, text);
      return "kept";
    },
    list: (most, after) => {
      const all = [...at().requests.keys()].map(find).filter((it) => it !== undefined);
      const from = all.findIndex(({ id }) => id === after) + 1;
      return all.slice(from, from + most);
    },
  };
}

function logOf(at: At, now: () => number): StateDriver["revocations"] {
  const headOf = ({ epoch, log }: Memory, n: number = log.length): string => `${epoch}:${n}`;
  return {
    head: () => headOf(at()),
    append: (entry) => {
      const { log, ids } = at();
      if (!ids.has(entry.id)) log.push(entry);
      ids.add(entry.id);
    },
    read: (after) => {
      const memory = at();
      const stands = memory.log.findIndex((_, i) => headOf(memory, i) === after);
      const from = after === headOf(memory) ? memory.log.length : Math.max(0, stands);
      const to = Math.min(memory.log.length, from + 1000);
      return {
        epoch: memory.epoch,
        ageSeconds: now() - memory.since,
        continues: after === undefined || stands >= 0 || after === headOf(memory),
        entries: memory.log.slice(from, to),
        head: headOf(memory, to),
        complete: to === memory.log.length,
      };
    },
  };
}

function refuse(problem: string): never {
  throw new HopwiseError("state_unavailable", problem);
}
