import { HopwiseError, isOwn } from "../errors.ts";
import { ageBy, createListeners, type Health, unwaited } from "../lib/index.ts";
import {
  argumentOf,
  CLOCK,
  func,
  HEADERS,
  list,
  maybe,
  number,
  optionsOf,
  readListener,
  secondsBy,
  setOrLeftOut,
  text,
  whole,
} from "../options/index.ts";
import { AUDIENCE, FEED_NAME, httpsAddress, PUBLIC_JWK, type Signer } from "../token/index.ts";
import { copyLog } from "./copy-log.ts";
import { freshness, pagesOf } from "./feed-pages.ts";
import type { RevocationStore } from "./revocation.ts";

/** Where the feed is, and how it is followed. */
export interface FeedReaderOptions {
  /** The address of a `revocationEndpoint`: https, or this machine. */
  readonly url: string;
  /** The public keys that may sign the feed. */
  readonly keys: readonly Signer["publicJwk"][];
  /** The name of the log. */
  readonly audience: string;
  /**
   * How often it is asked for, in seconds, give or take a quarter; with that quarter below `maxStalenessSeconds`, else what
   * is right would be too old. Default 5, or less where `maxStalenessSeconds` needs it.
   */
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

const EPOCH = text("the epoch of a log, as an error named it", (name) => name.length <= FEED_NAME);

const readOptions = optionsOf<FeedReaderOptions>("revocationsOverHttp", {
  url: httpsAddress("https://pay.example/revocations"),
  keys: list(PUBLIC_JWK, "a list of public JWKs, at least one", { min: 1 }),
  audience: AUDIENCE,
  everySeconds: maybe(number({ min: 0.01, max: 3600, example: 5 })),
  maxStalenessSeconds: maybe(number({ min: 0.1, max: 86_400, example: 30 })),
  timeoutMs: maybe(whole({ min: 1, max: 600_000, example: 2000 })),
  maxBytes: maybe(whole({ min: 1024, max: 256 * 1024 * 1024, example: 4 * 1024 * 1024 })),
  epoch: setOrLeftOut(EPOCH),
  headers: maybe(HEADERS),
  fetch: maybe(func("a function like fetch")),
  clock: maybe(CLOCK),
});

const readEpoch = argumentOf<string>("acceptEpoch", "epoch", EPOCH);

/**
 * Follows the log of revocations of a `revocationEndpoint`: for enforcement points that do not share its store. A copy is
 * kept in memory, and a timer asks for what is new. Each page is signed, and says when, so that nobody on the way can
 * leave out what was revoked: an older page than one that was read is refused, and so are another log's, and a log that
 * was made anew (`acceptEpoch`). What was read stays in force until it was lifted or has ended, whatever the log lost.
 *
 * Where the newest page is older than `maxStalenessSeconds`, every call is denied (`state_unavailable`), until a new one
 * comes. Where that is so because nobody could ask, since the process stood still, calls have it asked for, and wait. So a revocation is effective here after `everySeconds`, and after `maxStalenessSeconds` nothing is allowed
 * that lacks it.
 *
 * @throws {HopwiseError} `config_invalid`
 */
export function revocationsOverHttp(options: FeedReaderOptions): FeedRevocations {
  const read = readOptions(options);
  const { maxStalenessSeconds = 30, clock = Date.now } = read;
  const { everySeconds = Math.min(5, maxStalenessSeconds / 4) } = read;
  checkPace(everySeconds, maxStalenessSeconds);
  const listeners = createListeners();
  const fresh = freshness(clock);
  const feed = pagesOf({ ...read, clock }, fresh);
  const copy = copyLog(feed.log, clock, () => {
    if (feed.takeNews()) listeners.tell();
  });
  const asked = askedFor(async () => copy.catchUp(), everySeconds * 1000);
  const wrong = (): string | undefined => {
    const tooOld = fresh.problem(maxStalenessSeconds);
    return tooOld && (asked.problem() ?? tooOld);
  };
  const found = (query: Parameters<RevocationStore["find"]>[0]): ReturnType<typeof copy.index.find> => {
    const why = wrong();
    if (why !== undefined) throw new HopwiseError("state_unavailable", why);
    return copy.index.find(query, secondsBy(clock));
  };
  return {
    find: (query) => {
      // A call waits within its own deadline, once: a feed that fails is not asked again and again.
      const late = fresh.problem(maxStalenessSeconds) === undefined ? undefined : asked.late();
      return late === undefined ? found(query) : late.then(() => found(query));
    },
    refresh: asked.refresh,
    acceptEpoch: (epoch) => feed.accept(readEpoch(epoch)),
    health: () => {
      const why = wrong();
      return why === undefined ? { ok: true } : { ok: false, problem: why };
    },
    onChange: (listener) => listeners.add(readListener(listener)),
    close: asked.close,
  };
}

/** The longest time between two questions, as a part of `everySeconds`. */
const LATEST = 1.25;

/** @throws {HopwiseError} `config_invalid` for a feed that would be too old again and again, with nothing wrong */
function checkPace(everySeconds: number, maxStalenessSeconds: number): void {
  if (everySeconds * LATEST < maxStalenessSeconds) return;
  throw new HopwiseError(
    "config_invalid",
    `revocationsOverHttp: everySeconds is ${everySeconds}, give or take a quarter, and maxStalenessSeconds ${maxStalenessSeconds}: each page would be too old before the next one is asked for, and calls be denied; ask more often, or let pages be older`,
    { pointer: "/everySeconds" },
  );
}

/** Something that a timer asks for. */
interface AskedFor {
  refresh(): Promise<void>;
  /**
   * What is asked late: the first time, and where the process stood still, so that no timer ran, as on a platform that holds
   * it up between two requests. It is asked for now, where the timer has not done so yet; undefined where it was asked in time.
   */
  late(): Promise<void> | undefined;
  /** What was wrong the last time, for operators. */
  problem(): string | undefined;
  close(): void;
}

/** Asks at once, and then again and again, so that readers which start together do not stay together. */
function askedFor(ask: () => Promise<void>, everyMs: number): AskedFor {
  let problem: string | undefined;
  let closed = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let sinceAsked = (): number => Number.POSITIVE_INFINITY;
  let late: Promise<void> | undefined;
  const isLate = (): boolean => sinceAsked() > everyMs * LATEST;
  const attempt = async (): Promise<void> => {
    try {
      if (closed) throw new HopwiseError("state_unavailable", "the feed of revocations was closed");
      await ask();
      problem = undefined;
    } catch (error) {
      const own = isOwn(error);
      problem = own
        ? error.message
        : "the feed of revocations could not be had: the connection failed, or took too long";
      throw own && error.code === "state_unavailable"
        ? error
        : new HopwiseError("state_unavailable", problem, { cause: error });
    } finally {
      sinceAsked = ageBy(Date.now);
    }
  };
  const refresh = (): Promise<void> => {
    const attempted = attempt();
    if (late === undefined && isLate()) {
      const ended = (): void => {
        late = undefined;
      };
      late = attempted.then(ended, ended);
    }
    return attempted;
  };
  const next = (): void => {
    timer = unwaited(setTimeout(() => void again(), everyMs * (LATEST - Math.random() / 2)));
  };
  const again = async (): Promise<void> => {
    await refresh().catch(() => {});
    if (!closed) next();
  };
  refresh().catch(() => {});
  next();
  return {
    refresh,
    late: () => {
      if (late === undefined && !closed && isLate()) refresh().catch(() => {});
      return late;
    },
    problem: () => problem,
    close: () => {
      closed = true;
      clearTimeout(timer);
    },
  };
}
