import { optionsOf } from "@hopwise/core/options";
import { openedState, type SharedState, STATE_ROWS, type StateOptions } from "@hopwise/core/state";
import { thisMachine } from "./machine.ts";
import { openOn } from "./open-sqlite.ts";
import { SQLITE_ROWS, type SqliteOptions } from "./options.ts";

/** Options of {@link sqliteState}; `file` is required. */
export interface SqliteStateOptions extends SqliteOptions, StateOptions {}

const readOptions = optionsOf<SqliteStateOptions>("sqliteState", { ...SQLITE_ROWS, ...STATE_ROWS });

/**
 * State in a SQLite file, for several processes of one machine. It outlives them: give it to `createAuthorizer`, and close it
 * when the process ends.
 *
 * @throws {HopwiseError} as `openSqlite` does
 *
 * @example
 * ```ts
 * const state = await sqliteState({ file: "./state.db" });
 * const authorizer = createAuthorizer({ ...options, state });
 * ```
 */
export async function sqliteState(given: SqliteStateOptions): Promise<SharedState> {
  const { maxStalenessSeconds, repairSeconds, ...options } = readOptions(given);
  const driver = await openOn(await thisMachine("sqliteState"), "sqliteState", options);
  return openedState(driver, {
    ...(maxStalenessSeconds !== undefined && { maxStalenessSeconds }),
    ...(repairSeconds !== undefined && { repairSeconds }),
    ...(options.clock !== undefined && { clock: options.clock }),
  });
}
