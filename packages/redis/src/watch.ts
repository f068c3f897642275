import { randomBytes } from "node:crypto";
import { performance } from "node:perf_hooks";
import { checkServer, type ServerSettings } from "./check-server.ts";
import { clocksApart } from "./faults.ts";
import type { Tag, Tags } from "./keys.ts";
import type { Line } from "./line.ts";
import { beganAt, type Found, LOOK, readLook } from "./look.ts";
import { runScript } from "./script.ts";
import type { Trips } from "./trips.ts";

/** Watches in which epoch a store is, and whether its servers are what they must be. */
export interface Watch {
  /** What the last look found at the server of a tag. */
  known(tag: Tag): Found | undefined;
  /** Since when nothing but revocations was lost, by this machine's clock; undefined before the first look. */
  readonly notBefore: number | undefined;
  /** Why the last look at some server failed. */
  readonly wrong: unknown;
  /** What only the operator can mend; and when that was found, by {@link performance.now}. */
  readonly problem: { readonly words: string; readonly at: number } | undefined;
  /** Looks at all servers. @returns why it could not be looked at, or may not be used, by tag */
  look(): Promise<ReadonlyMap<Tag, unknown>>;
  /** Looks at the server of one tag. Rejects with why it could not be looked at, or may not be used. */
  lookAt(tag: Tag, endsAt: number): Promise<void>;
}

export interface WatchOptions extends ServerSettings {
  readonly deadlineMs: number;
  readonly prefix: string;
  readonly longestWindowSeconds: number | undefined;
  readonly mustExist: boolean;
}

/** Raised where a server may not keep anything, until its operator mends that. */
export class Misconfigured extends Error {}

/** What clocks may differ by, in seconds: as each step allows. */
const MOST_APART = 5;

/** So long after a look it counts as one of just before, where the replication id alone has changed. */
const SEEN_MS = 60_000;

export function watchStore(line: Line, trips: Trips, tags: Tags, options: WatchOptions): Watch {
  const looked = new Map<Tag, Found & { readonly at: number }>();
  let check = checkerOf(line, options);
  const random = randomBytes(12).toString("hex");
  let notBefore: number | undefined;
  let problem: Watch["problem"];
  let lastWrong: unknown;
  let looking: ReturnType<Watch["look"]> | undefined;

  const lookAt = async (tag: Tag, endsAt: number): Promise<void> => {
    const [known, at] = [looked.get(tag), performance.now()];
    const seen = known !== undefined && at - known.at < SEEN_MS ? known.name : "";
    const asked = Date.now() / 1000;
    const args = [random, seen, ...wantedOf(options), `${asked}`];
    const ask = (): Promise<unknown> => runScript(line, tag, LOOK, [markOf(tag)], args);
    const found = readLook(await trips.go(line.connectionOf(tag), endsAt, ask), options.prefix);
    const trip = { asked, answered: Date.now() / 1000 };
    const words = typeof found === "string" ? found : await trips.wait(endsAt, check(found, tag));
    if (typeof found === "string" || words !== undefined) throw new Misconfigured(words);
    if (areApart(found, trip)) throw clocksApart(line.name);
    looked.set(tag, { ...found, at });
    // What was lost of the log of revocations is given back to it.
    if (found.name === known?.name || tag === tags.revocations) return;
    notBefore = sinceWhen(found, notBefore);
  };

  const lookAtAll: Watch["look"] = async () => {
    const at = performance.now();
    check = checkerOf(line, options); // settings may have been changed under way
    const wrong = new Map<Tag, unknown>();
    const lookOrSay = (tag: Tag): Promise<unknown> =>
      lookAt(tag, at + options.deadlineMs).catch((error) => wrong.set(tag, error));
    await Promise.all(tags.marked.map(lookOrSay));
    const unfit = [...wrong.values()].find((error) => error instanceof Misconfigured);
    if (unfit !== undefined) problem = { words: unfit.message, at: performance.now() };
    else if (wrong.size === 0) problem = undefined;
    lastWrong = [...wrong.values()][0];
    return wrong;
  };

  return {
    known: (tag) => looked.get(tag),
    get notBefore() {
      return notBefore;
    },
    get wrong() {
      return lastWrong;
    },
    get problem() {
      return problem;
    },
    look: () => {
      looking ??= lookAtAll().finally(() => {
        looking = undefined;
      });
      return looking;
    },
    lookAt,
  };
}

/** Since when nothing was lost, by the clock of this machine, where that is ahead: the times of proofs are of such clocks. */
function sinceWhen({ name, nowSeconds }: Found, before: number | undefined): number {
  const now = Date.now() / 1000;
  const began = beganAt(name) + Math.max(0, now - nowSeconds);
  // A time to come is that of a clock which was ahead, and was set right since.
  return before === undefined || before > now + MOST_APART ? began : Math.max(before, began);
}

/** The answer was made in between. A clock that is wrong goes right again by itself: nobody has to mend the store. */
function areApart({ nowSeconds }: Found, { asked, answered }: { readonly [moment in "asked" | "answered"]: number }) {
  return nowSeconds < asked - MOST_APART || nowSeconds > answered + MOST_APART;
}

/** What a look is told of the options. */
function wantedOf({ durable, longestWindowSeconds, mustExist }: WatchOptions): readonly string[] {
  return [durable ? "1" : "0", `${longestWindowSeconds ?? ""}`, mustExist ? "1" : "0"];
}

export function markOf(tag: Tag): string {
  return `${tag.text}:mark`;
}

/** Checks each server once, however many tags lie there, and again where what matters of it has changed. */
function checkerOf(line: Line, options: ServerSettings): (found: Found, tag: Tag) => Promise<string | undefined> {
  const checked = new Map<string, Promise<string | undefined>>();
  return (found, tag) => {
    const server = [found.runId, found.evictionPolicy, found.replicas > 0, found.needsReplicas].join();
    const known = checked.get(server);
    if (known !== undefined) return known;
    const checking = line
      .problem()
      .then((words) => words ?? checkServer(found, line.kind, () => line.masterOf(tag), options));
    checked.set(server, checking);
    return checking;
  };
}
