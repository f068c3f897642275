import type { LogEntry, LogPage, RevocationLog } from "../state/index.ts";
import { caseOf, type Scene, type StateCase } from "./case.ts";
import { same, sure } from "./expect.ts";
import { newName, ODD_TEXTS } from "./texts.ts";

const PAGE = 1000;

/** A copy of the log, as every process holds one. */
interface Copy {
  readonly entries: readonly LogEntry[];
  readonly head: string | undefined;
}

/** Reads all that a copy lacks. */
async function follow(
  log: RevocationLog,
  from: Copy = { entries: [], head: undefined },
  isAtRest = true,
): Promise<Copy> {
  let { entries, head } = from;
  let page: LogPage;
  do {
    page = await log.read(head);
    sure(page.entries.length <= PAGE, `a page has ${page.entries.length} entries`);
    sure(page.complete || page.entries.length > 0, "a page without entries says that it is not the last");
    sure(Number.isFinite(page.ageSeconds) && page.ageSeconds >= 0, `the age of the log is ${page.ageSeconds}`);
    sure(head === undefined || page.continues, "a page does not go on where the last one ended");
    entries = [...entries, ...page.entries];
    head = page.head;
  } while (!page.complete);
  if (isAtRest) same(head, await log.head(), "the head after the last page");
  return { entries, head };
}

const entryOf = (text: string): LogEntry => ({ id: newName(), text });

/** The log of revocations. */
export const REVOCATION_LOG: readonly StateCase[] = [
  caseOf("has a log that is empty at first, and whose head is known all the same", async ({ one, two }) => {
    same(await follow(one.revocations), { entries: [], head: await two.revocations.head() }, "an empty log");
    const { head, entries } = await follow(one.revocations, await follow(two.revocations));
    same([head, entries], [await one.revocations.head(), []], "what follows the head of an empty log");
  }),
  caseOf(
    "keeps the entries of its log in their order and to the character, for both processes",
    async ({ one, two, now }) => {
      const until = Math.floor(now()) + 500;
      const all = ODD_TEXTS.map((text, i) =>
        i % 2 === 0 ? { id: text, text } : { id: text, text, untilSeconds: until + i / 4 },
      );
      for (const [i, entry] of all.entries()) await (i % 3 === 0 ? one : two).revocations.append(entry);
      for (const { revocations } of [one, two])
        same((await follow(revocations)).entries.map(inOrder), all.map(inOrder), "the log");
    },
  ),
  caseOf("has another head of its log after each entry, which both processes see", async ({ one, two }) => {
    const seen = new Set([await one.revocations.head()]);
    for (let i = 1; i <= 20; i++) {
      await one.revocations.append(entryOf("the same text"));
      const head = await two.revocations.head();
      sure(!seen.has(head), `the head after entry ${i} is one that it had before`);
      same(await one.revocations.head(), head, "the head as the first process sees it");
      seen.add(head);
    }
  }),
  caseOf(
    "has other heads than another store, also where both logs have the same entries",
    async ({ one, stranger }) => {
      const other = await stranger();
      const heads = new Set<string>();
      const epochs = new Set<string>();
      const entries = Array.from({ length: 5 }, (_, i) => entryOf(`${i}`));
      for (const entry of [undefined, ...entries]) {
        for (const { revocations } of [one, other]) {
          if (entry !== undefined) await revocations.append(entry);
          heads.add(await revocations.head());
          epochs.add((await revocations.read(undefined)).epoch);
        }
      }
      same([heads.size, epochs.size], [12, 2], "how many heads and epochs two logs had, of 5 entries each");
    },
  ),
  caseOf("has other heads for two logs of equal length that differ in an entry", async ({ one, stranger }) => {
    const other = await stranger();
    for (const text of ["a", "b"]) await one.revocations.append(entryOf(text));
    for (const text of ["a", "c"]) await other.revocations.append(entryOf(text));
    sure((await one.revocations.head()) !== (await other.revocations.head()), "both logs have one head");
    const page = await other.revocations.read(await one.revocations.head());
    same(page.continues, false, "whether the one log goes on where the other stands");
    same(
      page.entries.map(({ text }) => text),
      ["a", "c"],
      "the page for a foreign head",
    );
  }),
  caseOf("gives its log by pages, each of which begins where the last one ended", async ({ one, two }) => {
    const all = Array.from({ length: 2 * PAGE + 300 }, (_, i) => entryOf(`${i}`));
    for (let i = 0; i < all.length; i += 100) {
      await Promise.all(all.slice(i, i + 100).map((entry) => one.revocations.append(entry)));
    }
    const copy = await follow(two.revocations);
    same(
      copy.entries.map(({ text }) => Number(text)).sort((a, b) => a - b),
      all.map((_, i) => i),
      "the texts of the log",
    );
    same(await follow(one.revocations), copy, "the log as the first process reads it");
    const first = await two.revocations.read(undefined);
    same(first.complete, false, "whether the first of several pages is the last");
    await one.revocations.append(entryOf("one more"));
    const next = await two.revocations.read(copy.head);
    same(
      [next.continues, next.complete, next.entries.map(({ text }) => text)],
      [true, true, ["one more"]],
      "the next page",
    );
  }),
  caseOf("begins its log anew for a head that it never gave", async ({ one, two, stranger }) => {
    await one.revocations.append(entryOf("first"));
    const given = await one.revocations.head();
    await one.revocations.append(entryOf("second"));
    const foreign = await stranger();
    await foreign.revocations.append(entryOf("x"));
    const made = [`${given}0`, given.slice(0, -1), given.replace(/\w/g, (it) => (it === "a" ? "b" : "a"))];
    for (const head of [await foreign.revocations.head(), ...made, ...ODD_TEXTS]) {
      const page = await two.revocations.read(head);
      const found = [page.continues, page.complete, page.entries.map(({ text }) => text)];
      same(found, [false, true, ["first", "second"]], `the page after ${JSON.stringify(head)}`);
    }
    const page = await two.revocations.read(given);
    same(
      [page.continues, page.entries.map(({ text }) => text)],
      [true, ["second"]],
      "the page after a head that it gave",
    );
  }),
  caseOf("appends an entry of one name once", async ({ one, two }) => {
    const entry = entryOf("first");
    await one.revocations.append(entry);
    await one.revocations.append(entryOf("second"));
    const copy = await follow(one.revocations);
    await two.revocations.append(entry);
    await two.revocations.append({ ...entry, text: "another" });
    same(await follow(two.revocations), copy, "the log, where another text came with the name");
    await Promise.all([one, two, one].map(({ revocations }) => revocations.append(entry)));
    same(await follow(two.revocations), copy, "the log");
  }),
  caseOf("loses and doubles nothing of what two processes append at the same moment", async ({ one, two }) => {
    const all = Array.from({ length: 60 }, (_, i) => entryOf(`${i}`));
    await Promise.all(all.flatMap((entry) => [one, two].map(({ revocations }) => revocations.append(entry))));
    const copies = await Promise.all([one, two].map(({ revocations }) => follow(revocations)));
    same(copies[0], copies[1], "the log as the first process reads it");
    const texts = copies[0]?.entries.map(({ text }) => Number(text)).sort((a, b) => a - b);
    same(
      texts,
      all.map((_, i) => i),
      "the texts of the log",
    );
  }),
  caseOf("keeps nothing of its log from a copy that is read while two processes append", async ({ one, two }) => {
    const all = Array.from({ length: 60 }, (_, i) => entryOf(`${i}`));
    let left = all.length;
    const appended = all.map(async (entry, i) => {
      await (i % 2 === 0 ? one : two).revocations.append(entry);
      left--;
    });
    let copy = await follow(two.revocations, undefined, false);
    while (left > 0) {
      copy = await follow(two.revocations, copy, false);
      await new Promise((resolve) => setTimeout(resolve)); // A log may answer at once, and others never get their turn.
    }
    await Promise.all(appended);
    same(
      await follow(two.revocations, copy),
      await follow(one.revocations),
      "the copy, and the log as it is read anew",
    );
  }),
  caseOf("forgets of its log nothing that has not ended", keepsUntilTheEnd),
  caseOf("says in seconds how old its log is", tellsItsAge),
];

async function tellsItsAge({ one, two, now, store }: Scene): Promise<void> {
  const before = now();
  const { ageSeconds: first } = await one.revocations.read(undefined);
  await one.revocations.append(entryOf("a"));
  await store.advance?.(100);
  const { ageSeconds: last } = await two.revocations.read(undefined);
  const [older, passed] = [last - first, now() - before];
  sure(older <= passed + 1, `it is ${older} seconds older, after ${passed}`);
  if (store.advance !== undefined) sure(older >= 99, `it is ${older} seconds older, after 100`);
}

function inOrder({ id, text, untilSeconds }: LogEntry): unknown {
  return [id, text, untilSeconds ?? "never"];
}

async function keepsUntilTheEnd({ one, two, now, store }: Scene): Promise<void> {
  const until = (text: string, seconds: number): LogEntry => ({ ...entryOf(text), untilSeconds: now() + seconds });
  const soon = until("soon", 100);
  for (const entry of [soon, entryOf("never"), until("late", 86_400), until("past", -10), entryOf("last")]) {
    await one.revocations.append(entry);
  }
  const living = ({ entries }: Copy): readonly string[] =>
    entries.map(({ text }) => text).filter((text) => text !== "past" && text !== "soon");
  const old = await follow(two.revocations);
  same(living(old), ["never", "late", "last"], "what lives");
  sure(
    old.entries.some(({ text }) => text === "soon"),
    "what lives for a hundred seconds is not there",
  );
  if (store.advance === undefined) return;
  await store.advance(90);
  sure(
    (await follow(two.revocations)).entries.some(({ id }) => id === soon.id),
    "it was forgotten before its end",
  );
  const { epoch } = await two.revocations.read(undefined);
  await store.advance(7200);
  await one.revocations.append(entryOf("new"));
  same(living(await follow(two.revocations)), ["never", "late", "last", "new"], "what lives, hours later");
  // An old copy catches up: either its head still goes on, or it begins anew.
  const page = await two.revocations.read(old.head);
  same(page.epoch, epoch, "the epoch, hours later");
  const texts = living(page.continues ? { ...old, entries: [...old.entries, ...page.entries] } : page);
  same(texts, ["never", "late", "last", "new"], "an old copy, brought up to date");
}
