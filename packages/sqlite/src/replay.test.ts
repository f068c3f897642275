import { describe, expect, it } from "vitest";
import { sqliteReplay } from "./replay.ts";
import { newFile, storeAt } from "./store.fixture.ts";

describe("the memory of proofs, in a file", () => {
  it("takes a proof of the longest window at every age that it may have, and none of a longer one", async () => {
    const store = await storeAt({ longestWindowSeconds: 60 });
    const { claim } = sqliteReplay(store);
    const nowSeconds = store.at.now + 0.123;
    store.at.now = nowSeconds;
    for (const age of [-30, 0, 0.5, 30]) {
      const madeAtSeconds = nowSeconds - age;
      const until = Math.max(nowSeconds, madeAtSeconds) + 60;
      expect(await claim(`of ${age}`, until, { madeAtSeconds, nowSeconds }), `${age}`).toBe(true);
    }
    const longer = claim("a", nowSeconds + 61, { madeAtSeconds: nowSeconds, nowSeconds });
    await expect(longer).rejects.toMatchObject({
      code: "state_unavailable",
      message: expect.stringMatching(/for longer than longestWindowSeconds: 60/),
    });
    expect(await claim("a nonce", nowSeconds + 3600, { nowSeconds })).toBe(true);
  });

  it("keeps a proof of a short window until it is good for no authorizer with the longest one", async () => {
    const store = await storeAt({ longestWindowSeconds: 60 });
    const { claim } = sqliteReplay(store);
    const madeAtSeconds = store.at.now;
    expect(await claim("a", madeAtSeconds + 5, { madeAtSeconds })).toBe(true);
    for (const seconds of [10, 49, 60]) {
      store.at.now += seconds;
      expect(await claim("a", store.at.now + 50, { madeAtSeconds })).toBe(false);
    }
  });

  it("lets nothing through that is no later than what it forgot, wherever the clock jumps, also at another process", async () => {
    const file = newFile();
    const store = await storeAt({ file });
    const { claim } = sqliteReplay(store);
    const start = store.at.now;
    expect(await claim("a", start + 50, { madeAtSeconds: start })).toBe(true);
    expect(await claim("n", start + 50)).toBe(true);
    store.at.now += 7200;
    await store.write(({ sql, now }) => sql("DELETE FROM proof WHERE ends <= ?").run(now));
    const other = await storeAt({ file });
    for (const [it, moment] of [
      [store, start + 1],
      [other, start + 1],
    ] as const) {
      it.at.now = moment;
      const again = sqliteReplay(it).claim;
      for (const claimed of [again("a", moment + 50, { madeAtSeconds: start }), again("n", start + 50)]) {
        await expect(claimed).rejects.toMatchObject({
          code: "state_unavailable",
          message: expect.stringMatching(/clock was ahead when this store forgot proofs, and was set back since/),
        });
      }
    }
    store.at.now = start + 200;
    expect(await claim("b", start + 250, { madeAtSeconds: start + 199 })).toBe(true);
  });

  it("holds no more than it may, of all together", async () => {
    const store = await storeAt({ maxProofs: 2 });
    const { claim } = sqliteReplay(store);
    const until = store.at.now + 50;
    expect([await claim("a", until), await claim("b", until)]).toEqual([true, true]);
    await expect(claim("c", until)).rejects.toThrow("more than 2 live proofs");
    expect(await claim("a", until)).toBe(false);
    store.at.now += 60;
    expect(await claim("c", store.at.now + 50)).toBe(true);
  });

  it("keeps neither a proof's key nor whose it is as a text", async () => {
    const store = await storeAt();
    await sqliteReplay(store).claim("key-of-ann", store.at.now + 50, { owner: "the owner", root: "the root" });
    const rows = await store.read(({ sql }) =>
      ["proof", "share"].flatMap((name) => sql(`SELECT * FROM ${name}`).all()),
    );
    const texts = rows.flatMap((row) => Object.values(row)).filter((value) => value instanceof Uint8Array);
    expect(texts.map(({ length }) => length).sort()).toEqual([0, 32, 32, 32, 32, 32]);
    expect(rows.flatMap((row) => Object.values(row)).filter((value) => typeof value === "string")).toEqual([]);
  });
});
