/** A Node.js that has no SQLite, and disks that are full or read-only: real ones, where this user may make them. */
import { execFile, execFileSync, spawnSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { openSqlite } from "@hopwise/sqlite";
import { describe, expect, it } from "vitest";
import { smallDisk } from "../support/small-disk.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

describe("a Node.js without SQLite", () => {
  it("imports the package, and is told at the start which versions have it", async () => {
    const program = `
      import { openSqlite, sqliteState } from "@hopwise/sqlite";
      for (const open of [openSqlite, sqliteState]) {
        await open({ file: ${JSON.stringify(join(temporaryFolder(), "state.db"))} }).catch(({ code, message }) => console.log(code, message));
      }`;
    const args = ["--no-experimental-sqlite", "--input-type=module", "--eval", program];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    const [one, other] = stdout.trim().split("\n");
    expect(one).toMatch(/^config_invalid openSqlite: Node.js .* has no SQLite; use 22\.13 or later/);
    expect(other).toMatch(/^config_invalid sqliteState: /);
  });
});

it("names the flags of Node.js where its permission model keeps the process from the file, or from those beside it", async () => {
  const folder = temporaryFolder();
  const open = async (file: string, mayWrite: string): Promise<string> => {
    const program = `
      import { sqliteState } from "@hopwise/sqlite";
      const open = sqliteState({ file: ${JSON.stringify(file)} });
      console.log(await open.then((state) => (state.close(), "opened"), ({ code, message }) => code + " " + message));`;
    const args = ["--permission", "--allow-fs-read=*", `--allow-fs-write=${mayWrite}`, "--input-type=module", "--eval"];
    return (await promisify(execFile)(process.execPath, [...args, program])).stdout.trim();
  };
  const file = join(folder, "state.db");
  const why = "Node.js runs with --permission; give --allow-fs-read and --allow-fs-write for the whole folder";
  expect(await open(file, join(folder, "other"))).toBe(
    `config_invalid sqliteState: the file ${file} cannot be made: ${why}`,
  );
  expect(await open(file, file)).toBe(`config_invalid sqliteState: the file ${file} may not be used: ${why}`);
  expect(await open(file, folder)).toBe("opened");
});

/** Whether this user may make a view of the disks of its own, in which all is read-only. */
function mayHideDisks(): boolean {
  return spawnSync("unshare", ["--mount", "mount", "-o", "remount,ro,bind", "/"]).status === 0;
}

it.skipIf(!mayHideDisks())("needs no temporary folder, however much is asked for at once", async () => {
  const folder = temporaryFolder();
  const program = `
    import { openSqlite } from "@hopwise/sqlite";
    const driver = await openSqlite({ file: ${JSON.stringify(join(folder, "state.db"))}, deadlineMs: 20_000 });
    const nowSeconds = Date.now() / 1000;
    const chargeOf = (j) => ({ account: "a" + j, counter: "c".repeat(200), amount: 1, most: 100, untilSeconds: nowSeconds + 600 });
    const reserve = (i) => driver.spending.reserve({
      id: "r" + i, owner: "u" + i, nowSeconds, charges: Array.from({ length: 20 }, (_, j) => chargeOf(j)),
    });
    const all = await Promise.allSettled(Array.from({ length: 300 }, (_, i) => reserve(i)));
    console.log(all.filter(({ value }) => value?.outcome === "reserved").length);
    driver.close();`;
  const hide = `mount -t tmpfs tmpfs "$0" && mount -o remount,ro,bind / && exec "$@"`;
  const args = ["--mount", "sh", "-c", hide, folder, process.execPath, "--input-type=module", "--eval", program];
  expect((await promisify(execFile)("unshare", args)).stdout.trim()).toBe("300");
});

const disk = smallDisk("1m");

describe.skipIf(disk === undefined)("a disk", () => {
  const now = (): number => Date.now() / 1000;

  it("that is full closes the state with that reason, and once there is room it goes on, and nothing was lost", async () => {
    const driver = await openSqlite({ file: join(disk as string, "full.db") });
    const filler = join(disk as string, "filler");
    expect(() => writeFileSync(filler, Buffer.alloc(2 ** 21))).toThrow("ENOSPC");
    const used: string[] = [];
    const faults: unknown[] = [];
    for (let i = 0; i < 500; i++) {
      const key = `key.${i}`;
      try {
        if (await driver.replay.claim(key, now() + 50)) used.push(key);
      } catch (fault) {
        faults.push(fault);
      }
    }
    expect(faults.length).toBeGreaterThan(0);
    const told = {
      code: "state_unavailable",
      message: expect.stringMatching(/the disk is full|the disk failed, or is full/),
    };
    for (const fault of faults) expect(fault).toMatchObject(told);
    expect(await driver.health()).toMatchObject({ ok: false, problem: expect.stringMatching(/full/) });
    expect(await driver.revocations.head()).toMatch(/:0:/);
    rmSync(filler);
    expect(await driver.health()).toEqual({ ok: true });
    expect(await driver.replay.claim("one more", now() + 50)).toBe(true);
    for (const key of used) expect(await driver.replay.claim(key, now() + 50)).toBe(false);
    await driver.close();
    rmSync(join(disk as string, "full.db"));
  });

  it("that is full at the start opens nothing, and says so", async () => {
    const filler = join(disk as string, "filler");
    expect(() => writeFileSync(filler, Buffer.alloc(2 ** 21))).toThrow("ENOSPC");
    await expect(openSqlite({ file: join(disk as string, "none.db") })).rejects.toMatchObject({
      code: expect.stringMatching(/^(state_unavailable|config_invalid)$/),
      message: expect.stringMatching(/full/),
    });
    for (const name of ["filler", "none.db"]) rmSync(join(disk as string, name), { force: true });
  });

  it("that is read-only opens neither a new file nor an old one, and says so", async () => {
    const file = join(disk as string, "old.db");
    await (await openSqlite({ file })).close();
    execFileSync("mount", ["-o", "remount,ro", disk as string]);
    try {
      for (const name of [file, join(disk as string, "new.db")]) {
        await expect(openSqlite({ file: name })).rejects.toMatchObject({
          code: "config_invalid",
          message: expect.stringMatching(/read-only/),
        });
      }
    } finally {
      execFileSync("mount", ["-o", "remount,rw", disk as string]);
    }
  });
});
