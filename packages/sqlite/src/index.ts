/**
 * What must be remembered between calls, in a SQLite file: for several processes of one machine, over restarts.
 *
 * @module
 */
export { openSqlite } from "./open-sqlite.ts";
export type { SqliteOptions } from "./options.ts";
export { type SqliteStateOptions, sqliteState } from "./sqlite-state.ts";
