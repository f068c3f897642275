import { chmodSync } from "node:fs";
import { expect, it } from "vitest";
import { connect } from "./connect.ts";
import { thisMachine } from "./machine.ts";
import { settingsOf } from "./options.ts";
import { newFile } from "./store.fixture.ts";

it("takes a file for its own where another process makes it after the first look", async () => {
  const machine = await thisMachine("openSqlite");
  const { sqlite } = machine;
  const file = newFile();
  const settings = settingsOf("openSqlite", { file }, file);
  const begun = new sqlite.DatabaseSync(file);
  begun.exec("PRAGMA journal_mode = WAL"); // as far as that process has come: the file is there, and nothing in it
  begun.close();
  chmodSync(file, 0o600);
  let isMade = false;
  class Interrupted extends sqlite.DatabaseSync {
    override exec(sql: string): void {
      if (!isMade) connect(machine, settings).close();
      isMade = true;
      super.exec(sql);
    }
  }
  const late = connect({ ...machine, sqlite: { ...sqlite, DatabaseSync: Interrupted } }, settings);
  expect(late.sql("SELECT count(*) AS rows FROM meta").get()).toEqual({ rows: 1 });
  late.close();
});
