/** Several processes on one state file: real ones, that are stopped and killed. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { openSqlite, type SqliteOptions } from "@hopwise/sqlite";
import { describe, expect, it, onTestFinished } from "vitest";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { startProcess } from "./processes.ts";

const now = (): number => Date.now() / 1000;

async function scene(options: Partial<SqliteOptions> = {}) {
  const file = join(temporaryFolder(), "state.db");
  const all = { file, deadlineMs: 20_000, ...options };
  const driver = await openSqlite(all);
  onTestFinished(() => driver.close());
  return { file, driver, options: all };
}

describe.each(["full", "normal"] as const)("processes on one file, synchronous: %s", (synchronous) => {
  it("get each of a thousand proofs exactly once, when all claim them at the same time", async () => {
    const { driver, options } = await scene({ synchronous });
    const processes = await Promise.all([0, 1, 2].map(() => startProcess(options)));
    const keys = Array.from({ length: 1000 }, (_, i) => `key.${i}`);
    const claims = await Promise.all(processes.map((it, i) => it.run("claim", i % 2 === 0 ? keys : keys.toReversed())));
    expect(claims.map(({ failed }) => failed)).toEqual([0, 0, 0]);
    expect(claims.flatMap(({ got }) => got).sort()).toEqual(keys.toSorted());
    expect(await driver.replay.claim("key.500", now() + 50)).toBe(false);
  });

  it("never spend more than there is, and give back what they give back", async () => {
    const { driver, options } = await scene({ synchronous });
    const processes = await Promise.all([0, 1, 2].map(() => startProcess(options)));
    const kept = await Promise.all(processes.map((it) => it.run("spend", { times: 200, amount: 7, most: 1000 })));
    const sum = kept.reduce((one, other) => one + other);
    const counters = ["root", "child"].map((counter) => ({ account: "b", counter }));
    expect(await driver.spending.spent("ann", counters)).toEqual([sum, sum]);
    expect(sum).toBe(994); // there was time enough for all that fits
  });

  it("append to one log, of which all see the same", async () => {
    const { driver, options } = await scene({ synchronous });
    const processes = await Promise.all([0, 1, 2].map(() => startProcess(options)));
    await Promise.all(
      processes.map((it, i) =>
        it.run(
          "append",
          Array.from({ length: 50 }, (_, k) => `${i}.${k}`),
        ),
      ),
    );
    const states = await Promise.all(processes.map((it) => it.run("state", null)));
    const page = await driver.revocations.read(undefined);
    expect(new Set(page.entries.map(({ text }) => text)).size).toBe(150);
    expect(states.map(({ head }) => head)).toEqual([page.head, page.head, page.head]);
  });

  it("make the file at the same moment, and all are on the same", async () => {
    const file = join(temporaryFolder(), "state.db");
    const drivers = [0, 1, 2].map(() => startProcess({ file, synchronous, deadlineMs: 20_000 }));
    const states = await Promise.all(drivers.map(async (it) => (await it).run("state", null)));
    expect(new Set(states.map((it) => JSON.stringify(it))).size).toBe(1);
  });

  it("know what one of them claimed that was killed", async () => {
    const { driver, options } = await scene({ synchronous });
    const process = await startProcess(options);
    const keys = Array.from({ length: 50 }, (_, i) => `key.${i}`);
    expect((await process.run("claim", keys)).got).toEqual(keys);
    await process.kill();
    expect(await driver.replay.claim("key.0", now() + 50)).toBe(false);
    await driver.close();
    const later = await openSqlite(options);
    expect(await Promise.all(keys.map((key) => later.replay.claim(key, now() + 50)))).toEqual(keys.map(() => false));
    expect(later.replay.notBefore).toBe(driver.replay.notBefore);
    await later.close();
  });
});

describe("a process that holds the lock", () => {
  it("and is killed, leaves nothing behind, neither the lock nor what it had written", async () => {
    const { driver, options } = await scene({ maxProofs: 1 });
    const process = await startProcess(options);
    expect(await process.run("hold", null)).toBe("held");
    const waits = driver.replay.claim("a", now() + 50);
    await process.kill();
    expect(await waits).toBe(true); // the one that there is room for
  });

  it("and is stopped, blocks no event loop: what writes ends within the deadline, what reads goes on", async () => {
    const { driver, options } = await scene({ deadlineMs: 400 });
    const process = await startProcess(options);
    await process.run("hold", null);
    process.stop();
    const order: string[] = [];
    const steps = [
      ...Array.from({ length: 200 }, (_, i) => driver.replay.claim(`key.${i}`, now() + 50)),
      driver.spending.settle({ id: "i", owner: "ann", nowSeconds: now() }, "nothing_happened"),
      driver.approvals.keep({ id: "i", call: "c", text: "t", untilSeconds: now() + 50, nowSeconds: now() }),
      driver.revocations.append({ id: "i", text: "t" }),
    ];
    const ended = Promise.allSettled(steps).then((all) => {
      order.push("the steps");
      return all;
    });
    for (const ms of [1, 20, 60]) await delay(ms).then(() => order.push(`a timer of ${ms} ms`));
    expect(await driver.revocations.head()).toMatch(/:0:/);
    expect(await driver.spending.spent("ann", [{ account: "a", counter: "c" }])).toEqual([0]);
    order.push("what reads");
    for (const step of await ended) {
      expect(step).toMatchObject({
        reason: {
          code: "state_unavailable",
          message: expect.stringMatching(/locked by another process for longer than 400 ms/),
        },
      });
    }
    expect(order).toEqual(["a timer of 1 ms", "a timer of 20 ms", "a timer of 60 ms", "what reads", "the steps"]);
    expect(await driver.health()).toMatchObject({ ok: false, problem: expect.stringMatching(/locked/) });
    await process.kill();
    expect(await driver.replay.claim("key.0", now() + 50)).toBe(true);
    expect(await driver.health()).toEqual({ ok: true });
  });

  it("lets a step pass that asks again once it is free, and others after it", async () => {
    const { driver, options } = await scene();
    const process = await startProcess(options);
    await process.run("hold", null);
    const claims = Array.from({ length: 50 }, () => driver.replay.claim("key", now() + 50));
    await delay(30);
    await process.kill();
    expect((await Promise.all(claims)).filter(Boolean)).toHaveLength(1);
  });
});

describe("a file that is deleted under two processes", () => {
  it.each([
    ["alone", [""]],
    ["with the files beside it", ["", "-wal", "-shm"]],
    ["but for itself", ["-wal", "-shm"]],
    ["but for itself and the log of writes", ["-shm"]],
    ["but for itself and the shared memory", ["-wal"]],
  ] as const)("%s: each says so once, then both are on one file again, which remembers since then", async (_, gone) => {
    const { driver, file, options } = await scene({ deadlineMs: 5000, synchronous: "normal" });
    const other = await startProcess(options);
    const before = now();
    expect((await other.run("claim", ["a"])).got).toEqual(["a"]);
    for (const name of gone) rmSync(file + name);
    await expect(driver.revocations.append({ id: "i", text: "t" })).rejects.toMatchObject({
      code: "state_unavailable",
      message: expect.stringMatching(/deleted or replaced/),
    });
    await settled(() => driver.replay.claim("b", now() + 50));
    const { head, since = 0 } = await settled(() => other.run("state", null));
    expect(since).toBeGreaterThanOrEqual(before);
    expect((await other.run("claim", ["b"])).got).toEqual([]);
    expect(await driver.revocations.head()).toBe(head);
    expect(driver.replay.notBefore).toBe(since);
  });
});

/** What a step answers once it does: a process that noticed a loss refuses what it does just then. */
async function settled<T>(step: () => T | Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await step();
    } catch (error) {
      if (tries > 200) throw error;
      await delay(20);
    }
  }
}
