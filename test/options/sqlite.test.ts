import { join } from "node:path";
import * as sqlite from "@hopwise/sqlite";
import { afterAll, describe } from "vitest";
import { temporaryFolder } from "../support/temporary-folder.ts";
import {
  type DoorRows,
  NO_COUNT,
  NO_FLAG,
  NO_NUMBER,
  NO_TEXT,
  NOT_AT_ONCE,
  optionsRow,
  type Row,
  walk,
} from "./row.ts";

const folder = temporaryFolder(afterAll);
const file = join(folder, "state.db");

const WRONG: { readonly [Name in keyof Required<sqlite.SqliteOptions>]: readonly unknown[] } = {
  file: [...NO_TEXT, ":memory:", "file:state.db", "a\0b", join(folder, "gone", "state.db"), folder],
  synchronous: ["FULL", "off", "", null, 2, true],
  deadlineMs: [...NO_COUNT, 0, 60_001],
  longestWindowSeconds: [...NO_COUNT, 0, 7201],
  mustExist: NO_FLAG,
  maxProofs: [...NO_COUNT, 0],
  maxProofsOfRoot: [...NO_COUNT, 0],
  maxProofsOfUser: [...NO_COUNT, 0],
  clock: NOT_AT_ONCE,
};

const doors: DoorRows<typeof sqlite> = {
  openSqlite: optionsRow<sqlite.SqliteOptions>({ file }, WRONG, async (options) =>
    (await sqlite.openSqlite(options)).close(),
  ),
  sqliteState: optionsRow<sqlite.SqliteStateOptions>(
    { file },
    { ...WRONG, maxStalenessSeconds: [...NO_NUMBER, 0, 4000], repairSeconds: [...NO_NUMBER, 4000] },
    async (options) => (await sqlite.sqliteState(options)).close(),
  ),
};

describe.each(Object.entries<Row | string>(doors).filter(([, row]) => typeof row !== "string"))("%s", (name, row) => {
  walk(name, row as Row);
});
