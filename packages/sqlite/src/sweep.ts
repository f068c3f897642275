import { createForgetting } from "@hopwise/core/state";
import type { Moment, Store } from "./store.ts";

/** Most rows of a kind that are deleted in one step: others wait for it. */
const MOST = 200;
const EVERY_MS = 1000;
/** The pause where more is left than one step deletes. */
const MORE_MS = 25;
/** An entry of the log is forgotten so long after its end: a clock that jumped ahead and back must not have cost it. */
const DAY_SECONDS = 86_400;

/** Deletes what has ended, a little at a time. @returns a function that ends it */
export function startSweep(store: Store): () => void {
  const forgetting = createForgetting();
  let timer: NodeJS.Timeout;
  let ended = false;
  const plan = (ms: number): void => {
    timer = setTimeout(() => void sweep(), ms + Math.random() * ms);
    timer.unref();
  };
  const sweep = async (): Promise<void> => {
    const isMore = await sweepOnce(store, forgetting).catch(() => false); // whoever asks for something is told what is wrong
    if (!ended) plan(isMore ? MORE_MS : EVERY_MS);
  };
  plan(EVERY_MS);
  return () => {
    ended = true;
    clearTimeout(timer);
  };
}

/**
 * A moment in which what ended is deleted. What was spent or revoked is there again after a jump of the clock; of proofs, the
 * latest that was forgotten is known, and a request is made anew.
 */
interface SweepMoment extends Moment {
  /** By which time spending and revocations may be forgotten. */
  readonly believed: number;
}

/**
 * @param forgetting gives that time, for what the store's clock shows
 * @returns whether there is more to do
 */
export async function sweepOnce(store: Store, forgetting: (nowSeconds: number) => number): Promise<boolean> {
  const momentOf = (at: Moment): SweepMoment => ({ ...at, believed: forgetting(at.now) });
  let most = 0;
  if (await store.read((at) => isAnyDue(momentOf(at)))) {
    store.writeIfFree((at) => {
      const moment = momentOf(at);
      most = Math.max(...SWEEPS.map((of) => of(moment)));
    });
  }
  return most >= MOST;
}

/** A look, which needs no lock. */
function isAnyDue({ sql, now, meta, believed }: SweepMoment): boolean {
  const due = sql(
    `SELECT EXISTS (SELECT 1 FROM proof WHERE ends <= ?1) OR EXISTS (SELECT 1 FROM reservation WHERE ends <= ?1)
       OR EXISTS (SELECT 1 FROM request WHERE ends <= ?1) OR EXISTS (SELECT 1 FROM account WHERE ends <= ?2)
       OR EXISTS (SELECT 1 FROM entry WHERE ends <= ?2 - ?3 AND n < ?4) AS due`,
  ).get(now, believed, DAY_SECONDS, meta.n);
  return due?.["due"] === 1;
}

const SWEEPS: readonly ((at: SweepMoment) => number)[] = [
  sweepProofs,
  sweepReservations,
  sweepAccounts,
  sweepRequests,
  sweepEntries,
];

/** @returns how many were deleted */
export function sweepProofs(at: Moment): number {
  return deleteEnded(at, "proof", "key", at.now);
}

function sweepReservations(at: Moment): number {
  return deleteEnded(at, "reservation", "key", at.now);
}

/** Deletes the rows of a table that ended first. @returns how many */
function deleteEnded({ sql }: Moment, table: string, key: string, until: number): number {
  const ended = `SELECT ${key} FROM ${table} WHERE ends <= ? ORDER BY ends LIMIT ?`;
  return Number(sql(`DELETE FROM ${table} WHERE ${key} IN (${ended})`).run(until, MOST).changes);
}

/** Counters first: an account may have any number of them. */
function sweepAccounts(at: SweepMoment): number {
  const { changes } = at
    .sql(
      "DELETE FROM counter WHERE id IN (SELECT counter.id FROM account JOIN counter ON counter.account = account.id WHERE ends <= ? LIMIT ?)",
    )
    .run(at.believed, MOST);
  return Number(changes) === MOST ? MOST : deleteEnded(at, "account", "id", at.believed);
}

function sweepRequests({ sql, now }: Moment): number {
  const ended = sql("SELECT n FROM request WHERE ends <= ? ORDER BY ends LIMIT ?").all(now, 10);
  for (const { n = null } of ended) {
    sql("DELETE FROM answer WHERE request = ?").run(n);
    sql("DELETE FROM request WHERE n = ?").run(n);
  }
  return ended.length === 10 ? MOST : 0;
}

/** The newest stays: the next page begins where it stands. */
function sweepEntries({ sql, believed, meta }: SweepMoment): number {
  return Number(
    sql("DELETE FROM entry WHERE n IN (SELECT n FROM entry WHERE ends <= ? AND n < ? ORDER BY ends LIMIT ?)").run(
      believed - DAY_SECONDS,
      meta.n,
      MOST,
    ).changes,
  );
}
