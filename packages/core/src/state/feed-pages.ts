import { HopwiseError } from "../errors.ts";
import { ageBy, answered, countOf, hostHeaders, leave, pastCaches, readText, withDeadline } from "../lib/index.ts";
import { secondsBy } from "../options/index.ts";
import { readFeedPage } from "../token/index.ts";
import { keptOf } from "./copy-log.ts";
import { entryOfFeed } from "./feed-entries.ts";
import type { RevocationLog } from "./revocation-log.ts";
import type { FeedReaderOptions } from "./revocations-over-http.ts";

/** How old what was read of a feed is. */
export interface Freshness {
  /** Of the newest page that was read, by the time at which it was signed. */
  ageSeconds(): number;
  /** Why that page is too old; undefined where it is not. */
  problem(maxStalenessSeconds: number): string | undefined;
  /** @throws {HopwiseError} for a page that is older than another one */
  check(issuedAt: number): void;
  set(issuedAt: number): void;
}

export function freshness(clock: () => number): Freshness {
  let signedAt = Number.NEGATIVE_INFINITY;
  let ageThen = Number.POSITIVE_INFINITY;
  let sinceThen = (): number => 0;
  const ageSeconds = (): number => ageThen + secondsBy(sinceThen);
  return {
    ageSeconds,
    problem: (most) => {
      if (ageSeconds() <= most) return undefined;
      // It came too old already: pages come, and go on being too old.
      if (ageThen > most && Number.isFinite(ageThen)) {
        return `the newest page of the feed of revocations was signed ${countOf(Math.round(ageThen), "second")} before it came, by the clock here, and may be ${most} seconds old: compare this clock with that of the log, or find who holds pages back`;
      }
      return `no page of the feed of revocations is newer than ${most} seconds`;
    },
    check: (issuedAt) => {
      if (issuedAt >= signedAt) return;
      throw new HopwiseError("state_unavailable", "the feed of revocations gave an older page than one that was read");
    },
    set: (issuedAt) => {
      signedAt = issuedAt;
      sinceThen = ageBy(clock);
      ageThen = Math.max(0, secondsBy(clock) - issuedAt);
    },
  };
}

/** A feed, as a log that can only be read. */
export interface Feed {
  readonly log: Pick<RevocationLog, "read" | "append">;
  accept(epoch: string): void;
  /** Whether there were entries since it was asked. */
  takeNews(): boolean;
}

export function pagesOf(options: FeedReaderOptions & { readonly clock: () => number }, fresh: Freshness): Feed {
  let { epoch } = options;
  let news = false;
  const read: RevocationLog["read"] = async (after) => {
    const page = await fetchPage(after ?? "", options);
    if (page.epoch !== (epoch ?? page.epoch)) {
      throw new HopwiseError(
        "state_unavailable",
        `the log of revocations was made anew: its epoch is "${page.epoch}", not "${epoch}"; where that is right, say so by acceptEpoch, or start anew`,
      );
    }
    fresh.check(page.issuedAt);
    epoch = page.epoch;
    if (page.complete) fresh.set(page.issuedAt);
    news ||= page.entries.length > 0;
    const { head, complete } = page;
    const entries = page.entries.map((entry) => keptOf(entryOfFeed(entry)));
    const continues = page.since === (after ?? "");
    return { epoch, ageSeconds: Number.POSITIVE_INFINITY, continues, entries, head, complete };
  };
  return {
    log: {
      read,
      // What the log lost is kept here: it is not ours to write.
      append: () => {},
    },
    accept: (given) => {
      epoch = given;
    },
    takeNews: () => {
      const had = news;
      news = false;
      return had;
    },
  };
}

async function fetchPage(
  since: string,
  {
    url,
    keys,
    audience,
    timeoutMs = 2000,
    maxBytes = 4 * 1024 * 1024,
    headers,
    fetch = globalThis.fetch,
    clock,
  }: FeedReaderOptions & { readonly clock: () => number },
): ReturnType<typeof readFeedPage> {
  const address = new URL(url);
  if (since !== "") address.searchParams.set("since", since);
  const textOf = async (signal: AbortSignal): Promise<string> => {
    const own = await hostHeaders(headers).catch((cause: unknown) => {
      throw new HopwiseError("state_unavailable", "the function that gives the headers for the feed failed", { cause });
    });
    // A redirect would carry the headers elsewhere. It is told as what it answered.
    const response = await fetch(address, {
      signal,
      redirect: "manual",
      ...pastCaches(),
      headers: { accept: "application/jwt", ...own },
    });
    if (response.status !== 200) {
      leave(response.body);
      throw new HopwiseError("state_unavailable", `the feed of revocations ${answered(response.status)}`);
    }
    const body = await readText(response, maxBytes);
    if (body !== undefined) return body;
    throw new HopwiseError(
      "state_unavailable",
      `a page of the feed of revocations is longer than ${maxBytes} bytes (maxBytes)`,
    );
  };
  const page = await withDeadline(timeoutMs, (signal, expired) => Promise.race([textOf(signal), expired]));
  try {
    return await readFeedPage(page, { keys, audience, since, nowSeconds: secondsBy(clock), maxBytes });
  } catch (cause) {
    const { message } = cause as HopwiseError;
    // A page of a login, a proxy's own words: it is told of a statement, which says nothing to who runs this.
    if (message.startsWith("the feed ")) throw cause;
    throw new HopwiseError("state_unavailable", `what the feed of revocations answered is no page of it: ${message}`, {
      cause,
    });
  }
}
