import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LogEntry, Reserved, StateDriver } from "@hopwise/core/state";
import fc from "fast-check";
import { expect, it } from "vitest";
import { openSqlite } from "./open-sqlite.ts";

/** What two drivers on one file must answer, told as plainly as it can be said. Its clock stands where it is put. */
interface Model {
  now: number;
  readonly proofs: Map<string, number>;
  readonly counters: Map<string, { value: number }>;
  readonly reservations: Map<string, { is: "open" | "spent" | "withdrawn"; counted: readonly [string, number][] }>;
  readonly requests: Map<string, { text: string; call: string; until: number; answers: Map<string, string> }>;
  readonly log: LogEntry[];
}

/** Does a step at a driver and in the model, and compares. */
type Step = (driver: StateDriver, model: Model) => Promise<void>;

const small = (most: number): fc.Arbitrary<number> => fc.integer({ min: 0, max: most });
const of = (...names: readonly string[]): fc.Arbitrary<string> => fc.constantFrom(...names);

const claims: fc.Arbitrary<Step> = fc
  .tuple(of("a", "b", "c"), small(50))
  .map(([key, seconds]) => async (driver, model) => {
    const until = model.now + 1 + seconds;
    const answer = await driver.replay.claim(key, until, { nowSeconds: model.now, owner: "o", root: key });
    const known = model.proofs.get(key) ?? 0;
    // Once it has ended it may be remembered, or not.
    if (known > model.now) expect(answer).toBe(false);
    else if (known === 0 && model.proofs.size === 0) expect(answer).toBe(true);
    if (answer) model.proofs.set(key, until);
  });

const charge = fc.record({ account: of("x", "y"), counter: of("1", "2"), amount: small(4), most: small(12) });
const reserves: fc.Arbitrary<Step> = fc
  .tuple(of("i", "j", "k", "l", "m"), fc.array(charge, { minLength: 1, maxLength: 4 }))
  .map(([id, charges]) => async (driver, model) => {
    const untilSeconds = model.now + 1_000_000;
    const full = charges.map((it) => ({ ...it, untilSeconds }));
    const answer = await driver.spending.reserve({ id, owner: "o", charges: full, nowSeconds: model.now });
    expect(answer).toEqual(reserveIn(model, id, charges));
  });

function reserveIn(
  model: Model,
  id: string,
  charges: readonly { account: string; counter: string; amount: number; most: number }[],
): Reserved {
  const at = (it: { account: string; counter: string }): string => `${it.account}.${it.counter}`;
  const has = (key: string): number => model.counters.get(key)?.value ?? 0;
  const known = model.reservations.get(id);
  if (known?.is === "withdrawn") return { outcome: "withdrawn" };
  if (known === undefined) {
    const sums = new Map<string, number>();
    for (const [i, it] of charges.entries()) {
      const sum = (sums.get(at(it)) ?? has(at(it))) + it.amount;
      if (sum > it.most) return { outcome: "refused", charge: i, spent: has(at(it)) };
      sums.set(at(it), sum);
    }
    for (const [key, value] of sums) model.counters.set(key, { value });
    const counted = charges.map((it) => [at(it), it.amount] as [string, number]);
    model.reservations.set(id, { is: "open", counted });
  }
  return { outcome: "reserved", spent: charges.map((it) => has(at(it))) };
}

const settles: fc.Arbitrary<Step> = fc
  .tuple(of("i", "j", "k", "l", "m"), fc.boolean())
  .map(([id, isSpent]) => async (driver, model) => {
    const how = isSpent ? "spent" : "nothing_happened";
    await driver.spending.settle({ id, owner: "o", nowSeconds: model.now }, how);
    const known = model.reservations.get(id);
    if (known === undefined ? isSpent : known.is !== "open") return;
    for (const [key, amount] of isSpent ? [] : (known?.counted ?? [])) {
      const counter = model.counters.get(key);
      if (counter !== undefined) counter.value -= amount;
    }
    model.reservations.set(id, { is: isSpent ? "spent" : "withdrawn", counted: [] });
  });

const spends: fc.Arbitrary<Step> = fc.constant(async (driver, model) => {
  const counters = ["x", "y"].flatMap((account) => ["1", "2"].map((counter) => ({ account, counter })));
  const expected = counters.map((it) => model.counters.get(`${it.account}.${it.counter}`)?.value ?? 0);
  expect(await driver.spending.spent("o", counters)).toEqual(expected);
  expect(await driver.spending.spent("another", counters)).toEqual([0, 0, 0, 0]);
});

const livingOf = (model: Model): readonly string[] =>
  [...model.requests].filter(([, { until }]) => until > model.now).map(([id]) => id);
const latestOf = (model: Model, call: string): string | undefined => {
  const [id = ""] = [...model.requests].findLast(([, request]) => request.call === call) ?? [];
  return livingOf(model).find((living) => living === id);
};
const keeps: fc.Arbitrary<Step> = fc
  .tuple(of("p", "q", "r", "s"), of("c", "d"), of("p", "q", ""), of("t", "u"), small(90))
  .map(([id, call, after, text, seconds]) => async (driver, model) => {
    if (model.requests.has(id) && !livingOf(model).includes(id)) return; // names are random: none comes again
    const until = model.now + 1 + seconds;
    const there = latestOf(model, call);
    const waits = there !== undefined && there !== after;
    const given = { id, call, ...(after !== "" && { after }), text, untilSeconds: until, nowSeconds: model.now };
    expect(await driver.approvals.keep(given)).toBe(waits ? there : id);
    if (!waits && !model.requests.has(id)) model.requests.set(id, { text, call, until, answers: new Map() });
  });
const answers: fc.Arbitrary<Step> = fc
  .tuple(of("p", "q", "r", "s"), of("k", "l", "m"), of("yes", "no"))
  .map(([id, key, text]) => async (driver, model) => {
    const answer = await driver.approvals.answer({ id, key, text, nowSeconds: model.now });
    const request = livingOf(model).includes(id) ? model.requests.get(id) : undefined;
    expect(answer).toBe(request === undefined ? "gone" : request.answers.has(key) ? "known" : "kept");
    if (answer === "kept") request?.answers.set(key, text);
  });
const lists: fc.Arbitrary<Step> = small(5).map((most) => async (driver, model) => {
  const expected = livingOf(model).map((id) => {
    const { text = "", answers: given } = model.requests.get(id) ?? {};
    return { id, text, answers: [...(given?.values() ?? [])] };
  });
  expect(await driver.approvals.list(most)).toEqual(expected.slice(0, most));
  for (const id of ["p", "q", "r", "s"]) {
    expect(await driver.approvals.find(id)).toEqual(expected.find((it) => it.id === id));
  }
  for (const call of ["c", "d"]) {
    const id = latestOf(model, call);
    expect(await driver.approvals.latest(call)).toEqual(expected.find((it) => it.id === id));
  }
});

const appends: fc.Arbitrary<Step> = fc
  .tuple(of("e", "f", "g", "h"), of("t", "u"))
  .map(([id, text]) => async (driver, model) => {
    await driver.revocations.append({ id, text });
    if (!model.log.some((entry) => entry.id === id)) model.log.push({ id, text });
  });
const reads: fc.Arbitrary<Step> = fc.constant(async (driver, model) => {
  const page = await driver.revocations.read(undefined);
  expect(page).toMatchObject({ entries: model.log, complete: true, head: await driver.revocations.head() });
});

const passes: fc.Arbitrary<Step> = small(40).map((seconds) => async (_, model) => {
  model.now += seconds;
});

const anyStep = fc.oneof(claims, reserves, reserves, settles, spends, keeps, answers, lists, appends, reads, passes);

it("two drivers on one file answer as one store, whatever steps come at which of them, in whatever order", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.boolean(), anyStep), { minLength: 10, maxLength: 60 }), async (steps) => {
      const folder = mkdtempSync(join(tmpdir(), "hopwise-sqlite-"));
      const model: Model = {
        now: 1_760_000_000,
        proofs: new Map(),
        counters: new Map(),
        reservations: new Map(),
        requests: new Map(),
        log: [],
      };
      const options = { file: join(folder, "state.db"), clock: () => model.now * 1000, synchronous: "normal" } as const;
      const drivers = [await openSqlite(options), await openSqlite(options)] as const;
      try {
        for (const [isFirst, step] of steps) await step(drivers[isFirst ? 0 : 1], model);
      } finally {
        for (const driver of drivers) await driver.close();
        rmSync(folder, { recursive: true });
      }
    }),
    { numRuns: 60 },
  );
});
