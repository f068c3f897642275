/** The log in memory: what it forgets, when, and how a reader's head is told from another one. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { NOW } from "../world.fixture.ts";
import { memoryLog } from "./memory-log.ts";
import type { LogPage, RevocationLog } from "./revocation-log.ts";

const DAY = 86_400;
const ROOM = 1024;

let now: number;
/** The clock goes on, and with it the process's own. */
const wait = (seconds: number): void => {
  now += seconds;
  vi.advanceTimersByTime(seconds * 1000);
};
afterEach(() => void vi.useRealTimers());
let log: RevocationLog;
beforeEach(() => {
  now = NOW;
  vi.useFakeTimers({ toFake: ["performance"] });
  log = memoryLog(() => now * 1000);
});

const append = (id: string, untilSeconds?: number): unknown =>
  log.append({ id, text: `of ${id}`, ...(untilSeconds !== undefined && { untilSeconds }) });
const page = async (after?: string): Promise<LogPage> => log.read(after);
const idsOf = ({ entries }: LogPage): readonly string[] => entries.map(({ id }) => id);

it("is empty at first, and gives what was appended as it was given, once", async () => {
  expect(await page()).toMatchObject({ entries: [], continues: true, complete: true, head: await log.head() });
  append("a", NOW + 60);
  append("b");
  append("a", NOW + 600);
  expect((await page()).entries).toStrictEqual([
    { id: "a", text: "of a", untilSeconds: NOW + 60 },
    { id: "b", text: "of b" },
  ]);
});

it("is as old as the time since its first step, and not older than new where its clock went back", async () => {
  const { ageSeconds, epoch } = await page();
  expect(ageSeconds).toBe(0);
  now += 90;
  expect(await page()).toMatchObject({ ageSeconds: 90, epoch });
  now -= 1000;
  expect((await page()).ageSeconds).toBe(0);
  for (const step of [(of: RevocationLog) => of.head(), (of: RevocationLog) => of.append({ id: "a", text: "" })]) {
    const asked = memoryLog(() => now * 1000);
    await step(asked);
    now += 7;
    expect((await asked.read(undefined)).ageSeconds).toBe(7);
  }
});

describe("a reader that has a head", () => {
  it("is given what follows it, and is told whether that is so", async () => {
    const empty = await log.head();
    append("a");
    const one = await log.head();
    append("b");
    const two = await log.head();
    expect(new Set([empty, one, two]).size).toBe(3);
    for (const [head, ids] of [
      [empty, ["a", "b"]],
      [one, ["b"]],
      [two, []],
    ] as const) {
      const read = await page(head);
      expect([idsOf(read), read.continues, read.head]).toEqual([ids, true, two]);
    }
  });

  it("of another log, or of what is not there yet, is given all of it, and told so", async () => {
    append("a");
    const other = memoryLog(() => now * 1000);
    const { epoch } = await page();
    for (const head of [await other.head(), `${epoch}:2`, `${epoch}:x`, `${epoch}:01`, epoch, ""]) {
      expect(await page(head), head).toMatchObject({ continues: false, complete: true, entries: [{ id: "a" }] });
    }
  });

  it("reads a thousand at a time, and goes on where a page ended", async () => {
    for (let i = 0; i < 2001; i++) append(`${i}`);
    const seen: string[] = [];
    const completes: boolean[] = [];
    let head: string | undefined;
    for (let i = 0; i < 3; i++) {
      const read = await page(head);
      expect(read.continues).toBe(true);
      seen.push(...idsOf(read));
      completes.push(read.complete);
      head = read.head;
    }
    expect(seen).toEqual(Array.from({ length: 2001 }, (_, i) => `${i}`));
    expect(completes).toEqual([false, false, true]);
    expect(head).toBe(await log.head());
  });

  it("is told that the newest page is complete where it is full", async () => {
    for (let i = 0; i < 1000; i++) append(`${i}`);
    expect(await page()).toMatchObject({ complete: true, head: await log.head() });
  });
});

describe("what has ended", () => {
  const fill = (untilSeconds: number): void => {
    for (let i = 0; i < ROOM; i++) append(`ended ${i}`, untilSeconds);
  };

  it("is forgotten a day after its end, where room is needed, and may be appended again", async () => {
    append("endless");
    for (let i = 1; i < ROOM; i++) append(`ended ${i}`, NOW + 60);
    wait(60 + DAY);
    append("one more");
    expect(idsOf(await page())).toEqual(["endless", "one more"]);
    append("ended 1", now + 60);
    append("endless");
    expect(idsOf(await page())).toEqual(["endless", "one more", "ended 1"]);
  });

  it("is kept where there is room, or a day has not passed", async () => {
    fill(NOW + 60);
    wait(60 + DAY - 1);
    append("one more");
    expect((await page()).complete).toBe(false);
    const small = memoryLog(() => now * 1000);
    now = NOW;
    await small.append({ id: "ended", text: "", untilSeconds: NOW + 1 });
    wait(2 * DAY);
    for (let i = 1; i < ROOM; i++) await small.append({ id: `${i}`, text: "" });
    expect((await small.read(undefined)).entries[0]?.id).toBe("ended");
  });

  it("is there again where the clock jumped past its end by ten years, and back, whatever was appended meanwhile", async () => {
    append("revoked", NOW + 60);
    wait(61);
    await page();
    now = NOW;
    now += 10 * 365 * DAY;
    fill(NOW);
    append("one more");
    now -= 10 * 365 * DAY;
    expect(idsOf(await page())[0]).toBe("revoked");
  });

  it("is looked for again once there are twice as many as lived then", async () => {
    for (let i = 0; i < ROOM; i++) append(`living ${i}`);
    append("ended", NOW + 60);
    wait(60 + DAY);
    const isThere = async (): Promise<boolean> => {
      let read = await page();
      const seen = [...idsOf(read)];
      while (!read.complete) {
        read = await page(read.head);
        seen.push(...idsOf(read));
      }
      return seen.includes("ended");
    };
    for (let i = 0; i < ROOM - 1; i++) append(`more ${i}`);
    expect(await isThere()).toBe(true);
    append("the last straw");
    expect(await isThere()).toBe(false);
  });
});
