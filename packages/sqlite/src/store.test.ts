import { rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { HopwiseError } from "@hopwise/core";
import { describe, expect, it } from "vitest";
import { sqliteReplay } from "./replay.ts";
import { sqliteSpending } from "./spending.ts";
import { newFile, rowsOf, storeAt } from "./store.fixture.ts";

const HELD = "BEGIN IMMEDIATE";

describe("the way to the file", () => {
  it("says of what was written to a file that was deleted meanwhile that it was kept nowhere", async () => {
    const file = newFile();
    const store = await storeAt({ file });
    const written = store.write(({ sql }) => {
      sql("INSERT INTO share (sharer, taken) VALUES (x'01', 1)").run();
      rmSync(file);
      return "written";
    });
    await expect(written).rejects.toMatchObject({ code: "state_unavailable" });
    expect(await rowsOf(store)).toMatchObject({ share: 0 });
  });

  it("does nothing of a step that throws", async () => {
    const store = await storeAt();
    const step = store.write(({ sql }) => {
      sql("INSERT INTO share (sharer, taken) VALUES (x'01', 1)").run();
      throw new HopwiseError("state_unavailable", "no");
    });
    await expect(step).rejects.toThrow("no");
    expect(await rowsOf(store)).toMatchObject({ share: 0 });
  });

  it("does the steps that waited for the lock together, each in its turn, and refuses none for another's sake", async () => {
    const file = newFile();
    const store = await storeAt({ file, maxProofs: 5 });
    const holder = new DatabaseSync(file);
    holder.exec(HELD);
    const { claim } = sqliteReplay(store);
    const { reserve } = sqliteSpending(store);
    const charges = [{ account: "a", counter: "c", amount: 3, most: 10, untilSeconds: store.at.now + 60 }];
    const claims = ["a", "b", "a", "c", "d", "e", "f", "b"].map((key) => claim(key, store.at.now + 60));
    const reserved = ["1", "2", "3", "4"].map((id) => reserve({ id, owner: "o", nowSeconds: store.at.now, charges }));
    await new Promise((done) => setTimeout(done, 20));
    holder.exec("COMMIT");
    const answers = await Promise.allSettled(claims);
    expect(answers.map((it) => (it.status === "fulfilled" ? it.value : it.reason.message))).toEqual([
      ...[true, true, false, true, true, true],
      "more than 5 live proofs",
      false,
    ]);
    expect((await Promise.all(reserved)).map(({ outcome }) => outcome)).toEqual([
      ...["reserved", "reserved", "reserved"],
      "refused",
    ]);
    holder.close();
  });

  it("waits for the disk once for the steps that come together, and not before what was begun beside them has left", async () => {
    const file = newFile();
    const store = await storeAt({ file });
    const other = new DatabaseSync(file);
    const order: unknown[] = [];
    const add = (sharer: string) =>
      store.write(({ sql }) => {
        sql(`INSERT INTO share (sharer, taken) VALUES (x'${sharer}', 1)`).run();
        order.push(other.prepare("SELECT count(*) AS kept FROM share").get()?.["kept"]);
      });
    const added = [add("01"), add("02"), add("03")];
    order.push("asked beside them");
    await Promise.all(added);
    expect(order).toEqual(["asked beside them", 0, 0, 0]);
    expect(await rowsOf(store)).toMatchObject({ share: 3 });
    other.close();
  });

  it("does what was asked for in the turn in which it is closed, however much that is: what a call gives back is not lost", async () => {
    const file = newFile();
    const store = await storeAt({ file });
    const { reserve, settle } = sqliteSpending(store);
    const about = { id: "1", owner: "o", nowSeconds: store.at.now };
    const charges = [{ account: "a", counter: "c", amount: 3, most: 10, untilSeconds: store.at.now + 60 }];
    await reserve({ ...about, charges });
    const { claim } = sqliteReplay(store);
    const claims = Array.from({ length: 100 }, (_, i) => claim(`proof ${i}`, store.at.now + 60));
    const given = settle(about, "nothing_happened");
    store.close();
    await given;
    expect(await Promise.all(claims)).toEqual(claims.map(() => true));
    const again = await storeAt({ file });
    expect(await sqliteSpending(again).spent("o", charges)).toEqual([0]);
  });

  it("refuses what waits when it is closed, and what comes then", async () => {
    const file = newFile();
    const store = await storeAt({ file });
    const holder = new DatabaseSync(file);
    holder.exec(HELD);
    const waits = store.write(() => "done");
    store.close();
    const steps = await Promise.allSettled([waits, store.write(() => "done"), store.read(() => "done")]);
    const told = { code: "state_unavailable", message: expect.stringMatching(/was closed/) };
    expect(steps).toEqual(steps.map(() => ({ status: "rejected", reason: expect.objectContaining(told) })));
    holder.close();
  });
});
