import { HopwiseError, isOwn } from "../errors.ts";
import { leave, quietly, readText, withDeadline } from "../lib/index.ts";
import {
  argumentOf,
  CLOCK,
  func,
  list,
  maybe,
  number,
  optionsOf,
  reading,
  secondsBy,
  text,
  whole,
} from "../options/index.ts";
import { AUDIENCE, JWKS_URL, PUBLIC_JWK, readFeedPage, type Signer } from "../token/index.ts";
import { copyLog, keptOf } from "./copy-log.ts";
import type { Health } from "./driver.ts";
import { entryOfFeed } from "./feed-entries.ts";
import type { RevocationStore } from "./revocation.ts";
import type { RevocationLog } from "./revocation-log.ts";

/** Where the feed is, and how it is followed. */
export interface FeedReaderOptions {
  /** The address of a `revocationEndpoint`: https, or this machine. */
  readonly url: string;
  /** The public keys that may sign the feed. */
  readonly keys: readonly Signer["publicJwk"][];
  /** The name of the log. */
  readonly audience: string;
  /** How often it is asked for, in seconds, give or take a quarter. Default 5. */
  readonly everySeconds?: number;
  /** How old the newest page may be, by the time at which it was signed, in seconds; beyond, every call is denied. Default 30. */
  readonly maxStalenessSeconds?: number;
  /** How long one page may take. Default 2 seconds. */
  readonly timeoutMs?: number;
  /** The longest page that is read, in bytes. Default 4 MiB. */
  readonly maxBytes?: number;
  /** The epoch that the log must have, where it is known. Default: that of the first page which is read. */
  readonly epoch?: string;
  /** Headers of each request, such as `authorization`. */
  readonly headers?: () => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>;
  readonly fetch?: typeof globalThis.fetch;
  /** The clock, in milliseconds since the epoch. */
  readonly clock?: () => number;
}

/** The revocations of a log elsewhere, for `state.revocations`. */
export interface FeedRevocations extends RevocationStore {
  /** Asks for what is new now, as the timer does. Rejects with what is wrong. */
  refresh(): Promise<void>;
  /**
   * The operator's word that the log was made anew, and under which epoch. What is known stays in force.
   *
   * @throws {HopwiseError} `config_invalid`
   */
  acceptEpoch(epoch: string): void;
  health(): Health;
  /** Told whenever the copy has read something new. @returns what ends it */
  onChange(listener: () => void): () => void;
  /** Ends the timer. Calls are denied once the copy is too old. */
  close(): void;
}

const EPOCH = text("the epoch of a log, as an error named it", (name) => name.length <= 512);

const readOptions = optionsOf<FeedReaderOptions>("revocationsOverHttp", {
  url: JWKS_URL,
  keys: list(PUBLIC_JWK, "a list of public JWKs, at least one", { min: 1 }),
  audience: AUDIENCE,
  everySeconds: maybe(number({ min: 0.01, max: 3600, example: 5 })),
  maxStalenessSeconds: maybe(number({ min: 0.1, max: 86_400, example: 30 })),
  timeoutMs: maybe(whole({ min: 1, max: 600_000, example: 2000 })),
  maxBytes: maybe(whole({ min: 1024, max: 256 * 1024 * 1024, example: 4 * 1024 * 1024 })),
  epoch: maybe(EPOCH),
  headers: maybe(func("a function that gives the headers")),
  fetch: maybe(func("a function like fetch")),
  clock: maybe(CLOCK),
});

const readEpoch = argumentOf<string>("acceptEpoch", "epoch", EPOCH);
const readListener = argumentOf<() => void>("onChange", "listener", func("a function that is told of changes"));

/**
 * Follows the log of revocations of a `revocationEndpoint`: for enforcement points that do not share its store. A copy is
 * kept in memory, and a timer asks for what is new. Each page is signed, and says when, so that nobody on the way can
 * leave out what was revoked: an older page than one that was read is refused, and so are another log's, and a log that
 * was made anew (`acceptEpoch`). What was read stays in force until it was lifted or has ended, whatever the log lost.
 *
 * Where the newest page is older than `maxStalenessSeconds`, every call is denied (`state_unavailable`), until a new one
 * comes. So a revocation is effective here after `everySeconds`, and after `maxStalenessSeconds` nothing is allowed
 * that lacks it.
 *
 * @throws {HopwiseError} `config_invalid`
 */
export function revocationsOverHttp(options: FeedReaderOptions): FeedRevocations {
  const read = readOptions(options);
  const { everySeconds = 5, maxStalenessSeconds = 30, clock = Date.now } = read;
  const listeners = new Set<() => void>();
  const fresh = freshness(clock);
  const feed = pagesOf({ ...read, clock }, fresh);
  const copy = copyLog(feed.log, clock, () => {
    if (feed.takeNews()) for (const listener of listeners) quietly(listener);
  });
  let problem: string | undefined;
  let closed = false;
  let timer: unknown;

  const refresh = async (): Promise<void> => {
    try {
      if (closed) throw new HopwiseError("state_unavailable", "the feed of revocations was closed");
      await copy.catchUp();
      problem = undefined;
    } catch (error) {
      const own = isOwn(error);
      problem = own
        ? error.message
        : "the feed of revocations could not be had: the connection failed, or took too long";
      throw own && error.code === "state_unavailable"
        ? error
        : new HopwiseError("state_unavailable", problem, { cause: error });
    }
  };
  let first: Promise<void> | undefined = refresh().catch(() => {});
  void first.then(() => {
    first = undefined;
  });
  const next = (): void => {
    timer = setTimeout(
      () =>
        void refresh()
          .catch(() => {})
          .then(() => closed || next()),
      everySeconds * (750 + Math.random() * 500),
    );
    // A process ends although its feed was not closed. Elsewhere than in Node, timers are numbers.
    (timer as { unref?: () => void }).unref?.();
  };
  next();

  const wrong = (): string | undefined => {
    if (fresh.ageSeconds() <= maxStalenessSeconds) return undefined;
    return problem ?? `no page of the feed of revocations is newer than ${maxStalenessSeconds} seconds`;
  };
  const find: RevocationStore["find"] = (query) => {
    // A call in the first moment waits, within its own deadline.
    if (first !== undefined) return first.then(() => find(query));
    const why = wrong();
    if (why !== undefined) throw new HopwiseError("state_unavailable", why);
    return reading("find", "query", "the query of an authorizer", query, () =>
      copy.index.find(query, secondsBy(clock)),
    );
  };
  return {
    find,
    refresh,
    acceptEpoch: (epoch) => feed.accept(readEpoch(epoch)),
    health: () => {
      const why = wrong();
      return why === undefined ? { ok: true } : { ok: false, problem: why };
    },
    onChange: (listener) => {
      listeners.add(readListener(listener));
      return () => void listeners.delete(listener);
    },
    close: () => {
      closed = true;
      clearTimeout(timer as number);
    },
  };
}

interface Freshness {
  /** Of the newest page that was read, by the time at which it was signed. */
  ageSeconds(): number;
  /** @throws {HopwiseError} for a page that is older than another one */
  check(issuedAt: number): void;
  set(issuedAt: number): void;
}

/** By the clock, which goes on while a machine sleeps, and by one that cannot be set back: the older of both. */
function freshness(clock: () => number): Freshness {
  let signedAt = Number.NEGATIVE_INFINITY;
  let readAt = 0;
  let ageThen = 0;
  return {
    ageSeconds: () => Math.max(secondsBy(clock) - signedAt, ageThen + (performance.now() - readAt) / 1000),
    check: (issuedAt) => {
      if (issuedAt >= signedAt) return;
      throw new HopwiseError("state_unavailable", "the feed of revocations gave an older page than one that was read");
    },
    set: (issuedAt) => {
      signedAt = issuedAt;
      readAt = performance.now();
      ageThen = Math.max(0, secondsBy(clock) - issuedAt);
    },
  };
}

interface Feed {
  readonly log: RevocationLog;
  accept(epoch: string): void;
  /** Whether there were entries since it was asked. */
  takeNews(): boolean;
}

/** The feed as a log that can only be read. */
function pagesOf(options: FeedReaderOptions & { readonly clock: () => number }, fresh: Freshness): Feed {
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
    if (!page.complete && page.head === after) {
      throw new HopwiseError("state_unavailable", "the feed of revocations does not go on");
    }
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
      head: () => "",
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
    // A redirect would carry the headers elsewhere.
    const response = await fetch(address, {
      signal,
      redirect: "error",
      headers: { accept: "application/jwt", ...(await headers?.()) },
    });
    if (response.status !== 200) {
      leave(response.body);
      throw new HopwiseError("state_unavailable", `the feed of revocations answered ${response.status}`);
    }
    const body = await readText(response, maxBytes);
    if (body !== undefined) return body;
    throw new HopwiseError(
      "state_unavailable",
      `a page of the feed of revocations is longer than ${maxBytes} bytes (maxBytes)`,
    );
  };
  const page = await withDeadline(timeoutMs, (signal, expired) => Promise.race([textOf(signal), expired]));
  return readFeedPage(page, { keys, audience, since, nowSeconds: secondsBy(clock), maxBytes });
}
