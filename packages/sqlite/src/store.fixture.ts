import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { thisMachine } from "./machine.ts";
import { type SqliteOptions, settingsOf } from "./options.ts";
import { openStore, type Store } from "./store.ts";

/** A path in a folder that lives as long as the test. */
export function newFile(within = tmpdir()): string {
  const folder = mkdtempSync(join(within, "hopwise-sqlite-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, "state.db");
}

/** A store without its sweep, whose clock stands where it is put, in seconds. */
export async function storeAt(options: Partial<SqliteOptions> = {}): Promise<Store & { readonly at: { now: number } }> {
  const at = { now: 1_760_000_000 };
  const { file = newFile(), ...others } = options;
  const settings = settingsOf("openSqlite", { file, clock: () => at.now * 1000, ...others }, file);
  const store = await openStore(await thisMachine("openSqlite"), settings);
  onTestFinished(() => store.close());
  return Object.defineProperty(store, "at", { value: at }) as Store & { readonly at: { now: number } };
}

/** How many rows each table has. */
export async function rowsOf(store: Store): Promise<{ readonly [table: string]: number }> {
  return store.read(({ sql }) => {
    const tables = ["proof", "share", "account", "counter", "reservation", "request", "answer", "entry"];
    return Object.fromEntries(
      tables.map((table) => [table, Number(sql(`SELECT count(*) AS rows FROM ${table}`).get()?.["rows"])]),
    );
  });
}
