/** A driver on a state file, in a process of its own: it does what it is sent, and can be stopped and killed. */
import { DatabaseSync } from "node:sqlite";
import type { StateDriver } from "@hopwise/core/state";
import { openSqlite, type SqliteOptions } from "@hopwise/sqlite";

/** What a process is asked to do, by name. */
export interface Tasks {
  open(options: SqliteOptions): "open";
  close(nothing: null): "closed";
  /** Claims all these keys at once. @returns those that it got, and how many it was refused by an error */
  claim(keys: readonly string[]): { readonly got: readonly string[]; readonly failed: number };
  /** Reserves so often, and gives back every third. @returns what it got and kept */
  spend(asked: { readonly times: number; readonly amount: number; readonly most: number }): number;
  /** Writes within a transaction that it leaves open. */
  hold(nothing: null): "held";
  append(texts: readonly string[]): "appended";
  /** How far it is, and since when it remembers. */
  state(nothing: null): { readonly head: string; readonly since: number | undefined };
}

let driver: StateDriver;
let file = "";
const now = (): number => Date.now() / 1000;

const tasks: { readonly [Name in keyof Tasks]: (asked: never) => Promise<ReturnType<Tasks[Name]>> } = {
  open: async (options: SqliteOptions) => {
    driver = await openSqlite(options);
    file = options.file;
    return "open";
  },
  close: async () => {
    await driver.close();
    return "closed";
  },
  claim: async (keys: readonly string[]) => {
    const about = { owner: "ann", root: "r", nowSeconds: now() };
    const answers = await Promise.allSettled(keys.map((key) => driver.replay.claim(key, now() + 50, about)));
    return {
      got: keys.filter((_, i) => answers[i]?.status === "fulfilled" && answers[i].value),
      failed: answers.filter(({ status }) => status === "rejected").length,
    };
  },
  spend: async ({ times, amount, most }: Parameters<Tasks["spend"]>[0]) => {
    let kept = 0;
    for (let i = 0; i < times; i++) {
      const about = { id: crypto.randomUUID(), owner: "ann", nowSeconds: now() };
      const charges = [
        { account: "b", counter: "root", amount, most, untilSeconds: now() + 900 },
        { account: "b", counter: "child", amount, most, untilSeconds: now() + 900 },
      ];
      const { outcome } = await driver.spending.reserve({ ...about, charges });
      if (outcome !== "reserved") continue;
      if (i % 3 === 0) await driver.spending.settle(about, "nothing_happened");
      else kept += amount;
    }
    return kept;
  },
  hold: async () => {
    const db = new DatabaseSync(file);
    db.exec("BEGIN IMMEDIATE; UPDATE meta SET since = 0");
    db.prepare("INSERT INTO proof (key, ends, made) VALUES (?, 9e9, 0)").run(new Uint8Array([1, 2, 3]));
    return "held";
  },
  append: async (texts: readonly string[]) => {
    for (const text of texts) await driver.revocations.append({ id: crypto.randomUUID(), text });
    return "appended";
  },
  state: async () => ({ head: await driver.revocations.head(), since: driver.replay.notBefore }),
};

process.on("message", async ([name, asked]: [keyof Tasks, never]) => {
  try {
    process.send?.({ answer: await tasks[name](asked) });
  } catch (error) {
    process.send?.({ error: String(error) });
  }
});
process.on("disconnect", () => process.exit());
process.send?.({ answer: "ready" });
