import { FEED_PAGE, type FeedEntry, type FeedPage } from "../token/index.ts";
import { feedEntry } from "./feed-entries.ts";
import type { FollowedLog } from "./follow-log.ts";
import { readEntry } from "./revocation-entry.ts";

/** Most bytes of a page's entries, unless one alone is longer: signed, it is a third longer, and readers take 4 MiB by default. */
const MOST_BYTES = 1024 * 1024;
/** Most entries that one part of a lift takes back: somebody may lift more at once than a page has room for. */
const MOST_LIFTS = 10_000;

/** A question in the middle of a page of the log: the entry that came last, and the head before that page. */
const WITHIN = /^ (\S+) (.*)$/s;

/**
 * A page of the feed: one of the log, or as much of it as a reader takes.
 *
 * @param since what the reader asks for: a head, empty, or what the last page gave as one
 * @throws {HopwiseError} `state_unavailable`
 */
export async function feedAnswer(log: Pick<FollowedLog, "page">, since: string): Promise<FeedPage> {
  const [, last, before = since] = WITHIN.exec(since) ?? [];
  const page = await log.page(before === "" ? undefined : before);
  const { epoch } = page;
  const continues = before === "" || page.continues;
  const all = page.entries.flatMap((entry) => partsOf(feedEntry(readEntry(entry))));
  // One that is not there any more has ended, or is of another log: all of the page is sent, and known to its reader in part.
  const from = continues ? all.findIndex(({ id }) => id === last) + 1 : 0;
  const entries = firstOf(all.slice(from));
  const isWhole = from + entries.length === all.length;
  return {
    epoch,
    since: continues ? since : "",
    head: isWhole ? page.head : ` ${entries.at(-1)?.id} ${continues ? before : ""}`,
    complete: isWhole && page.complete,
    entries,
  };
}

/** A long lift as several, each of a part of it: whoever has them all has lifted the same. */
function partsOf(entry: FeedEntry): readonly FeedEntry[] {
  const { id, lifts = [] } = entry;
  if (lifts.length <= MOST_LIFTS) return [entry];
  return Array.from({ length: Math.ceil(lifts.length / MOST_LIFTS) }, (_, i) => ({
    ...entry,
    id: i === 0 ? id : `${id}/${i}`,
    lifts: lifts.slice(i * MOST_LIFTS, (i + 1) * MOST_LIFTS),
  }));
}

/** As many as fit, at least one. */
function firstOf(entries: readonly FeedEntry[]): readonly FeedEntry[] {
  const encoder = new TextEncoder();
  let bytes = 0;
  const most = entries.findIndex((entry, i) => {
    bytes += encoder.encode(JSON.stringify(entry)).byteLength;
    return i > 0 && (i >= FEED_PAGE || bytes > MOST_BYTES);
  });
  return most === -1 ? entries : entries.slice(0, most);
}
