import type { Health, StateDriver } from "../state/index.ts";
import { caseOf, type Scene, type StateCase } from "./case.ts";
import { answeredBy, same, sure, thrownBy, unavailable } from "./expect.ts";
import { OWNER, PAID } from "./spending-steps.ts";
import { HALF_TEXTS, newName } from "./texts.ts";

/** Every step that a driver has. A new one without its row does not compile. */
function stepsOf(driver: StateDriver, nowSeconds: number): { readonly [Step in Steps]: () => unknown } {
  const { replay, spending, approvals, revocations } = driver;
  const untilSeconds = nowSeconds + 30;
  const about = { id: newName(), owner: OWNER, nowSeconds };
  return {
    "replay.claim": () => replay.claim(newName(), untilSeconds, { nowSeconds }),
    "spending.reserve": () =>
      spending.reserve({ ...about, charges: [{ ...PAID, amount: 1, most: Number.MAX_SAFE_INTEGER, untilSeconds }] }),
    "spending.settle": () => spending.settle(about, "nothing_happened"),
    "spending.spent": () => spending.spent(OWNER, [PAID]),
    "approvals.keep": () => approvals.keep({ id: newName(), call: newName(), text: "t", untilSeconds, nowSeconds }),
    "approvals.find": () => approvals.find(newName()),
    "approvals.latest": () => approvals.latest(newName()),
    "approvals.answer": () => approvals.answer({ id: newName(), key: "k", text: "t", nowSeconds }),
    "approvals.list": () => approvals.list(10),
    "revocations.head": () => revocations.head(),
    "revocations.read": () => revocations.read(undefined),
    "revocations.append": () => revocations.append({ id: newName(), text: "t", untilSeconds }),
  };
}

type Store = "replay" | "spending" | "approvals" | "revocations";
type Steps = {
  [Of in Store]: `${Of}.${Exclude<keyof StateDriver[Of] & string, "notBefore" | "longestWindowSeconds">}`;
}[Store];

/** What holds for a driver as a whole. */
export const DRIVER: readonly StateCase[] = [
  caseOf("has a name, is well, and says of no time to come that it remembers since then", async ({ one, two, now }) => {
    for (const driver of [one, two]) {
      sure(driver.name.length > 0, "it has no name");
      same(await driver.health(), { ok: true }, "its health");
      for (const [step, run] of Object.entries(stepsOf(driver, now()))) {
        const error = await thrownBy(run);
        sure(error === undefined, `${step}: it threw ${error}`);
      }
      for (const { notBefore = 0 } of [driver.replay, driver.spending, driver.approvals]) {
        sure(Number.isFinite(notBefore) && notBefore <= now(), `it remembers since ${notBefore}, and now is ${now()}`);
      }
    }
  }),
  caseOf("is not well for a caller whose clock is another: it refuses all that this one asks", async (scene) => {
    const { one, now } = scene;
    for (const apart of [-3600, -7, 7, 3600, Number.NaN]) {
      notWell(await one.health(now() + apart), `its health for a clock that is ${apart} seconds from the store's`);
    }
    for (const apart of [-4, 0, 4]) same(await one.health(now() + apart), { ok: true }, `the same, ${apart} seconds`);
  }),
  caseOf("keeps half a character as it is, or refuses it", keepsHalf),
  caseOf("refuses every step once it is closed, twice is as good as once, and leaves other processes alone", closes),
  caseOf("knows at a later opening what was kept before, or says since when it knows", reopens),
  caseOf("says for a proof, a budget and an approval that it lost them, by the time at which it answers", loses),
  caseOf("has another log after a loss, and says so to whoever knew the last one", losesTheLog),
  caseOf(
    "says that it is unavailable, with a reason, at every step while it cannot work, and comes back by itself",
    breaks,
  ),
];

async function keepsHalf({ one, two, now }: Scene): Promise<void> {
  const [untilSeconds, nowSeconds] = [now() + 50, now()];
  for (const half of HALF_TEXTS) {
    const name = JSON.stringify(half);
    const first = await answeredBy(() => one.replay.claim(half, untilSeconds));
    sure(first !== false, `the first claim of ${name} is taken for that of another`);
    const [request, entry] = [newName(), newName()];
    const keep = () => one.approvals.keep({ id: request, call: half, text: half, untilSeconds, nowSeconds });
    if ((await thrownBy(keep)) === undefined) {
      same((await two.approvals.find(request))?.text, half, `the text of a request, ${name}`);
    }
    if ((await thrownBy(() => one.revocations.append({ id: entry, text: half }))) === undefined) {
      const { entries } = await two.revocations.read(undefined);
      same(entries.find(({ id }) => id === entry)?.text, half, `the text of an entry, ${name}`);
    }
  }
}

async function closes({ one, two, now }: Scene): Promise<void> {
  const key = newName();
  same(await one.replay.claim(key, now() + 50), true, "the first claim");
  await Promise.all([one.close(), one.close()]);
  await one.close();
  for (const [step, run] of Object.entries(stepsOf(one, now()))) await unavailable(run, `${step}, once it is closed`);
  notWell(await one.health(), "its health, once it is closed");
  if (one === two) return;
  same(await two.replay.claim(key, now() + 50), false, "the claim at the other process");
  same(await two.health(), { ok: true }, "the health of the other process");
}

async function reopens({ store, one, two, now }: Scene): Promise<void> {
  if (one === two) return;
  const kept = await keepSome(one, one, now);
  await one.revocations.append({ id: newName(), text: "t" });
  const { head, epoch } = await one.revocations.read(undefined);
  await one.close();
  await two.close();
  const later = await store.open();
  try {
    await knowsOrTells(later, kept, "the driver that was opened later");
    const page = await later.revocations.read(head);
    sure(page.continues ? page.head === head : page.epoch !== epoch, "the log lost an entry, and has its old epoch");
  } finally {
    await later.close();
  }
}

async function loses({ store, one, two, now }: Scene): Promise<void> {
  if (store.loseEverything === undefined) return;
  const kept = await keepSome(one, two, now);
  await store.loseEverything();
  for (const driver of [one, two]) await knowsOrTells(driver, kept, "a driver, after the loss");
}

interface Kept {
  readonly key: string;
  readonly id: string;
  readonly before: number;
  now(): number;
}

/** A proof, a reservation and a request. */
async function keepSome(one: StateDriver, two: StateDriver, now: () => number): Promise<Kept> {
  const [key, id, before] = [newName(), newName(), now()];
  await one.replay.claim(key, now() + 50, { madeAtSeconds: now() });
  await two.spending.reserve(reservationOf(now()));
  await one.approvals.keep({ id, call: id, text: "t", untilSeconds: now() + 50, nowSeconds: now() });
  return { key, id, before, now };
}

/** Each answer is that of a store that knows, or `notBefore` says that it may not. */
async function knowsOrTells(driver: StateDriver, { key, id, before, now }: Kept, who: string): Promise<void> {
  const told = (since: number | undefined, what: string): void =>
    sure(since !== undefined && since >= before, `${who} lost ${what}, and remembers since ${since} as it says`);
  const claim = (): unknown => driver.replay.claim(key, now() + 50, { madeAtSeconds: before });
  if ((await answerOf(claim)) !== false) told(driver.replay.notBefore, "a proof");
  const [spent] = (await answerOf(() => driver.spending.spent(OWNER, [PAID]))) as readonly number[];
  if (spent !== 9) told(driver.spending.notBefore, "what is spent");
  const reserved = await answerOf(() => driver.spending.reserve(reservationOf(now())));
  if ((reserved as { outcome: string }).outcome === "reserved") told(driver.spending.notBefore, "what is spent");
  if ((await answerOf(() => driver.approvals.find(id))) === undefined) told(driver.approvals.notBefore, "a request");
}

function reservationOf(nowSeconds: number) {
  const charges = [{ ...PAID, amount: 9, most: 10, untilSeconds: nowSeconds + 600 }];
  return { id: newName(), owner: OWNER, charges, nowSeconds };
}

async function losesTheLog({ store, one, two, now }: Scene): Promise<void> {
  if (store.loseEverything === undefined) return;
  for (const text of ["a", "b"]) await one.revocations.append({ id: newName(), text, untilSeconds: now() + 600 });
  const old = await two.revocations.read(undefined);
  const before = now();
  await store.loseEverything();
  for (const { revocations } of [two, one]) {
    sure((await answerOf(() => revocations.head())) !== old.head, "its head is that of the log which is lost");
    const page = (await answerOf(() => revocations.read(old.head))) as typeof old;
    // As long as it is young, everybody waits for what others give back.
    sure(page.ageSeconds <= now() - before + 1, `it was made anew a moment ago, and is ${page.ageSeconds} seconds old`);
    sure(page.epoch !== old.epoch, "its epoch is that of the log which is lost");
    same(page.continues, false, "whether it goes on where the lost log stood");
  }
  const [entry] = old.entries;
  if (entry === undefined) return sure(false, "the log was empty before");
  await one.revocations.append(entry); // as every process that still has a copy does
  await two.revocations.append(entry);
  same((await two.revocations.read(undefined)).entries.length, 1, "how many entries the new log has");
}

async function breaks({ store, one, two, now }: Scene): Promise<void> {
  if (store.break === undefined) return;
  const key = newName();
  same(await one.replay.claim(key, now() + 50), true, "the claim before");
  await store.break();
  for (const driver of [one, two]) {
    for (const [step, run] of Object.entries(stepsOf(driver, now())))
      await unavailable(run, `${step}, while it cannot work`);
    notWell(await driver.health(), "its health, while it cannot work");
  }
  if (store.mend === undefined) return;
  await store.mend();
  for (const driver of [one, two]) {
    for (const run of Object.values(stepsOf(driver, now()))) await answerOf(run);
    same(await driver.health(), { ok: true }, "its health, once it can work again");
  }
}

function notWell({ ok, problem }: Health, what: string): void {
  sure(!ok && typeof problem === "string" && problem.length > 3, `${what}: it says ${JSON.stringify({ ok, problem })}`);
}

const PATIENCE_MS = 15_000;

/** What a step answers in the end: after a loss, a driver may refuse for a while. */
async function answerOf(step: () => unknown): Promise<unknown> {
  const until = performance.now() + PATIENCE_MS;
  for (;;) {
    let answer: unknown;
    const error = await thrownBy(async () => {
      answer = await step();
    });
    if (error === undefined) return answer;
    if (performance.now() > until) throw error;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
