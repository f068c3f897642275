import { resolve } from "node:path";
import { HopwiseError } from "@hopwise/core";
import { optionsOf } from "@hopwise/core/options";
import { checkClocks, type Health, type StateDriver } from "@hopwise/core/state";
import { sqliteApprovals } from "./approvals.ts";
import { whatIsLacking } from "./connect.ts";
import { checkLength, unavailable, unusable } from "./faults.ts";
import { type Machine, thisMachine } from "./machine.ts";
import { SQLITE_ROWS, type SqliteOptions, settingsOf } from "./options.ts";
import { checkTaking, sqliteReplay } from "./replay.ts";
import { sqliteLog } from "./revocation-log.ts";
import { sqliteSpending } from "./spending.ts";
import { openStore, type Store } from "./store.ts";
import { startSweep } from "./sweep.ts";

const readOptions = optionsOf<SqliteOptions>("openSqlite", SQLITE_ROWS);

/**
 * Opens a driver of state on a SQLite file, which is made where it is missing. `sqliteState` gives the state whole, for
 * `createAuthorizer`.
 *
 * @throws {HopwiseError} `config_invalid` for options that cannot be right, a file or folder that cannot be used, and a Node.js
 *   without SQLite; `state_unavailable` where the file is locked, or the disk is full
 */
export async function openSqlite(options: SqliteOptions): Promise<StateDriver> {
  const given = readOptions(options);
  return openOn(await thisMachine("openSqlite"), "openSqlite", given);
}

/** @internal For tests, which start the machine again. */
export async function openOn(machine: Machine, called: string, options: SqliteOptions): Promise<StateDriver> {
  const file = absolute(called, options.file);
  checkLength(called, file);
  const store = await openStore(machine, settingsOf(called, options, file));
  const endSweep = startSweep(store);
  return {
    name: `SQLite in ${file}`,
    replay: sqliteReplay(store),
    spending: sqliteSpending(store),
    approvals: sqliteApprovals(store),
    revocations: sqliteLog(store),
    health: async (nowSeconds) => healthOf(store, nowSeconds),
    close: () => {
      endSweep();
      store.close();
    },
  };
}

/** Stays the same when the process changes its working directory; which may be gone. */
function absolute(called: string, file: string): string {
  try {
    return resolve(file);
  } catch (cause) {
    throw unusable(called, file, "cannot be found: the process' own working directory is not there any more", cause);
  }
}

/**
 * Reading goes on where nothing can be written any more: so it writes what needs room, and asks whether a proof would be taken, as
 * each call does; and it looks for all tables, of which a call may need only some.
 */
async function healthOf(store: Store, nowSeconds: number | undefined): Promise<Health> {
  try {
    await store.write((at) => {
      const { sql, now } = at;
      checkClocks(now, nowSeconds);
      const lacking = whatIsLacking(sql);
      if (lacking !== undefined) throw unavailable(`the state in ${store.settings.file} ${lacking}`);
      sql("INSERT INTO probe (text) VALUES (zeroblob(20000))").run();
      sql("DELETE FROM probe").run();
      checkTaking(at, store);
    });
    return { ok: true };
  } catch (error) {
    return { ok: false, problem: error instanceof HopwiseError ? error.message : "it failed" };
  }
}
