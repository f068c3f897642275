import { rmSync } from "node:fs";
import { expect, it, onTestFinished } from "vitest";
import { readMeta } from "./connect.ts";
import { holdConnection } from "./held-connection.ts";
import { thisMachine } from "./machine.ts";
import { settingsOf } from "./options.ts";
import { newFile } from "./store.fixture.ts";

it.each([
  ["is another epoch, where what lay beside the file was taken away", true],
  ["is the same epoch, where all is there", false],
])("what is opened anew after an error of SQLite %s", async (_, isTaken) => {
  const file = newFile();
  const held = holdConnection(await thisMachine("openSqlite"), settingsOf("openSqlite", { file }, file));
  onTestFinished(() => held.close());
  const { epoch } = readMeta(held.get(undefined));
  if (isTaken) rmSync(`${file}-wal`);
  held.drop(epoch);
  expect(readMeta(held.get(undefined)).epoch === epoch).toBe(!isTaken);
});
