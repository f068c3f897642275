import { beforeAll, describe, expect, it } from "vitest";
import { type FeedEntry, type FeedPage, readFeedPage, signFeedPage } from "../token/index.ts";
import { createWorld, ISSUER, NOW, type World } from "../world.fixture.ts";
import { keptOf } from "./copy-log.ts";
import { feedAnswer } from "./feed-answer.ts";
import type { RevocationEntry } from "./revocation-entry.ts";
import type { LogEntry, LogPage } from "./revocation-log.ts";

const LOG = "https://revocations.acme.example";
/** What a reader takes where nothing was said. */
const READERS_BYTES = 4 * 1024 * 1024;

let world: World;
beforeAll(async () => {
  world = await createWorld();
});

const revokes = (id: string, subject = id): RevocationEntry => ({
  id,
  atSeconds: NOW,
  target: { user: { issuer: ISSUER, subject }, notBefore: NOW },
  by: { operator: "on-call" },
});
const lifts = (id: string, count: number): RevocationEntry => ({
  ...revokes(id, "alice"),
  lifts: Array.from({ length: count }, (_, i) => `${i}`.padStart(43, "x")),
});

/** A log of several pages, which begins anew for a head that it does not know. */
function logOf(...pages: readonly (readonly RevocationEntry[])[]) {
  const heads = ["", ...pages.map((_, i) => `h${i + 1}`)];
  return {
    page: (after = ""): LogPage => {
      const place = heads.indexOf(after);
      const at = Math.max(0, place);
      const entries: readonly LogEntry[] = (pages[at] ?? []).map(keptOf);
      const complete = at >= pages.length - 1;
      return { epoch: "e", ageSeconds: 9, continues: place > 0, entries, head: heads[at + 1] ?? after, complete };
    },
  };
}

/** Follows a feed to its end, as a reader does: each page is signed, and read within the reader's bound. */
async function follow(log: ReturnType<typeof logOf>): Promise<readonly FeedPage[]> {
  const pages: FeedPage[] = [];
  let since = "";
  do {
    const asked = { keys: [world.issuer.publicJwk], audience: LOG, since, nowSeconds: NOW, maxBytes: READERS_BYTES };
    const signer = { signer: world.issuer, audience: LOG, nowMs: NOW * 1000 };
    const page = await readFeedPage(await signFeedPage(await feedAnswer(log, since), signer), asked);
    expect(page.since).toBe(since);
    expect(page.head).not.toBe(since);
    pages.push(page);
    since = page.head;
  } while (!pages.at(-1)?.complete);
  return pages;
}

const entriesOf = (pages: readonly FeedPage[]): readonly FeedEntry[] => pages.flatMap(({ entries }) => entries);

describe("a page of the feed", () => {
  it("is one of the log, where its reader takes that", async () => {
    const pages = await follow(logOf([revokes("a"), revokes("b")], [revokes("c")]));
    expect(pages.map(({ head, complete, entries }) => [head, complete, entries.map(({ id }) => id)])).toEqual([
      ["h1", false, ["a", "b"]],
      ["h2", true, ["c"]],
    ]);
  });

  it("is no longer than its reader takes, however much one entry lifts", async () => {
    const pages = await follow(logOf([revokes("a"), lifts("b", 120_000), revokes("c")], [lifts("d", 10_000)]));
    const entries = entriesOf(pages);
    for (const [id, count] of [
      ["b", 120_000],
      ["d", 10_000],
    ] as const) {
      const parts = entries.filter((entry) => entry.id.split("/")[0] === id);
      expect(new Set(parts.flatMap((entry) => entry.lifts)).size).toBe(count);
      expect(new Set(parts.map(({ target }) => JSON.stringify(target))).size).toBe(1);
    }
    expect(new Set(entries.map(({ id }) => id)).size).toBe(entries.length);
    expect([entries[0]?.id, entries.at(-2)?.id]).toEqual(["a", "c"]);
  });

  it("is no longer than its reader takes, however long the names in it are", async () => {
    const names = Array.from({ length: 50 }, (_, i) => `${i}`);
    const pages = await follow(logOf(names.map((id) => revokes(id, `${"\u{1f600}".repeat(30_000)}${id}`))));
    expect(entriesOf(pages).map(({ id }) => id)).toEqual(names);
  });

  it("has no more entries than its reader takes, however many a page of the log has", async () => {
    const pages = await follow(logOf(Array.from({ length: 2001 }, (_, i) => revokes(`r${i}`))));
    expect(pages.map(({ entries }) => entries.length)).toEqual([1000, 1000, 1]);
  });

  it("begins again where the log's page begins, if the last entry that was sent has ended meanwhile", async () => {
    const log = logOf([revokes("a")], [lifts("b", 60_000), revokes("c")]);
    const { head } = await feedAnswer(log, "h1");
    expect(head).toMatch(/^ b\/1 h1$/);
    const after = await feedAnswer(logOf([revokes("a")], [revokes("c")]), head);
    expect(after).toMatchObject({ since: head, head: "h2", complete: true, entries: [{ id: "c" }] });
  });

  it("is the first of all where the log does not know the head", async () => {
    const log = logOf([revokes("a"), lifts("b", 60_000)]);
    for (const since of ["h9", " b h9", " a h9"]) {
      const page = await feedAnswer(log, since);
      expect(page).toMatchObject({ since: "", head: " b/1 ", complete: false });
      expect(page.entries.map(({ id }) => id)).toEqual(["a", "b", "b/1"]);
    }
  });
});
