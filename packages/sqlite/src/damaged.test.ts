import { closeSync, openSync, renameSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it, onTestFinished } from "vitest";
import { openSqlite } from "./open-sqlite.ts";
import { newFile } from "./store.fixture.ts";

const now = (): number => Date.now() / 1000;
const PAGE = 4096;
const BUDGET = { owner: "ann", counters: [{ account: "budget", counter: "paid" }] };

async function open(file: string) {
  const driver = await openSqlite({ file });
  onTestFinished(() => driver.close());
  return driver;
}
type Driver = Awaited<ReturnType<typeof open>>;

const pay = async (driver: Driver, id: string): Promise<unknown> => {
  const charge = { account: "budget", counter: "paid", amount: 10, most: 10, untilSeconds: now() + 600 };
  return driver.spending.reserve({ id, owner: BUDGET.owner, nowSeconds: now(), charges: [charge] });
};

/** A file with all of it in its pages, and which of them has a table. */
async function filledFile(): Promise<{ readonly file: string; pageOf(table: string): number }> {
  const file = newFile();
  const driver = await openSqlite({ file });
  await pay(driver, "all");
  await driver.revocations.append({ id: "e", text: "revoked" });
  await driver.close();
  const db = new DatabaseSync(file, { readOnly: true });
  const roots = db.prepare("SELECT name, rootpage FROM sqlite_schema").all();
  db.close();
  return { file, pageOf: (table) => Number(roots.find(({ name }) => name === table)?.["rootpage"]) };
}

/** Writes over a page from elsewhere, as a disk does. @param at where in the page */
function damage(file: string, page: number, bytes: Buffer, at = 0): void {
  const opened = openSync(file, "r+");
  writeSync(opened, bytes, 0, bytes.length, (page - 1) * PAGE + at);
  closeSync(opened);
}
/** A page of a table that says it has no row: as good as any other, to whoever reads this table alone. */
const NO_ROWS = Buffer.from([0, 0]);
const JUNK = Buffer.alloc(PAGE, 0xab);

describe("a file that is damaged", () => {
  it("in a way that reads as if nothing had been spent is refused at the start", async () => {
    const { file, pageOf } = await filledFile();
    damage(file, pageOf("account"), NO_ROWS, 3);
    await expect(openSqlite({ file })).rejects.toMatchObject({
      code: "config_invalid",
      message: expect.stringMatching(/is damaged; stop all that use it, delete it/),
    });
  });

  it("while it is open is closed for all once any step has seen it, until another one is in its place", async () => {
    const { file, pageOf } = await filledFile();
    const driver = await open(file);
    for (const table of ["entry", "proof"]) damage(file, pageOf(table), JUNK);
    damage(file, pageOf("account"), NO_ROWS, 3);
    const other = new DatabaseSync(file); // what another process wrote makes this one read the file anew
    other.exec("INSERT INTO probe (text) VALUES (x'00')");
    other.close();
    const words = /is damaged; stop all that use it, delete it/;
    const refused = { code: "state_unavailable", message: expect.stringMatching(words) };
    await expect(driver.revocations.read(undefined)).rejects.toMatchObject(refused);
    await expect(pay(driver, "again")).rejects.toMatchObject(refused);
    await expect(driver.spending.spent(BUDGET.owner, BUDGET.counters)).rejects.toMatchObject(refused);
    expect(await driver.health()).toEqual({ ok: false, problem: refused.message });

    const anew = newFile();
    await (await openSqlite({ file: anew })).close();
    renameSync(anew, file);
    await expect(pay(driver, "new")).rejects.toMatchObject({
      message: expect.stringContaining("was deleted or replaced"),
    });
    expect(await pay(driver, "new")).toEqual({ outcome: "reserved", spent: [10] });
  });

  it("and takes the place of one that is open keeps nobody out once a good one is in its place", async () => {
    const file = newFile();
    const driver = await open(file);
    for (const beside of ["", "-wal", "-shm"]) rmSync(file + beside, { force: true });
    writeFileSync(file, JUNK, { mode: 0o600 });
    for (const words of [/was deleted or replaced/, /is no database/, /is no database/]) {
      await expect(pay(driver, "r")).rejects.toMatchObject({ message: expect.stringMatching(words) });
    }
    rmSync(file);
    await (await openSqlite({ file })).close();
    expect(await pay(driver, "r")).toEqual({ outcome: "reserved", spent: [10] });
  });

  it("by somebody who took away its own row says so in each step, in its health and at the start, with what to do", async () => {
    const { file } = await filledFile();
    const driver = await open(file);
    const other = new DatabaseSync(file);
    other.exec("DELETE FROM meta");
    other.close();
    const message = expect.stringMatching(/lacks its own row; stop all that use it, delete it/);
    await expect(pay(driver, "r")).rejects.toMatchObject({ code: "state_unavailable", message });
    expect(await driver.health()).toEqual({ ok: false, problem: message });
    await expect(openSqlite({ file })).rejects.toMatchObject({ code: "config_invalid", message });
  });
});

it("a file whose tables a newer version changes while it is open is closed for all steps, and open once they are those of this one", async () => {
  const file = newFile();
  const driver = await open(file);
  const newer = new DatabaseSync(file);
  onTestFinished(() => newer.close());
  newer.exec("BEGIN; ALTER TABLE meta RENAME TO state; PRAGMA user_version = 3; COMMIT");
  const refused = expect.objectContaining({
    code: "state_unavailable",
    message: expect.stringMatching(/was made by a newer version of @hopwise\/sqlite .*start that version/),
  });
  await expect(pay(driver, "a")).rejects.toEqual(refused);
  await expect(driver.replay.claim("k", now() + 50)).rejects.toEqual(refused);
  await expect(driver.revocations.head()).rejects.toEqual(refused);
  expect(await driver.health()).toMatchObject({ ok: false, problem: expect.stringContaining("a newer version") });
  newer.exec("BEGIN; ALTER TABLE state RENAME TO meta; PRAGMA user_version = 2; COMMIT");
  expect(await pay(driver, "a")).toMatchObject({ outcome: "reserved" });
});
