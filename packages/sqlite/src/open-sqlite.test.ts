import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import * as sqlite from "node:sqlite";
import type { StateDriver } from "@hopwise/core/state";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { Machine } from "./machine.ts";
import { openOn, openSqlite } from "./open-sqlite.ts";
import type { SqliteOptions } from "./options.ts";
import { TABLES } from "./schema.ts";
import { newFile } from "./store.fixture.ts";

/** On a machine that can be started again. */
async function open(
  options: SqliteOptions,
  boot = "1",
  { told = [], mounts = "" }: { readonly told?: sqlite.DatabaseSync[]; readonly mounts?: string } = {},
) {
  class Told extends sqlite.DatabaseSync {
    constructor(...args: ConstructorParameters<typeof sqlite.DatabaseSync>) {
      super(...args);
      told.push(this);
    }
  }
  const machine: Machine = {
    sqlite: { ...sqlite, DatabaseSync: Told },
    boot: boot === "unknown" ? undefined : boot,
    mounts: () => mounts,
  };
  const driver = await openOn(machine, "openSqlite", { deadlineMs: 100, ...options });
  onTestFinished(() => driver.close());
  return driver;
}

/** By another program, which is gone then: a connection that is left to be collected would write once more. */
function written(file: string, text: string): void {
  const database = new sqlite.DatabaseSync(file);
  database.exec(text);
  database.close();
}

const now = (): number => Date.now() / 1000;
const claim = async (driver: StateDriver, key: string): Promise<boolean> =>
  driver.replay.claim(key, now() + 50, { madeAtSeconds: now(), nowSeconds: now() });
/** The clock of `since` has milliseconds. */
const later = async (): Promise<number> => {
  await new Promise((resolve) => setTimeout(resolve, 5));
  return now();
};

describe("the file", () => {
  it("is its owner's alone, with the files beside it, whatever the umask lets through", async () => {
    const umask = process.umask(0);
    onTestFinished(() => void process.umask(umask));
    const file = newFile();
    await open({ file });
    for (const name of ["", "-wal", "-shm"]) expect(statSync(file + name).mode & 0o777).toBe(0o600);
  });

  it.each<[string, (file: string) => void, RegExp]>([
    [
      "whose folder is not there",
      (file) => rmSync(join(file, ".."), { recursive: true }),
      /the folder .* is not there; make it first/,
    ],
    [
      "that others may read",
      (file) => writeFileSync(file, "", { mode: 0o640 }),
      /may be read or written by others.*chmod 600$/,
    ],
    [
      "that Kubernetes gave to the group of its pod",
      (file) => {
        writeFileSync(file, "");
        chmodSync(file, 0o660);
      },
      /chmod 600; fsGroup of Kubernetes does this .* unless its fsGroupChangePolicy is OnRootMismatch$/,
    ],
    [
      "that others may read, and that is another program's text",
      (file) => writeFileSync(file, "127.0.0.1 localhost", { mode: 0o644 }),
      /is no database(?!.*chmod)/,
    ],
    ["that is a folder", (file) => mkdirSync(file), /is no file/],
    ["that is a link to nothing", (file) => symlinkSync(`${file}.gone`, file), /is a link that leads nowhere/],
    [
      "in the place of whose folder a file is",
      (file) => {
        rmSync(join(file, ".."), { recursive: true });
        writeFileSync(join(file, ".."), "");
      },
      /the folder .* is not there/,
    ],
    ["that is a text", (file) => writeFileSync(file, "text ".repeat(1000), { mode: 0o600 }), /is no database/],
    [
      "of another program",
      (file) => {
        written(file, "CREATE TABLE notes (text TEXT)");
        chmodSync(file, 0o600);
      },
      /is a database of something else/,
    ],
    [
      "of a later version",
      async (file) => {
        await (await openSqlite({ file })).close();
        written(file, "PRAGMA user_version = 3");
      },
      /was made by a newer version of @hopwise\/sqlite \(its tables are number 3, and here they are number 2\)/,
    ],
    [
      "of a version before the first",
      async (file) => {
        await (await openSqlite({ file })).close();
        written(file, "PRAGMA user_version = 0");
      },
      /was made by an older version of @hopwise\/sqlite \(its tables are number 0/,
    ],
    [
      "of another program that has no tables yet",
      (file) => {
        written(file, "PRAGMA user_version = 2");
        chmodSync(file, 0o600);
      },
      /is a database of something else/,
    ],
    [
      "that was made with another window",
      async (file) => {
        await (await openSqlite({ file, longestWindowSeconds: 90 })).close();
      },
      /was made with longestWindowSeconds: 90/,
    ],
  ])("%s is refused at the start, and nothing is changed", async (_, make, message) => {
    const file = newFile();
    await make(file);
    const bytes = () => statSync(file, { throwIfNoEntry: false })?.isFile() && readFileSync(file, "latin1");
    const before = bytes();
    await expect(openSqlite({ file })).rejects.toMatchObject({
      code: "config_invalid",
      message: expect.stringMatching(message),
    });
    await expect(openSqlite({ file })).rejects.toMatchObject({ message: expect.stringMatching(/^openSqlite: /) });
    expect(bytes()).toBe(before);
  });

  it.each<[string, (file: string) => void, RegExp]>([
    ["is not there", () => {}, /\/state\.db is not there: no process keeps a state in it/],
    ["has no folder", (file) => rmSync(join(file, ".."), { recursive: true }), /is not there/],
    ["is a link to nothing", (file) => symlinkSync(`${file}.gone`, file), /is not there/],
    [
      "is empty",
      (file) => {
        writeFileSync(file, "", { mode: 0o600 });
        utimesSync(file, 1, 1);
      },
      /holds no state/,
    ],
    [
      "is a database of something else",
      (file) => {
        written(file, "CREATE TABLE t (x); PRAGMA user_version = 1");
        chmodSync(file, 0o600);
      },
      /is a database of something else/,
    ],
  ])("that must exist, and %s, is refused, and nothing is made", async (_, make, message) => {
    const file = newFile();
    const folder = join(file, "..");
    make(file);
    const before = existsSync(folder) ? readdirSync(folder) : [];
    const refused = { code: "config_invalid", message: expect.stringMatching(message) };
    await expect(openSqlite({ file, mustExist: true })).rejects.toMatchObject(refused);
    expect(existsSync(folder) ? readdirSync(folder) : []).toEqual(before);
  });

  it("that must exist is opened with the window that it was made with, and no longer one is believed", async () => {
    const file = newFile();
    await open({ file, longestWindowSeconds: 120 });
    const driver = await open({ file, mustExist: true });
    const about = { madeAtSeconds: now(), nowSeconds: now() };
    expect(await driver.replay.claim("a", now() + 115, about)).toBe(true);
    await expect(async () => driver.replay.claim("b", now() + 125, about)).rejects.toMatchObject({
      code: "state_unavailable",
      message: expect.stringMatching(/longer than longestWindowSeconds: 120/),
    });
    await expect(openSqlite({ file, mustExist: true, longestWindowSeconds: 60 })).rejects.toMatchObject({
      message: expect.stringMatching(/was made with longestWindowSeconds: 120/),
    });
  });

  it("that must exist is not made again where it was taken away", async () => {
    const file = newFile();
    await (await openSqlite({ file })).close();
    const driver = await open({ file, mustExist: true });
    rmSync(file);
    for (let i = 0; i < 2; i++) await expect(claim(driver, "a")).rejects.toMatchObject({ code: "state_unavailable" });
    expect(existsSync(file)).toBe(false);
  });

  it.each([":memory:", "file:state.db", "File:/tmp/state.db?mode=memory", "a\0b", ""])(
    "is no %j, which SQLite would take for something else",
    async (file) => {
      await expect(openSqlite({ file })).rejects.toMatchObject({ code: "config_invalid", pointer: "/file" });
    },
  );

  it.each([
    ["a name", (file: string) => join(file, "..", "x".repeat(300))],
    ["a path", (file: string) => join(file, "..", ...Array.from({ length: 5 }, () => "x".repeat(100)), "state.db")],
  ])("is refused with %s that is too long, and nothing is made", async (_, pathOf) => {
    const file = pathOf(newFile());
    if (file.length > 500) mkdirSync(join(file, ".."), { recursive: true });
    await expect(openSqlite({ file })).rejects.toMatchObject({
      code: "config_invalid",
      message: expect.stringMatching(/a name or a path that is too long: a path may have 504 bytes$/),
    });
    expect(existsSync(file)).toBe(false);
  });

  it.skipIf(process.getuid?.() !== 0)(
    "in a folder to which its owner may not write is refused with that word",
    async () => {
      const file = newFile("/tmp"); // others may go into it, and not into each place that TMPDIR names
      await (await openSqlite({ file })).close();
      chownSync(file, 65_534, 65_534);
      chmodSync(join(file, ".."), 0o755);
      const opening = (): Promise<string> =>
        openSqlite({ file }).then(
          (driver) => `${driver.close()}`,
          ({ code, message }) => `${code} ${message}`,
        );
      process.seteuid?.(65_534);
      const answer = await opening().finally(() => process.seteuid?.(0));
      expect(answer).toMatch(
        /^config_invalid .* is in a folder to which this process may not write: SQLite makes two files/,
      );
    },
  );

  it("is waited for at the start while others write, for longer than a step waits", async () => {
    const file = newFile();
    await (await openSqlite({ file })).close();
    const other = new sqlite.DatabaseSync(file);
    other.exec("BEGIN IMMEDIATE");
    const opening = open({ file, deadlineMs: 10 });
    await new Promise((resolve) => setTimeout(resolve, 300));
    other.exec("COMMIT");
    other.close();
    expect(await claim(await opening, "a")).toBe(true);
  });

  it("is waited for while another process may be making it, for longer than a step waits", async () => {
    const file = newFile();
    writeFileSync(file, "", { mode: 0o600 });
    const driver = await open({ file, deadlineMs: 10 }); // there is no maker, as it seems after a while
    expect(await claim(driver, "a")).toBe(true);
  });

  it("is not waited for where it is empty and, by a clock that was set back, of a time to come", async () => {
    const file = newFile();
    writeFileSync(file, "", { mode: 0o600 });
    utimesSync(file, now() + 3600, now() + 3600);
    const driver = await open({ file });
    expect(await claim(driver, "a")).toBe(true);
  });

  it("is refused where it has another name, under which others would see nothing of what is kept", async () => {
    const file = newFile();
    const first = await open({ file });
    await claim(first, "a");
    linkSync(file, `${file}.other`);
    for (const path of [file, `${file}.other`]) {
      await expect(openSqlite({ file: path })).rejects.toMatchObject({
        code: "config_invalid",
        message: expect.stringMatching(/has 2 names \(hard links\)/),
      });
    }
    expect(await claim(first, "a")).toBe(false); // who has it open goes on
    rmSync(`${file}.other`);
    expect(await claim(await open({ file }), "a")).toBe(false);
  });

  it.each(["nfs", "nfs4", "cifs", "smb3", "ceph", "fuse.sshfs", "fuse.s3fs"])(
    "is refused on a file system that machines share, also behind a link, and nothing is made there: %s",
    async (type) => {
      const file = newFile();
      const link = join(file, "..", "link");
      symlinkSync(join(file, ".."), link);
      const mounts = `1 1 8:1 / / rw - ext4 /dev/sda1 rw\n2 1 0:40 / ${join(file, "..")} rw - ${type} nas:/ rw\n`;
      for (const path of [file, join(link, "state.db")]) {
        await expect(open({ file: path }, "1", { mounts })).rejects.toMatchObject({
          code: "config_invalid",
          message: expect.stringContaining(`is on a network file system (${type}), where other machines see neither`),
        });
      }
      expect(existsSync(file)).toBe(false);
    },
  );

  it("may be on a file system that a program of this machine serves", async () => {
    const file = newFile();
    await open({ file }, "1", { mounts: `1 1 0:40 / ${join(file, "..")} rw - fuse.fuse-overlayfs x rw\n` });
  });

  it("may be a link to a file elsewhere, which is not taken for another one", async () => {
    const file = newFile();
    const link = newFile();
    await (await openSqlite({ file })).close();
    symlinkSync(file, link);
    const [one, other] = [await open({ file }), await open({ file: link })];
    expect([await claim(one, "a"), await claim(other, "a")]).toEqual([true, false]);
  });

  it("stays the same when the process changes its working directory", async () => {
    const file = newFile();
    const before = process.cwd();
    onTestFinished(() => process.chdir(before));
    process.chdir(join(file, ".."));
    const driver = await open({ file: "state.db" });
    process.chdir(before);
    expect(driver.name).toBe(`SQLite in ${file}`);
    expect(await claim(driver, "a")).toBe(true);
  });
});

describe("what was lost", () => {
  it("is nothing by a start of the process, nor of the machine, where each step waits for the disk", async () => {
    const file = newFile();
    const first = await open({ file });
    await claim(first, "a");
    await first.close();
    const second = await open({ file }, "2");
    expect([await claim(second, "a"), second.replay.notBefore]).toEqual([false, first.replay.notBefore]);
  });

  it.each([
    ["by the same one", "normal", "1", false],
    ["by one that waits", "full", "1", false],
    ["by the same one, after the machine was started", "normal", "2", true],
    ["by one that waits, after the machine was started", "full", "2", true],
    ["by the same one, on a machine that does not tell", "normal", "unknown", true],
  ] as const)(
    "may be the last steps of a process that did not wait; the file opened %s",
    async (_, synchronous, boot, lost) => {
      const file = newFile();
      const first = await open({ file, synchronous: "normal" });
      await claim(first, "a");
      await first.revocations.append({ id: "r", text: "t" });
      const [head, since] = [await first.revocations.head(), first.replay.notBefore];
      await first.close();
      const restarted = await later();
      const second = await open({ file, synchronous }, boot);
      const third = await open({ file, synchronous }, boot);
      for (const { notBefore } of [second.replay, second.spending, second.approvals]) {
        if (lost) expect(notBefore).toBeGreaterThanOrEqual(restarted);
        else expect(notBefore).toBe(since);
      }
      if (boot !== "unknown") expect(third.replay.notBefore).toBe(second.replay.notBefore);
      expect(await second.revocations.head()).toBe(head); // it waited for the disk
    },
  );

  it.each([
    ["while it is open", true],
    ["while nobody has it open", false],
  ])("is all that came after a copy was made, where that takes the file's place, %s", async (_, isOpen) => {
    const file = newFile();
    const first = await open({ file });
    await first.revocations.append({ id: "r", text: "t" });
    await first.close();
    cpSync(file, `${file}.copy`);
    chmodSync(`${file}.copy`, 0o600);
    const second = await open({ file });
    await claim(second, "a");
    await second.revocations.append({ id: "s", text: "u" });
    const head = await second.revocations.head();
    if (!isOpen) await second.close();
    const restored = await later();
    for (const name of ["", "-wal", "-shm"]) rmSync(file + name, { force: true });
    renameSync(`${file}.copy`, file);
    if (isOpen) await expect(claim(second, "a")).rejects.toMatchObject({ code: "state_unavailable" });
    const driver = isOpen ? second : await open({ file });
    const page = await driver.revocations.read(head);
    expect([page.continues, page.entries.map(({ id }) => id)]).toEqual([false, ["r"]]);
    expect(page.head.split(":")[0]).not.toBe(head.split(":")[0]);
    expect(driver.replay.notBefore).toBeGreaterThanOrEqual(restored);
  });

  it("is all that came into the file in its place, while its folder was away, as where a disk was not mounted", async () => {
    const file = newFile();
    const folder = dirname(file);
    const driver = await open({ file });
    await claim(driver, "a");
    renameSync(folder, `${folder}.away`);
    onTestFinished(() => rmSync(`${folder}.away`, { recursive: true, force: true }));
    mkdirSync(folder);
    await expect(claim(driver, "b")).rejects.toMatchObject({ code: "state_unavailable" });
    await later();
    expect(await claim(driver, "b")).toBe(true);
    rmSync(folder, { recursive: true });
    const back = await later();
    renameSync(`${folder}.away`, folder);
    await expect(claim(driver, "b")).rejects.toMatchObject({ code: "state_unavailable" });
    for (const one of [driver, await open({ file })]) {
      expect(await claim(one, "a")).toBe(false);
      expect(one.replay.notBefore).toBeGreaterThanOrEqual(back);
    }
  });
});

describe("a file that can take nothing", () => {
  it.each([
    ["is full", "PRAGMA max_page_count = 60", /the disk is full/],
    ["became read-only", "PRAGMA query_only = ON", /is read-only/],
  ])("since it %s, closes with that reason, and what can be read is read", async (_, pragma, message) => {
    const file = newFile();
    await (await openSqlite({ file })).close();
    const told: sqlite.DatabaseSync[] = [];
    const driver = await open({ file }, "1", { told });
    for (const database of told) database.exec(pragma);
    const passed: string[] = [];
    const refused: unknown[] = [];
    for (let i = 0; i < 3000 && refused.length < 20; i++) {
      await claim(driver, `key.${i}`).then(
        () => passed.push(`key.${i}`),
        (error) => refused.push(error),
      );
    }
    expect(refused).toEqual(
      Array(20).fill(expect.objectContaining({ code: "state_unavailable", message: expect.stringMatching(message) })),
    );
    expect(await driver.health()).toEqual({ ok: false, problem: expect.stringMatching(message) });
    expect(await driver.revocations.head()).toMatch(/:0:/);
    const other = await open({ file }); // with room
    for (const key of passed.slice(-3)) expect(await claim(other, key)).toBe(false);
    expect(await other.health()).toEqual({ ok: true });
  });

  const objects = new sqlite.DatabaseSync(":memory:");
  objects.exec(TABLES);
  const named = objects
    .prepare("SELECT type, name FROM sqlite_schema WHERE sql IS NOT NULL AND name <> 'sqlite_sequence'")
    .all();

  it.each(named)(
    "since somebody took away $name, is told by health and at the start, with what to do",
    async ({ type, name }) => {
      const file = newFile();
      const driver = await open({ file });
      expect(await driver.health()).toEqual({ ok: true });
      const other = new sqlite.DatabaseSync(file);
      other.exec(`DROP ${type} ${name}`);
      other.close();
      const problem = expect.stringContaining(`lacks "${name}", which every state has; stop all`);
      if (name !== "meta") expect(await driver.health()).toEqual({ ok: false, problem });
      else expect(await driver.health()).toMatchObject({ ok: false });
      await expect(openSqlite({ file })).rejects.toMatchObject({ code: "config_invalid", message: problem });
    },
  );

  it("since the working directory was taken away, is told in words of ours", async () => {
    const cwd = vi.spyOn(process, "cwd").mockImplementation(() => {
      throw new Error("uv_cwd");
    });
    onTestFinished(() => cwd.mockRestore());
    await expect(openSqlite({ file: "./state.db" })).rejects.toMatchObject({
      code: "config_invalid",
      message: expect.stringContaining("working directory is not there any more"),
    });
  });

  it("since it is damaged, is told at the start, with what to do", async () => {
    const file = newFile();
    await (await openSqlite({ file })).close();
    const bytes = readFileSync(file);
    writeFileSync(file, bytes.fill(0xff, 4096));
    await expect(openSqlite({ file })).rejects.toMatchObject({
      code: "config_invalid",
      message: expect.stringMatching(/is damaged; stop all that use it, delete it/),
    });
  });
});
